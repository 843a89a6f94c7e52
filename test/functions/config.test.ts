import { describe, expect, test } from 'vitest';
import { toMicroUsd } from '../../lib/domain/money.ts';
import {
  readBaseConfig,
  readConnectorsConfig,
  readInstrumentsConfig,
  readPayingConfig,
  readSpanSource,
} from '../../lib/functions/runtime/config.ts';
import { readReadingConfig } from '../../lib/functions/runtime/chain-config.ts';

const BASE = {
  BOOKS_TABLE: 'books',
  REGISTRY_TABLE: 'registry',
  DEPLOYMENT_PARTITION: 'aws',
  DEPLOYMENT_ACCOUNT: '111122223333',
  AWS_REGION: 'us-east-1',
  DEFAULT_SESSION_LIMIT_USD: '10.00',
  ALLOWED_NETWORKS: 'eip155:8453,eip155:84532',
};

/** Every function's reader with the variables that it asks for. */
const READERS = {
  base: { read: readBaseConfig, variables: {} },
  reading: { read: readReadingConfig, variables: { RPC_URLS: '{"eip155:84532":"http://127.0.0.1:8545/key-canary"}' } },
  instruments: {
    read: readInstrumentsConfig,
    variables: {
      WALLET_KEY_TAG: 'bursar',
      PAYING_ROLE_ARN: 'arn:aws:iam::111122223333:role/paying',
      KEY_ADMIN_ROLE_ARN: 'arn:aws:iam::111122223333:role/key-admin',
    },
  },
  connectors: { read: readConnectorsConfig, variables: { SECRET_NAME_PREFIX: 'bursar/test', JWT_ISSUERS: 'any' } },
} as const;

test('reads what every function needs', () => {
  const config = readBaseConfig(BASE);
  expect(config).toMatchObject({
    booksTable: 'books',
    registryTable: 'registry',
    deployment: { partition: 'aws', region: 'us-east-1', account: '111122223333' },
    defaultSessionLimit: toMicroUsd(10_000_000n),
  });
  expect([...config.allowedNetworks]).toEqual(['eip155:8453', 'eip155:84532']);
  expect(Object.isFrozen(config)).toBe(true);
});

test('takes no limit for no limit', () => {
  expect(readBaseConfig({ ...BASE, DEFAULT_SESSION_LIMIT_USD: 'none' }).defaultSessionLimit).toBeNull();
});

test('reads the endpoints of the chains, one or several of each', () => {
  const { rpcUrls } = readReadingConfig({ ...BASE, ...READERS.reading.variables });
  expect(rpcUrls).toEqual({ 'eip155:84532': ['http://127.0.0.1:8545/key-canary'] });
  const several = ['https://a.example/', 'https://b.example/', 'https://c.example/', 'https://d.example/'];
  const read = readReadingConfig({ ...BASE, RPC_URLS: JSON.stringify({ 'eip155:8453': several }) });
  expect(read.rpcUrls).toEqual({ 'eip155:8453': several });
});

test.each(Object.entries(READERS))(
  'names every variable that the %s configuration misses, at once',
  (_name, { read, variables }) => {
    expect(() => read({ ...BASE, ...variables })).not.toThrow();
    const missing = Object.keys({ ...BASE, ...variables });
    for (const env of [{}, Object.fromEntries(missing.map((name) => [name, '']))]) {
      for (const name of missing) expect(() => read(env)).toThrow(name);
    }
  },
);

test.each([
  ['DEFAULT_SESSION_LIMIT_USD', '1e3'],
  ['DEFAULT_SESSION_LIMIT_USD', '-1'],
  ['DEFAULT_SESSION_LIMIT_USD', 'unlimited'],
  ['ALLOWED_NETWORKS', 'eip155:999'],
  ['ALLOWED_NETWORKS', 'base'],
  ['ALLOWED_NETWORKS', 'eip155:8453, eip155:84532'],
  ['ALLOWED_NETWORKS', ','],
  ['DEPLOYMENT_ACCOUNT', '1234'],
  ['DEPLOYMENT_PARTITION', 'amazon'],
  ['AWS_REGION', 'US East'],
])('refuses %s=%s', (name, value) => {
  expect(() => readBaseConfig({ ...BASE, [name]: value })).toThrow(name);
});

test.each([
  '',
  'no json',
  '[]',
  '5',
  'null',
  '{"eip155:84532":"key-canary"}',
  '{"eip155:84532":"file:///key-canary"}',
  '{"eip155:1":5}',
  '{"base":"https://key-canary"}',
  '{"eip155:1":"http://node.example/key-canary"}',
  '{"eip155:1":[]}',
  '{"eip155:1":["https://key-canary","https://key-canary"]}',
  '{"eip155:1":["https://key-canary",5]}',
  '{"eip155:1":["https://a","https://b","https://c","https://d","https://key-canary"]}',
  `{"eip155:1":"https://key-canary/${'x'.repeat(2_048)}"}`,
])('refuses RPC_URLS=%s without quoting it, since endpoints hold keys', (value) => {
  const read = () => readReadingConfig({ ...BASE, RPC_URLS: value });
  expect(read).toThrow('RPC_URLS');
  expect(read).not.toThrow('canary');
});

test('reads the agents that have metrics of their own, and has none by default', () => {
  expect(readPayingConfig(BASE).agentNames).toEqual(new Set());
  expect(readPayingConfig({ ...BASE, AGENT_NAMES: 'shopper,team/a:b@c.d-e_f' }).agentNames).toEqual(
    new Set(['shopper', 'team/a:b@c.d-e_f']),
  );
});

test.each([
  'other',
  'a,,b',
  'a, b',
  'a\nb',
  'ünder',
  'x'.repeat(65),
  Array.from({ length: 51 }, (_, i) => `agent-${i}`).join(),
])('refuses to count %j as agents', (AGENT_NAMES) => {
  expect(() => readPayingConfig({ ...BASE, AGENT_NAMES })).toThrow('AGENT_NAMES must be at most 50 different names');
});

test('reads the addresses that money may leave for, and has none by default', () => {
  const [one, two] = ['0x209693Bc6afc0C5328bA36FaF03C514EF312287C', '0xa0Ee7A142d267C1f36714E4a8F75612F20a79720'];
  expect(readPayingConfig(BASE).withdrawalAddresses).toEqual(new Set());
  const given = { ...BASE, WITHDRAWAL_ADDRESSES: `${one},${two}` };
  expect(readPayingConfig(given).withdrawalAddresses).toEqual(new Set([one, two]));
});

test.each([
  '0x209693bc6afc0c5328ba36faf03c514ef312287c',
  '0x209693bc6afc0C5328bA36FaF03C514EF312287C',
  '0x209693Bc6afc0C5328bA36FaF03C514EF312287C,',
  '*',
])('refuses to let money leave for %j', (WITHDRAWAL_ADDRESSES) => {
  expect(() => readPayingConfig({ ...BASE, WITHDRAWAL_ADDRESSES })).toThrow('WITHDRAWAL_ADDRESSES must be at most 20');
});

describe('where spans go', () => {
  const TRACED = { ...BASE, AWS_LAMBDA_FUNCTION_NAME: 'pay', AWS_XRAY_DAEMON_ADDRESS: '169.254.79.129:2000' };

  test("is Lambda's daemon", () => {
    expect(readSpanSource(TRACED)).toEqual({
      partition: BASE.DEPLOYMENT_PARTITION,
      region: BASE.AWS_REGION,
      account: BASE.DEPLOYMENT_ACCOUNT,
      functionName: 'pay',
      daemon: { host: '169.254.79.129', port: 2_000 },
    });
  });

  test.each([undefined, '', '169.254.79.129', 'daemon.example:2000', '169.254.79.129:2000 x', ':2000'])(
    'is nowhere where the address is %j',
    (AWS_XRAY_DAEMON_ADDRESS) => {
      expect(readSpanSource({ ...TRACED, AWS_XRAY_DAEMON_ADDRESS })).toBeNull();
    },
  );
});
