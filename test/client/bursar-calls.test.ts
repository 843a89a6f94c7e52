import { fromEnv } from '@aws-sdk/credential-providers';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { CredentialProvider, ProcessPaymentInput } from '../../lib/client/index.ts';
import { REQUESTS } from '../../lib/contract/requests.ts';
import { CLIENT_TOKEN_MIN_CHARS } from '../../lib/domain/limits.ts';
import { answered, CALL, CREDENTIALS, failureOf, play, verify } from './deployment.ts';
import { PAY_TO, type Sent } from './script.ts';

describe('what Bursar adds to an answer', () => {
  const terms = {
    amountUsd: '0.50',
    network: 'eip155:84532',
    asset: PAY_TO,
    payTo: PAY_TO,
    validBefore: 1_790_000_000,
  };
  const stored = { ...terms, processPaymentId: 'payment-1', paymentSessionId: 'session-1' };
  const refused = (bursar: unknown, headers: Record<string, string> = {}) => {
    const fieldList = [{ name: 'bursar:other_terms' }];
    const reason = 'IdempotentParameterMismatchException';
    return answered({ __type: 'ValidationException', reason, fieldList, bursar }, 400, headers);
  };

  test('is the payment that a token has already', async () => {
    const error = await failureOf(play([refused({ ...stored, state: 'SIGNED' })]).client.send(CALL));
    expect(error).toMatchObject({
      stored: { ...stored, state: 'SIGNED', denial: null },
      reason: 'IdempotentParameterMismatchException',
      replayed: false,
    });
  });

  test.each([
    ['no such member', undefined],
    ['a state of another release', { ...stored, state: 'ABORTED' }],
    ['no payment', { ...terms, state: 'SIGNED' }],
    ['an amount that is none', { ...stored, state: 'SIGNED', amountUsd: '-1' }],
    ['an end that is no instant', { ...stored, state: 'SIGNED', validBefore: '1790000000' }],
  ])('is not read from %s', async (_what, bursar) => {
    expect(await failureOf(play([refused(bursar)]).client.send(CALL))).toMatchObject({ stored: null });
  });

  test('is the header by which an answer says that it is an old one', async () => {
    const headers = { 'x-bursar-replayed': 'true' };
    expect(await failureOf(play([refused(undefined, headers)]).client.send(CALL))).toMatchObject({ replayed: true });
    expect(
      await failureOf(play([refused(undefined, { 'x-bursar-replayed': 'false' })]).client.send(CALL)),
    ).toMatchObject({
      replayed: false,
    });
    const input = { paymentManagerArn: 'arn', userId: 'user-1', clientToken: 'token' } as ProcessPaymentInput;
    const { client } = play([answered({ processPaymentId: 'id' }, 200, headers)]);
    expect(await client.processPayment(input)).toMatchObject({ replayed: true });
  });
});

describe('the client token of a call', () => {
  const tokenIn = ({ method, url, body }: Sent): unknown =>
    method === 'DELETE' ? new URL(url).searchParams.get('clientToken') : JSON.parse(body).clientToken;
  // The contract says which operations take one.
  const changes = Object.entries(REQUESTS).flatMap(([name, schema]) =>
    'entries' in schema && 'clientToken' in schema.entries ? [name as 'CreatePaymentManager'] : [],
  );

  test.each(changes)('of %s is drawn once for all its attempts', async (operation) => {
    const { client, sent } = play([answered({}, 500), new TypeError('fetch failed'), answered({})]);
    await client.call(operation, {} as Parameters<typeof client.call<'CreatePaymentManager'>>[1]);
    const tokens = sent.map(tokenIn);
    expect(tokens[0]).toMatch(/^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,256}$/);
    expect(String(tokens[0]).length).toBeGreaterThanOrEqual(CLIENT_TOKEN_MIN_CHARS);
    expect(new Set(tokens).size).toBe(1);
    for (const each of sent) expect(verify(each)).toMatchObject({ ok: true });
  });

  test('is another one for another call, and the caller’s where there is one', async () => {
    const input = { paymentManagerArn: 'arn', expiryTimeInMinutes: 15 };
    const { client, sent } = play([answered({}), answered({}), answered({})]);
    for (const own of [{}, {}, { clientToken: 'mine' }])
      await client.call('CreatePaymentSession', { ...input, ...own });
    const [first, second, third] = sent.map(tokenIn);
    expect(first).not.toBe(second);
    expect(third).toBe('mine');
  });

  test('is in nothing that only reads, and in no request that is no operation’s', async () => {
    const { client, sent } = play([answered({}), answered({})]);
    const input = { paymentManagerArn: 'arn', paymentSessionId: 'session' };
    await client.call('GetPaymentSession', input);
    await client.send({ method: 'POST', path: '/payments/managers', body: {} });
    expect(sent.map(({ body }) => JSON.parse(body))).toEqual([input, {}]);
  });
});

describe('credentials', () => {
  const named = (name: string, expiration?: Date) => ({
    ...CREDENTIALS,
    sessionToken: name,
    ...(expiration === undefined ? {} : { expiration }),
  });
  const expired = () => answered({ message: 'The security token included in the request is expired' }, 403);
  const used = (sent: readonly Sent[]) => sent.map(({ headers }) => headers.get('x-amz-security-token'));

  test('of a provider are kept until shortly before they end', async () => {
    const given = [named('long', new Date(Date.now() + 3_600_000)), named('never')];
    const { client, sent } = play([answered({}), answered({})], { credentials: async () => given.shift()! });
    await client.send(CALL);
    await client.send(CALL);
    expect(used(sent)).toEqual(['long', 'long']);
  });

  test('that end within a minute, or do not say when, are asked for again', async () => {
    const given = [named('short', new Date(Date.now() + 50_000)), named('without'), named('third')];
    const { client, sent } = play([answered({}), answered({}), answered({})], {
      credentials: async () => given.shift()!,
    });
    for (let call = 0; call < 3; call += 1) await client.send(CALL);
    expect(used(sent)).toEqual(['short', 'without', 'third']);
  });

  test('that the service takes for expired are renewed once', async () => {
    const end = new Date(Date.now() + 3_600_000);
    const asked: unknown[] = [];
    const provider = async (options?: object) => {
      asked.push(options);
      return named(`number ${asked.length}`, end);
    };
    const { client, sent } = play([expired(), answered({ ok: true })], { credentials: provider });
    expect(await client.send(CALL)).toEqual({ ok: true });
    expect(used(sent)).toEqual(['number 1', 'number 2']);
    expect(asked).toEqual([undefined, { forceRefresh: true }]);
    const again = play([expired(), expired(), answered({})], { credentials: provider });
    expect(await failureOf(again.client.send(CALL))).toMatchObject({ status: 403 });
    expect(again.sent).toHaveLength(2);
  });

  test('may come from any provider of AWS’s SDK', async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', CREDENTIALS.accessKeyId);
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', CREDENTIALS.secretAccessKey);
    onTestFinished(() => void vi.unstubAllEnvs());
    const provider: CredentialProvider = fromEnv();
    const { client, sent } = play([answered({})], { credentials: provider });
    await client.send(CALL);
    expect(verify(sent[0]!)).toMatchObject({ ok: true });
  });

  test('that cannot be had end the call at once, with nothing sent', async () => {
    const why = new Error('sign in first');
    const { client, sent } = play([], { credentials: () => Promise.reject(why) });
    expect(await failureOf(client.send(CALL))).toMatchObject({ status: 0, leftOpen: false, cause: why });
    expect(sent).toEqual([]);
  });

  test('that are no provider’s are not asked for again', async () => {
    const { client, sent } = play([expired(), answered({})]);
    expect(await failureOf(client.send(CALL))).toMatchObject({ status: 403 });
    expect(sent).toHaveLength(1);
  });
});

describe('a signal', () => {
  test('that was fired before keeps the call from being sent', async () => {
    const { client, sent } = play([answered({})]);
    await expect(client.send(CALL, { signal: AbortSignal.abort(new Error('stop')) })).rejects.toThrow('stop');
    expect(sent).toEqual([]);
  });

  test('ends an attempt that waits', async () => {
    const stop = new AbortController();
    const hanging: typeof fetch = (_input, init) =>
      new Promise((_resolve, reject) => {
        init?.signal?.addEventListener('abort', () => reject(init.signal?.reason));
        stop.abort(new Error('stop'));
      });
    const { client } = play([], { fetch: hanging });
    await expect(client.send(CALL, { signal: stop.signal })).rejects.toThrow('stop');
  });

  test('ends the wait between attempts', async () => {
    const stop = new AbortController();
    const { client, sent } = play([answered({}, 500), answered({})]);
    const call = client.send(CALL, { signal: stop.signal });
    await expect.poll(() => sent.length).toBe(1);
    stop.abort(new Error('stop'));
    await expect(call).rejects.toThrow('stop');
    expect(sent).toHaveLength(1);
  });

  test('does not hide an answer that decides', async () => {
    const stop = new AbortController();
    const { client } = play([], {
      fetch: async () => {
        stop.abort(new Error('stop'));
        return answered({ message: 'no' }, 400);
      },
    });
    expect(await failureOf(client.send(CALL, { signal: stop.signal }))).toMatchObject({ status: 400, message: 'no' });
  });
});

test('a refusal without a code says when an attempt before it was left open', async () => {
  const { client } = play([answered({}, 500), answered({ message: 'no' }, 403)]);
  expect(await failureOf(client.send(CALL))).toMatchObject({ status: 403, leftOpen: true });
});
