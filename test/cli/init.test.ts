import { describe, expect, test } from 'vitest';
import {
  awsError,
  CONNECTOR,
  createWorld,
  ENDPOINT,
  INSTRUMENT,
  json,
  MANAGER,
  SECRET,
  WALLET,
  type Routes,
} from './world.ts';

const manager = { paymentManagerArn: MANAGER, paymentManagerId: 'bursar-0123456789', name: 'bursar', status: 'READY' };
const connector = { paymentConnectorId: CONNECTOR, name: 'seedvault', type: 'SeedVault', status: 'READY' };
const instrument = {
  paymentInstrumentId: INSTRUMENT,
  paymentConnectorId: CONNECTOR,
  status: 'ACTIVE',
  paymentInstrumentDetails: { embeddedCryptoWallet: { walletAddress: WALLET } },
};
const denied = () => awsError(403, 'AccessDeniedException', 'not you');

const EMPTY: Routes = {
  '/managers-list': () => json({ paymentManagers: [] }),
  '/connectors-list': () => json({ paymentConnectors: [] }),
  '/managers': () => json(manager, 202),
  '/connectors': () => json(connector, 202),
  '/listPaymentInstruments': () => json({ paymentInstruments: [] }),
  '/createPaymentInstrument': () => json({ paymentInstrument: instrument }, 201),
};
const FULL: Routes = {
  '/managers-list': () => json({ paymentManagers: [{ ...manager, name: 'else' }], nextToken: 'more' }),
  '/connectors-list': () => json({ paymentConnectors: [{ ...connector, type: 'AwsKms' }, connector] }),
  '/listPaymentInstruments': () => json({ paymentInstruments: [{ ...instrument, status: 'DELETED' }, instrument] }),
  '/getPaymentInstrument': () => json({ paymentInstrument: instrument }),
};

const run = async (routes: Routes, ...argv: string[]) => {
  const cli = createWorld({ routes });
  return { cli, code: await cli.run('init', '--endpoint', ENDPOINT, '--user', 'alice', ...argv) };
};
const tokensOf = ({ seen }: ReturnType<typeof createWorld>) =>
  seen.filter(({ body }) => body.includes('clientToken')).map(({ body }) => JSON.parse(body).clientToken);

describe('init', () => {
  test('makes what is missing, shows where to send money, and remembers ids but no secret', async () => {
    const { cli, code } = await run(EMPTY);
    expect(code).toBe(0);
    expect(cli.out()).toContain(`ethereum:${WALLET}@84532`);
    expect(cli.context()).toMatchObject({
      kind: 'deployed',
      endpoint: ENDPOINT,
      userId: 'alice',
      paymentManagerArn: MANAGER,
      paymentConnectorId: CONNECTOR,
      paymentInstrumentId: INSTRUMENT,
      walletAddress: WALLET,
    });
    expect(JSON.stringify(cli.context()) + cli.out() + cli.err()).not.toContain(SECRET);
  });

  test('makes a connector of a signer where it is told to, be that a URL or a function, and says whose requests to take', async () => {
    const places = {
      '--signer': { url: 'https://signer.example.com/sign' },
      '--function': { functionArn: 'arn:aws:lambda:us-east-1:111122223333:function:signer:live' },
    };
    for (const [option, place] of Object.entries(places)) {
      const made = { ...connector, type: 'ExternalSigner', signer: { ...place, publicKey: 'KEY' } };
      const routes = { ...EMPTY, '/connectors': () => json(made, 202) };
      const [text] = Object.values(place);
      const { cli, code } = await run(routes, '--type', 'ExternalSigner', option, text!, '--address', WALLET);
      expect(code).toBe(0);
      const asked = cli.seen.find(({ path }) => path.endsWith('/connectors'))!;
      expect(JSON.parse(asked.body)).toMatchObject({ type: 'ExternalSigner', signer: place });
      expect(cli.err()).toContain(`let ${text} take requests of the key KEY`);
    }
    const both = ['--signer', places['--signer'].url, '--function', places['--function'].functionArn];
    expect((await run(EMPTY, '--type', 'ExternalSigner', ...both)).code).toBe(2);
    expect((await run(EMPTY, '--type', 'ExternalSigner')).code).toBe(2);
  });

  test('makes nothing twice: equal names have equal tokens, other names others', async () => {
    const first = tokensOf((await run(EMPTY)).cli);
    expect(first).toHaveLength(3);
    expect(new Set(first).size).toBe(3);
    expect(tokensOf((await run(EMPTY)).cli)).toEqual(first);
    expect(tokensOf((await run(EMPTY, '--name', 'other')).cli)[0]).not.toBe(first[0]);
  });

  test('finds what is there, past the first page, and makes nothing', async () => {
    const page = (query: string) => (query.includes('nextToken') ? { paymentManagers: [manager] } : null);
    const { cli, code } = await run({
      ...FULL,
      '/managers-list': ({ path }) => json(page(path) ?? { paymentManagers: [], nextToken: 'more' }),
    });
    expect(code).toBe(0);
    expect(tokensOf(cli)).toEqual([]);
    expect(cli.context()).toMatchObject({ paymentConnectorId: CONNECTOR, paymentInstrumentId: INSTRUMENT });
  });

  test('gives up on a list that never ends', async () => {
    expect((await run(FULL)).code).toBe(1);
  });

  test('makes another one where the name’s old resource was deleted', async () => {
    let made = 0;
    const { cli, code } = await run({
      ...EMPTY,
      '/managers': () => json({ ...manager, status: (made += 1) === 1 ? 'DELETING' : 'READY' }, 202),
    });
    expect(code).toBe(0);
    expect(made).toBe(2);
    expect(new Set(tokensOf(cli)).size).toBe(4);
  });

  test('goes on as the backend where an operator began', async () => {
    const operator = await run({ ...EMPTY, '/listPaymentInstruments': denied, '/createPaymentInstrument': denied });
    expect(operator.code).toBe(1);
    expect(operator.cli.err()).toContain('ManagementRole');
    expect(operator.cli.context()).toMatchObject({ paymentConnectorId: CONNECTOR, paymentInstrumentId: null });

    const backend = createWorld({
      files: Object.fromEntries(operator.cli.files),
      routes: { ...EMPTY, '/managers-list': denied, '/managers': denied },
    });
    expect(await backend.run('init')).toBe(0);
    expect(backend.context()).toMatchObject({ paymentConnectorId: CONNECTOR, paymentInstrumentId: INSTRUMENT });
  });

  test('refuses a stranger who knows no manager', async () => {
    const { cli, code } = await run({ ...EMPTY, '/managers-list': denied });
    expect(code).toBe(1);
    expect(cli.context()).toBeNull();
  });

  test('refuses a token without manager and connector, and makes a wallet with them', async () => {
    const env = { BURSAR_TOKEN: 'aaa.bbb.ccc' };
    const without = createWorld({ env, routes: EMPTY });
    expect(await without.run('init', '--endpoint', ENDPOINT)).toBe(2);
    expect(without.seen).toEqual([]);
    const given = createWorld({ env, routes: EMPTY });
    expect(await given.run('init', '--endpoint', ENDPOINT, '--manager', MANAGER, '--connector', CONNECTOR)).toBe(0);
    expect(given.seen.every(({ path }) => path.startsWith('/v1/oauth/'))).toBe(true);
    expect(given.files.get('.bursar/context.json')).not.toContain('aaa.bbb.ccc');
  });
});
