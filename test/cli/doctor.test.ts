import { describe, expect, test } from 'vitest';
import { awsError, createReadyWorld, json, NOW, sessionView, WALLET, type Routes, type WorldOptions } from './world.ts';

const unsigned = (headers: Record<string, string> = {}) =>
  new Response('{}', {
    status: 403,
    headers: { 'x-amzn-errortype': 'AccessDeniedException', date: new Date(NOW).toUTCString(), ...headers },
  });
const denied = () => awsError(403, 'AccessDeniedException', 'not you');
const wrong = () => awsError(400, 'ValidationException', 'paymentManagerArn is required');
const manager = { paymentManagerArn: 'arn', name: 'bursar', status: 'READY' };
const balance = (amount: string) =>
  json({ tokenBalance: { amount, decimals: 6, token: 'USDC', chain: 'BASE_SEPOLIA' } });

/** A backend's deployment in good health. */
const HEALTHY: Routes = {
  '/getPaymentSession': ({ headers }) =>
    headers.has('authorization') ? json({ paymentSession: sessionView }) : unsigned(),
  '/payments/managers': denied,
  '/createPaymentSession': wrong,
  '/processPayment': denied,
  '/connectors/seedvault-0123456789': () => json({ name: 'seedvault', type: 'SeedVault', status: 'READY' }),
  '/managers/bursar-0123456789': () => json(manager),
  '/getPaymentInstrument': () =>
    json({
      paymentInstrument: {
        status: 'ACTIVE',
        paymentInstrumentDetails: { embeddedCryptoWallet: { walletAddress: WALLET } },
      },
    }),
  '/getPaymentInstrumentBalance': () => balance('25000000'),
  '/bursar/assets': () => json({ assets: [] }),
};

async function examine(routes: Routes = {}, options: WorldOptions = {}) {
  const world = createReadyWorld({ ...options, routes: { ...HEALTHY, ...routes } });
  const code = await world.run('doctor', '--json');
  const { findings } = JSON.parse(world.out()) as {
    findings: { id: string; status: string; detail: string; mend?: string }[];
  };
  const of = (id: string) => findings.find((each) => each.id === id);
  return { code, findings, of, world };
}

const door = (answer: () => Response): Routes => ({
  '/getPaymentSession': ({ headers }) =>
    headers.has('authorization') ? json({ paymentSession: sessionView }) : answer(),
});

describe('the doctor', () => {
  test('finds nothing wrong with a healthy deployment', async () => {
    const { code, findings } = await examine();
    expect(findings.filter(({ status }) => status === 'fail' || status === 'warn')).toEqual([]);
    expect(code).toBe(0);
  });

  test('says of everything that is wrong how to mend it', async () => {
    const { code, findings } = await examine({
      ...door(() => new Response('{}')),
      '/getPaymentInstrumentBalance': () => awsError(500, 'InternalServerException', 'no'),
      '/getPaymentInstrument': () => awsError(404, 'ResourceNotFoundException', 'Payment instrument not found'),
    });
    expect(code).toBe(1);
    const failed = findings.filter(({ status }) => status === 'fail');
    expect(failed.map(({ id }) => id)).toEqual(['unsigned', 'instrument', 'funds']);
    expect(failed.every(({ mend }) => (mend ?? '').length > 10)).toBe(true);
  });

  test('looks no further where nobody answers', async () => {
    const world = createReadyWorld({ routes: {} });
    expect(await world.run('doctor', '--json')).toBe(1);
    const { findings } = JSON.parse(world.out()) as { findings: { id: string }[] };
    expect(findings.filter(({ id }) => !id.startsWith('quota')).map(({ id }) => id)).toEqual(['endpoint']);
  });

  test.each([
    [0, 'ok'],
    [29_000, 'ok'],
    [31_000, 'warn'],
    [-31_000, 'warn'],
    [241_000, 'fail'],
    [-241_000, 'fail'],
  ])('says of a clock that is %i ms off: %s', async (offMs, status) => {
    const { of } = await examine(door(() => unsigned({ date: new Date(NOW - offMs).toUTCString() })));
    expect(of('clock')).toMatchObject({ status });
  });

  test.each([
    [() => unsigned(), 'ok'],
    [() => new Response('{}', { status: 403 }), 'warn'],
    [() => new Response('{}', { status: 404 }), 'fail'],
    [() => new Response('{}', { status: 200 }), 'fail'],
    [() => new Response(null, { status: 302, headers: { location: 'https://else.example' } }), 'fail'],
  ])('says of the answer to a request without a signature (%#): %s', async (answer, status) => {
    expect((await examine(door(answer))).of('unsigned')).toMatchObject({ status });
  });

  test('names who the credentials are of', async () => {
    const { of } = await examine({}, { identity: 'arn:aws:sts::111122223333:assumed-role/ManagementRole/me' });
    expect(of('credentials')?.detail).toContain('assumed-role/ManagementRole/me');
  });

  test('fails where there are no credentials', async () => {
    const { code, of } = await examine(
      {},
      {
        credentials: async () => {
          throw Object.assign(new Error('none'), { name: 'CredentialsProviderError' });
        },
      },
    );
    expect(code).toBe(1);
    expect(of('credentials')).toMatchObject({ status: 'fail' });
  });

  test('warns of credentials that may set a budget and spend it, and fails where they are an agent’s', async () => {
    const both = { '/processPayment': wrong };
    expect((await examine(both)).of('separation')).toMatchObject({ status: 'warn' });
    const identity = 'arn:aws:sts::111122223333:assumed-role/BursarService-ProcessPaymentRole/me';
    expect((await examine(both, { identity })).of('separation')).toMatchObject({ status: 'fail' });
  });

  test('fails where the credentials may do nothing', async () => {
    const { code, of } = await examine({ '/createPaymentSession': denied });
    expect(code).toBe(1);
    expect(of('separation')).toMatchObject({ status: 'fail' });
  });

  test('changes nothing: it sends no request that could succeed in writing', async () => {
    const { world } = await examine();
    const writes = world.seen.filter(({ path }) => /(?:create|delete|process|\/managers$)/.test(path));
    expect(writes.length).toBeGreaterThan(2);
    expect(writes.every(({ body }) => body === '{}')).toBe(true);
  });

  test('asks with a token for what does not exist, since a token is judged with the body', async () => {
    const { world, of } = await examine(
      {
        '/deletePaymentSession': () => awsError(403, 'AccessDeniedException', 'lacks the scope'),
        '/processPayment': () =>
          awsError(400, 'ValidationException', 'Payment session not found', 'bursar:session_not_found'),
      },
      { env: { BURSAR_TOKEN: 'aaa.bbb.ccc' } },
    );
    expect([of('may-open-sessions')?.status, of('may-pay')?.status]).toEqual(['skip', 'ok']);
    const probes = world.seen.filter(({ path }) => /deletePaymentSession|processPayment/.test(path));
    expect(probes).toHaveLength(2);
    expect(probes.every(({ body }) => JSON.parse(body).paymentSessionId === 'payment-session-000000000000000')).toBe(
      true,
    );
  });

  test('warns of an empty wallet and of a session that is over', async () => {
    const { code, of } = await examine({
      '/getPaymentInstrumentBalance': () => balance('0'),
      '/getPaymentSession': ({ headers }) =>
        headers.has('authorization') ? json({ paymentSession: { ...sessionView, status: 'EXPIRED' } }) : unsigned(),
    });
    expect(code).toBe(0);
    expect(of('funds')).toMatchObject({ status: 'warn' });
    expect(of('session')).toMatchObject({ status: 'warn' });
  });

  test('says where the metrics are, where they are missing, and why they are not looked at', async () => {
    expect((await examine()).of('metrics')).toMatchObject({ status: 'ok' });
    expect((await examine({}, { overrides: { recentMetrics: async () => [] } })).of('metrics')).toMatchObject({
      status: 'warn',
    });
    const refused = async () => {
      throw new Error('AccessDenied');
    };
    expect((await examine({}, { overrides: { recentMetrics: refused } })).of('metrics')).toMatchObject({
      status: 'skip',
    });
  });
});
