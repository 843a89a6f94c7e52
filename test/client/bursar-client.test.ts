import { describe, expect, test } from 'vitest';
import { BursarError, createBursarClient, isFinalDenial } from '../../lib/client/index.ts';
import { answered, CALL, CREDENTIALS, ENDPOINT, failureOf, play, verify } from './deployment.ts';
import { askForPayment, PAY_TO, play as playSeller, scriptFetch, SELLER, SIGNATURE } from './script.ts';

describe('an operation that is called by its name', () => {
  const ARN = 'arn:aws:bedrock-agentcore:us-east-1:111122223333:payment-manager/demo-0123456789';

  test('has each member where its route has it: in the path, the query or the body', async () => {
    const { client, sent } = play([answered({}), answered({}), new Response(null, { status: 204 })]);
    await client.call('UpdatePaymentManager', { paymentManagerId: 'a/b', description: 'new', clientToken: 'mine' });
    await client.call('ListPayments', { paymentManagerArn: ARN, maxResults: '7' }, { userId: 'ada' });
    await client.call('UntagResource', { resourceArn: ARN, tagKeys: ['team', 'stage'] });
    expect(sent[0]).toMatchObject({ method: 'PATCH', url: `${ENDPOINT}/payments/managers/a%2Fb` });
    expect(sent[0]!.body).toBe('{"description":"new","clientToken":"mine"}');
    expect(sent[1]).toMatchObject({
      method: 'GET',
      url: `${ENDPOINT}/bursar/payments?paymentManagerArn=${encodeURIComponent(ARN)}&maxResults=7`,
    });
    expect(sent[1]!.headers.get('x-amzn-bedrock-agentcore-payments-user-id')).toBe('ada');
    expect(sent[2]).toMatchObject({
      method: 'DELETE',
      url: `${ENDPOINT}/tags/${encodeURIComponent(ARN)}?tagKeys=team&tagKeys=stage`,
      body: '',
    });
    expect(verify(sent[1]!)).toMatchObject({ ok: true });
  });

  test('answers null where it says nothing', async () => {
    const { client } = play([new Response(null, { status: 204 })]);
    expect(await client.call('DeleteWorkloadIdentity', { name: 'agents' })).toBeNull();
  });
});

describe('a request', () => {
  test('is signed so that the gateway accepts it, and only as it is', async () => {
    const { client, sent } = play([answered({ ok: true })]);
    expect(await client.send({ ...CALL, agentName: 'assistant' })).toEqual({ ok: true });
    expect(sent[0]).toMatchObject({
      method: 'POST',
      url: `${ENDPOINT}/payments/getPaymentSession`,
      redirect: 'manual',
    });
    expect(sent[0]!.headers.get('x-amzn-bedrock-agentcore-payments-user-id')).toBe('user-1');
    expect(sent[0]!.headers.get('x-amzn-bedrock-agentcore-payments-agent-name')).toBe('assistant');
    expect(verify(sent[0]!)).toEqual({ ok: true, value: { accessKeyId: CREDENTIALS.accessKeyId } });
    expect(verify(sent[0]!, { secretAccessKey: 'another' })).toMatchObject({ error: { reason: 'invalid' } });
    expect(verify(sent[0]!, { body: '{}' })).toMatchObject({ error: { reason: 'invalid' } });
  });

  test('is signed with a query that needs encoding, on a port, without a body', async () => {
    const { client, sent } = play([answered({})], { endpoint: 'http://127.0.0.1:4321/v1/' });
    const query = {
      paymentManagerArn: 'arn:aws:bedrock-agentcore:us-east-1:1:payment-manager/a-b',
      odd: "a b+c*(d)'~é",
    };
    await client.send({ method: 'GET', path: '/bursar/payments', query });
    expect(sent[0]!.url).toMatch(/^http:\/\/127\.0\.0\.1:4321\/v1\/bursar\/payments\?/);
    expect(Object.fromEntries(new URL(sent[0]!.url).searchParams)).toEqual(query);
    expect(verify(sent[0]!)).toMatchObject({ ok: true });
  });

  test('carries the session token of temporary credentials', async () => {
    const { client, sent } = play([answered({})], { credentials: { ...CREDENTIALS, sessionToken: 'token' } });
    await client.send(CALL);
    expect(sent[0]!.headers.get('x-amz-security-token')).toBe('token');
  });

  test('to pay has the members that AgentCore’s clients send', async () => {
    const output = { processPaymentId: 'id', status: 'PROOF_GENERATED', paymentOutput: {} };
    const { client, sent } = play([answered(output)]);
    const input = {
      paymentManagerArn: 'arn',
      paymentSessionId: 'session',
      paymentInstrumentId: 'instrument',
      paymentType: 'CRYPTO_X402',
      paymentInput: { cryptoX402: { version: '2', payload: {} } },
      clientToken: 'token',
    } as const;
    expect(await client.processPayment({ ...input, userId: 'user-1', agentName: 'assistant' })).toEqual({
      ...output,
      replayed: false,
    });
    expect(new URL(sent[0]!.url).pathname).toBe('/v1/payments/processPayment');
    expect(JSON.parse(sent[0]!.body)).toEqual(input);
    expect(sent[0]!.headers.get('content-type')).toBe('application/json');
    expect(sent[0]!.headers.get('x-amzn-bedrock-agentcore-payments-user-id')).toBe('user-1');
    expect(sent[0]!.headers.get('x-amzn-bedrock-agentcore-payments-agent-name')).toBe('assistant');
  });

  test('to pay names no agent where the application names none', async () => {
    const { client, sent } = play([answered({ processPaymentId: 'id' })]);
    await client.processPayment({ userId: 'user-1', clientToken: 'token' } as never);
    expect(sent[0]!.headers.has('x-amzn-bedrock-agentcore-payments-agent-name')).toBe(false);
  });

  test('to report an outcome names the user', async () => {
    const { client, sent } = play([answered({ status: 'RECORDED' })]);
    const report = { paymentManagerArn: 'arn', processPaymentId: 'id', url: SELLER, outcome: 'FAILED' } as const;
    expect(await client.reportOutcome({ ...report, userId: 'user-1' })).toEqual({ status: 'RECORDED' });
    expect(sent[0]!.headers.get('x-amzn-bedrock-agentcore-payments-user-id')).toBe('user-1');
    expect(JSON.parse(sent[0]!.body)).toEqual(report);
  });

  test('without a body has no type of one', async () => {
    const { client, sent } = play([answered({})]);
    await client.send({ method: 'GET', path: '/bursar/payments' });
    expect(sent[0]!.headers.has('content-type')).toBe(false);
  });
});

describe('a request is repeated', () => {
  test.each<[string, () => Response | Error]>([
    ['429', () => answered({ __type: 'ThrottlingException' }, 429)],
    ['500', () => answered({ __type: 'InternalServerException' }, 500)],
    ['503 without JSON', () => new Response('<html>', { status: 503 })],
    ['no answer', () => new TypeError('fetch failed')],
  ])('after %s, with the same body and a valid signature', async (_what, failure) => {
    const { client, sent } = play([failure(), answered({ ok: true })]);
    expect(await client.send(CALL)).toEqual({ ok: true });
    expect(sent.map(({ body }) => body)).toEqual([JSON.stringify(CALL.body), JSON.stringify(CALL.body)]);
    for (const each of sent) expect(verify(each)).toMatchObject({ ok: true });
  });

  test('at most as often as it may', async () => {
    const busy = () => answered({ __type: 'ThrottlingException', message: 'Rate exceeded' }, 429);
    const twice = play([busy(), busy(), answered({})], { attemptsMax: 2 });
    expect(await failureOf(twice.client.send(CALL))).toMatchObject({ status: 429, message: 'Rate exceeded' });
    expect(twice.sent).toHaveLength(2);
    const byDefault = play([busy(), busy(), busy(), answered({ ok: true })]);
    expect(await byDefault.client.send(CALL)).toEqual({ ok: true });
  });

  test.each([400, 403, 404, 409])('never after %i', async (status) => {
    const { client, sent } = play([answered({ message: 'no' }, status), answered({})]);
    expect(await failureOf(client.send(CALL))).toMatchObject({ status, message: 'no' });
    expect(sent).toHaveLength(1);
  });
});

test('a redirect is no answer, and nothing goes where it leads', async () => {
  const elsewhere = () => new Response(null, { status: 307, headers: { location: 'https://other.example/' } });
  const { client, sent } = play([elsewhere(), elsewhere()], { attemptsMax: 2 });
  const error = await failureOf(client.send(CALL));
  expect(error).toBeInstanceOf(TypeError);
  expect(error).not.toBeInstanceOf(BursarError);
  expect(new Set(sent.map(({ url }) => url))).toEqual(new Set([`${ENDPOINT}${CALL.path}`]));
});

describe('a refusal', () => {
  test('says its name, message, stable code and request id', async () => {
    const body = {
      __type: 'ValidationException',
      message: 'Insufficient budget',
      reason: 'FieldValidationFailed',
      fieldList: [{ name: 'paymentInput' }, { name: 'bursar:budget_exceeded', message: 'requested 1' }],
    };
    const headers = { 'x-amzn-errortype': 'ValidationException', 'x-amzn-requestid': 'request-1' };
    const error = await failureOf(play([answered(body, 400, headers)]).client.send(CALL));
    expect(error).toBeInstanceOf(BursarError);
    expect(error).toMatchObject({
      name: 'BursarError',
      errorName: 'ValidationException',
      status: 400,
      code: 'bursar:budget_exceeded',
      requestId: 'request-1',
      message: 'Insufficient budget',
    });
    expect(isFinalDenial(error)).toBe(true);
  });

  test.each<[string, Response, object]>([
    [
      'its name in the body alone',
      answered({ __type: 'com.amazon#ConflictException' }, 409),
      { errorName: 'ConflictException', code: null },
    ],
    [
      'a name with a suffix',
      answered({}, 404, { 'x-amzn-errortype': 'ResourceNotFoundException:http://internal/' }),
      { errorName: 'ResourceNotFoundException' },
    ],
    [
      'a header that holds two names, and the name in the body',
      answered({ __type: 'ThrottlingException' }, 403, { 'x-amzn-errortype': 'One, Two' }),
      { errorName: 'ThrottlingException' },
    ],
    [
      'a token that is not let in',
      answered({ __type: 'AccessDeniedException', message: 'Not authorized', detail: 'The token has expired' }, 403),
      { errorName: 'AccessDeniedException', message: 'Not authorized. The token has expired' },
    ],
    [
      'a detail that says nothing',
      answered({ __type: 'AccessDeniedException', message: 'Not authorized', detail: '' }, 403),
      { message: 'Not authorized' },
    ],
    ['no JSON', new Response('<html>', { status: 403 }), { errorName: 'UnknownError', message: 'Bursar answered 403' }],
    ['JSON of another shape', answered([null], 400), { errorName: 'UnknownError', code: null, requestId: null }],
    ['fields of another shape', answered({ fieldList: [null, 1, { name: 2 }] }, 400), { code: null }],
  ])('is read with %s', async (_what, response, expected) => {
    const error = await failureOf(play([response]).client.send(CALL));
    expect(error).toBeInstanceOf(BursarError);
    expect(error).toMatchObject(expected);
    expect(isFinalDenial(error)).toBe(false);
  });
});

describe('a client with tokens', () => {
  const playWith = (token: () => string | Promise<string>, answers: readonly (Response | Error)[]) => {
    const { fetch, sent } = scriptFetch(answers);
    return { client: createBursarClient({ endpoint: `${ENDPOINT}/oauth`, token, fetch }), sent };
  };

  test('sends a token and no signature', async () => {
    const { client, sent } = playWith(() => Promise.resolve('aaa.bbb.ccc'), [answered({ ok: true })]);
    expect(await client.send(CALL)).toEqual({ ok: true });
    expect(sent[0]!.url).toBe(`${ENDPOINT}/oauth/payments/getPaymentSession`);
    expect(sent[0]!.headers.get('authorization')).toBe('Bearer aaa.bbb.ccc');
    expect([...sent[0]!.headers.keys()].filter((name) => name.startsWith('x-amz-'))).toEqual([]);
  });

  test('asks for a token before every attempt, since the first may have run out', async () => {
    const tokens = ['first', 'second'];
    const { client, sent } = playWith(() => tokens.shift()!, [answered({}, 500), answered({ ok: true })]);
    await client.send(CALL);
    expect(sent.map(({ headers }) => headers.get('authorization'))).toEqual(['Bearer first', 'Bearer second']);
  });

  test.each(['', 'two words', 'line\r\nx-evil: 1', 'ümlaut'])('refuses to send %j as a token', async (token) => {
    const { fetch, sent } = scriptFetch([]);
    const client = createBursarClient({ endpoint: ENDPOINT, token: () => token, fetch });
    await expect(client.send(CALL)).rejects.toThrow('characters that no bearer token has');
    expect(sent).toEqual([]);
  });
});

describe("the application's traceparent", () => {
  const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const read = { method: 'GET', path: '/payments' } as const;

  test('goes to Bursar with every attempt, anew and unsigned', async () => {
    const given = [TRACEPARENT, TRACEPARENT.replace(/01$/, '00')];
    const { client, sent } = play([answered({}, 500), answered({})], { traceparent: () => given.shift() });
    await client.send(read);
    expect(sent.map(({ headers }) => headers.get('traceparent'))).toEqual([
      TRACEPARENT,
      TRACEPARENT.replace(/01$/, '00'),
    ]);
    for (const each of sent) {
      expect(verify(each).ok).toBe(true);
      expect(each.headers.get('authorization')).not.toContain('traceparent');
    }
  });

  test.each([undefined, '', 'ff', `${TRACEPARENT}\r\nx: y`, TRACEPARENT.toUpperCase(), `x${TRACEPARENT}`])(
    'is left out where it is none: %j',
    async (value) => {
      const { client, sent } = play([answered({})], { traceparent: () => value });
      await client.send(read);
      expect(sent[0]!.headers.has('traceparent')).toBe(false);
    },
  );

  test('goes to Bursar and to no seller', async () => {
    const proof = { signature: SIGNATURE, authorization: { from: PAY_TO } };
    const output = { processPaymentId: 'p-1', paymentOutput: { cryptoX402: { version: '2', payload: proof } } };
    const carried = { headers: [{ name: 'PAYMENT-SIGNATURE', value: 'proof' }] };
    const bursar = play([answered({ ...output, ...carried })], { traceparent: () => TRACEPARENT });
    const { pay, sent } = playSeller([askForPayment(2), new Response('paid')], { client: bursar.client });
    expect(await (await pay(`${SELLER}/report`)).text()).toBe('paid');
    expect(bursar.sent[0]!.headers.get('traceparent')).toBe(TRACEPARENT);
    expect(sent.map(({ headers }) => headers.has('traceparent'))).toEqual([false, false]);
  });
});
