import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { toChecksumAddress } from '../../lib/chains/evm/address.ts';
import { adviseOn } from '../../lib/infra/config/advice.ts';
import { ALL_OPTIONS, EXISTING_TABLES } from './options.ts';

const [ACME] = ALL_OPTIONS.assets ?? [];
import { DEFAULT_CONFIG } from '../../lib/infra/config/defaults.ts';
import { parseConfig } from '../../lib/infra/config/source.ts';

const parse = (context: Record<string, unknown>, env: Record<string, string> = {}) => parseConfig({ context, env });

test('needs no choices', () => {
  expect(parse({}, { PATH: '/bin' })).toEqual(DEFAULT_CONFIG);
});

describe.each([
  ['stackPrefix', 'STACK_PREFIX', 'Pay-2', 'Pay-2', ['2pay', 'a_b', 'A'.repeat(25), 7]],
  ['defaultSessionLimitUsd', 'DEFAULT_SESSION_LIMIT_USD', '2.50', '2.50', ['-1', '1e3', '1.0000001', 10]],
  ['defaultSessionLimitUsd', 'DEFAULT_SESSION_LIMIT_USD', 'none', null, ['null', 'None']],
  [
    'allowedNetworks',
    'ALLOWED_NETWORKS',
    'base-sepolia, eip155:8453',
    ['eip155:84532', 'eip155:8453'],
    ['eip155:9', 'base,', {}],
  ],
  ['region', 'REGION', 'eu-central-1', 'eu-central-1', ['Frankfurt', 'eu-central', 'us-east-1a', 1]],
  ['region', 'REGION', 'none', null, ['']],
  ['region', 'REGION', 'us-gov-west-1', 'us-gov-west-1', []],
  ['region', 'REGION', 'cn-northwest-1', 'cn-northwest-1', []],
  ['region', 'REGION', 'eusc-de-east-1', 'eusc-de-east-1', []],
  ['region', 'REGION', 'us-isob-east-1', 'us-isob-east-1', []],
  [
    'existingTables',
    'EXISTING_TABLES',
    JSON.stringify(EXISTING_TABLES),
    EXISTING_TABLES,
    [
      JSON.stringify({ ...EXISTING_TABLES, booksTableName: 'another' }),
      JSON.stringify({ ...EXISTING_TABLES, registryTableName: EXISTING_TABLES.booksTableName }),
      JSON.stringify({ ...EXISTING_TABLES, keyArn: 'alias/bursar' }),
      JSON.stringify({ ...EXISTING_TABLES, more: 1 }),
      '{}',
    ],
  ],
  [
    'jwtIssuers',
    'JWT_ISSUERS',
    'https://a.example/, https://b.example/realms/x',
    ['https://a.example', 'https://b.example/realms/x'],
    [
      'http://a.example',
      'a.example',
      'https://a.example?x',
      'https://me@a.example',
      'https://a.example,https://a.example/',
      `https://${'a'.repeat(600)}.example`,
      7,
    ],
  ],
  ['jwtIssuers', 'JWT_ISSUERS', 'none', [], ['None']],
  [
    'issuerPrivateRanges',
    'ISSUER_PRIVATE_RANGES',
    '10.20.0.0/16, fd00:1::/32',
    ['10.20.0.0/16', 'fd00:1::/32'],
    ['10.20.0.0', '10.20.0.0/33', 'any', Array(17).fill('10.0.0.0/8').join()],
  ],
  ['issuerPrivateRanges', 'ISSUER_PRIVATE_RANGES', 'none', [], [7]],
  [
    'browserOrigins',
    'BROWSER_ORIGINS',
    'https://app.example, http://127.0.0.1:8080',
    ['https://app.example', 'http://127.0.0.1:8080'],
    [
      '*',
      'null',
      'app.example',
      'http://app.example',
      'https://app.example/',
      'https://app.example/path',
      'https://APP.example',
      'https://app.example:443',
      'https://*.example',
      "https://app.example'",
      'https://app.example,https://app.example',
      Array.from({ length: 9 }, (_, index) => `https://${index}.example`).join(),
      7,
    ],
  ],
  ['browserOrigins', 'BROWSER_ORIGINS', 'none', [], ['None']],
  ['maxSessionLimitUsd', 'MAX_SESSION_LIMIT_USD', '10.00', '10.00', ['-1', '1e3', 10]],
  ['maxSessionLimitUsd', 'MAX_SESSION_LIMIT_USD', 'none', null, ['null']],
  ['jwtIssuers', 'JWT_ISSUERS', 'any', null, ['*']],
  ['logRetentionDays', 'LOG_RETENTION_DAYS', '30', 30, ['31', '030', 30.5, '0']],
  ['retainData', 'RETAIN_DATA', 'false', false, ['no', 0, 'False']],
  ['functionMemoryMib', 'FUNCTION_MEMORY_MIB', '1024', 1024, ['127', '10241', '1e3']],
  ['sweeperMemoryMib', 'SWEEPER_MEMORY_MIB', '1769', 1769, ['127', '10241', '1e3']],
  [
    'controlPlanePrincipals',
    'CONTROL_PLANE_PRINCIPALS',
    'arn:aws:iam::123456789012:role/ops',
    ['arn:aws:iam::123456789012:role/ops'],
    ['*', 'arn:aws:iam::1234:role/ops', 'arn:aws:iam::123456789012:role/*'],
  ],
  [
    'managementPrincipals',
    'MANAGEMENT_PRINCIPALS',
    'arn:aws:iam::123456789012:user/a',
    ['arn:aws:iam::123456789012:user/a'],
    ['*'],
  ],
  [
    'processPaymentPrincipals',
    'PROCESS_PAYMENT_PRINCIPALS',
    'arn:aws:iam::123456789012:root',
    ['arn:aws:iam::123456789012:root'],
    ['*'],
  ],
  [
    'observerPrincipals',
    'OBSERVER_PRINCIPALS',
    'arn:aws:iam::123456789012:role/audit',
    ['arn:aws:iam::123456789012:role/audit'],
    ['*'],
  ],
  [
    'tokenPrincipals',
    'TOKEN_PRINCIPALS',
    'arn:aws:iam::123456789012:role/vault',
    ['arn:aws:iam::123456789012:role/vault'],
    ['*'],
  ],
  [
    'backupPrincipals',
    'BACKUP_PRINCIPALS',
    'arn:aws:iam::123456789012:role/break-glass',
    ['arn:aws:iam::123456789012:role/break-glass'],
    ['*'],
  ],
  [
    'signerOrigins',
    'SIGNER_ORIGINS',
    'https://signer.example.com',
    ['https://signer.example.com'],
    ['https://signer.example.com/', 'http://signer.example.com', 'signer.example.com'],
  ],
  [
    'facilitators',
    'FACILITATORS',
    '0x70997970C51812dc3A010C7d01b50e0d17dc79C8',
    ['0x70997970C51812dc3A010C7d01b50e0d17dc79C8'],
    ['0x70997970c51812dc3a010c7d01b50e0d17dc79c8', 'facilitator.example', `0x${'0'.repeat(40)}`],
  ],
  [
    'usdRates',
    'USD_RATES',
    '{"EURC":{"usd":"1.17","asOf":"2026-11-20"}}',
    { EURC: { usd: '1.17', asOf: '2026-11-20' } },
    ['1.17', '{"EURC":"1.17"}', '{"EURC":{"usd":"1.17","asOf":"yesterday"}}'],
  ],
  [
    'approvalGasPerDay',
    'APPROVAL_GAS_PER_DAY',
    '0.002',
    '0.002',
    ['0', '1000', '.5', '1e-3', '0.0000000000000000001', '-1'],
  ],
  [
    'walletHubUrls',
    'WALLET_HUB_URLS',
    '{"*":"https://hub.example.com/"}',
    { '*': 'https://hub.example.com/' },
    ['https://hub.example.com/', '{"*":"ftp://hub.example.com"}', '{"no name":"https://hub.example.com/"}'],
  ],
  ['usdRateMaxAgeDays', 'USD_RATE_MAX_AGE_DAYS', '7', 7, ['0', '367', '1.5', 'none']],
  ['assets', 'ASSETS', JSON.stringify([ACME]), [ACME], ['ACME', '{}', JSON.stringify([{ ...ACME, symbol: 'USDC' }])]],
  [
    'withdrawalAddresses',
    'WITHDRAWAL_ADDRESSES',
    '0x209693Bc6afc0C5328bA36FaF03C514EF312287C, 0xa0Ee7A142d267C1f36714E4a8F75612F20a79720',
    ['0x209693Bc6afc0C5328bA36FaF03C514EF312287C', '0xa0Ee7A142d267C1f36714E4a8F75612F20a79720'],
    [
      '0x209693Bc6afc0C5328bA36FaF03C514EF312287',
      // No checksum, and a wrong one.
      '0x209693bc6afc0c5328ba36faf03c514ef312287c',
      '0x209693bc6afc0C5328bA36FaF03C514EF312287C',
      '0x209693Bc6afc0C5328bA36FaF03C514EF312287C,0x209693Bc6afc0C5328bA36FaF03C514EF312287C',
      '0x0000000000000000000000000000000000000000',
      // The token itself.
      '0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913',
      '*',
    ],
  ],
  [
    'externalSecretArns',
    'EXTERNAL_SECRET_ARNS',
    'arn:aws:secretsmanager:us-east-1:123456789012:secret:cdp/api-AbCdEf, arn:aws:secretsmanager:us-east-1:123456789012:secret:privy-??????',
    [
      'arn:aws:secretsmanager:us-east-1:123456789012:secret:cdp/api-AbCdEf',
      'arn:aws:secretsmanager:us-east-1:123456789012:secret:privy-??????',
    ],
    [
      '*',
      'cdp/api',
      'arn:aws:secretsmanager:us-east-1:123456789012:secret:cdp',
      'arn:aws:secretsmanager:us-east-1:123456789012:secret:cdp-*',
      'arn:aws:secretsmanager:us-east-1:123456789012:secret:??????-??????',
      'arn:aws:secretsmanager:*:123456789012:secret:cdp-AbCdEf',
      // A wallet's seed.
      'arn:aws:secretsmanager:us-east-1:123456789012:secret:bursar/Bursar/acme-0123456789/vault-0123456789-AbCdEf',
    ],
  ],
  ['throttleRequestsPerSecond', 'THROTTLE_REQUESTS_PER_SECOND', '50', 50, ['0', '10001']],
  ['throttleBurstRequests', 'THROTTLE_BURST_REQUESTS', '50', 50, ['0', '5001']],
  ['ownApiGatewayAccount', 'OWN_API_GATEWAY_ACCOUNT', 'false', false, ['']],
  ['repeatWindowSeconds', 'REPEAT_WINDOW_SECONDS', '30', 30, ['-1', '3601', '1.5']],
  ['validityCapSeconds', 'VALIDITY_CAP_SECONDS', '60', 60, ['29', '301', '60.5']],
  [
    'agentNames',
    'AGENT_NAMES',
    'shopper, arn:aws:x/researcher-2',
    ['shopper', 'arn:aws:x/researcher-2'],
    ['other', 'a,a', 'two words', 'a,', 'a'.repeat(65), Array.from({ length: 51 }, (_, index) => `agent-${index}`)],
  ],
  ['alarmEmail', 'ALARM_EMAIL', 'ops@example.com', 'ops@example.com', ['ops', 'a@b@c.example', 'a b@c.example', 7]],
  ['alarmEmail', 'ALARM_EMAIL', 'none', null, ['null']],
  ['trailRules', 'TRAIL_RULES', 'false', false, ['no', 1]],
  ['spendAlarmUsdPerHour', 'SPEND_ALARM_USD_PER_HOUR', '12.50', 12.5, ['0', '-1', '1e3', 'much', '1000001']],
  ['spendAlarmUsdPerHour', 'SPEND_ALARM_USD_PER_HOUR', 'none', null, ['']],
  ['dashboards', 'DASHBOARDS', 'false', false, ['no']],
  ['traceSamplingRate', 'TRACE_SAMPLING_RATE', '0', 0, ['1.01', '-0.1', '5%']],
  ['canaryDeployment', 'CANARY_DEPLOYMENT', 'false', false, ['off']],
  ['awsTransport', 'AWS_TRANSPORT', 'sdk', 'sdk', ['SDK', 'true']],
  ['reservedConcurrency', 'RESERVED_CONCURRENCY', '100', 100, ['0', '10001']],
  ['provisionedConcurrency', 'PROVISIONED_CONCURRENCY', '2', 2, ['0', '1.5']],
  ['waf', 'WAF', 'true', true, ['yes']],
  [
    'vpc',
    'VPC',
    '{"vpcId":"vpc-0123456789abcdef0","subnetIds":["subnet-01234567"]}',
    { vpcId: 'vpc-0123456789abcdef0', subnetIds: ['subnet-01234567'] },
    [
      'vpc-0123456789abcdef0',
      '{"vpcId":"vpc-0123456789abcdef0","subnetIds":[]}',
      '{"vpcId":"vpc-0123456789abcdef0","subnetIds":["subnet-*"]}',
      '{"vpcId":"vpc-0123456789abcdef0","subnetIds":["subnet-01234567"],"more":1}',
    ],
  ],
] as const)('%s', (name, variable, text, value, refused) => {
  test('is read from context', () => {
    expect(parse({ [`bursar:${name}`]: text })[name]).toEqual(value);
  });

  test('is read from the environment', () => {
    expect(parse({}, { [`BURSAR_${variable}`]: text })[name]).toEqual(value);
  });

  test.each(refused)('refuses %o and says where it was', (wrong) => {
    expect(() => parse({ [`bursar:${name}`]: wrong })).toThrow(
      `context bursar:${name} is ${JSON.stringify(wrong)}: expected`,
    );
  });
});

describe('binding the user to the role session', () => {
  const backend = 'arn:aws:iam::123456789012:role/backend';
  const bind = (management: string, processPayment: string) =>
    parse({
      'bursar:bindUserToRoleSession': 'true',
      'bursar:managementPrincipals': management,
      'bursar:processPaymentPrincipals': processPayment,
    });

  test('is off unless asked for', () => {
    expect(parse({}).bindUserToRoleSession).toBe(false);
    expect(() => parse({ 'bursar:bindUserToRoleSession': 'yes' })).toThrow('expected true or false');
  });

  test('takes users and roles that are named', () => {
    const config = bind(backend, `${backend},arn:aws:iam::123456789012:user/agents/alice`);
    expect(config.bindUserToRoleSession).toBe(true);
  });

  test('refuses an account as principal, named or by default: its principals could take any session name', () => {
    const missing = 'bindUserToRoleSession needs processPaymentPrincipals: expected ARNs of users and roles';
    expect(() => bind(backend, `${backend},arn:aws:iam::123456789012:root`)).toThrow(missing);
    expect(() => parse({}, { BURSAR_BIND_USER_TO_ROLE_SESSION: 'true' })).toThrow(
      /needs managementPrincipals[\s\S]*needs processPaymentPrincipals/,
    );
  });
});

test('adds RPC URLs to the default ones', () => {
  const { rpcUrls } = parse({}, { BURSAR_RPC_URLS: '{"eip155:1":"https://node.example/"}' });
  expect(rpcUrls).toEqual({ ...DEFAULT_CONFIG.rpcUrls, 'eip155:1': 'https://node.example/' });
  const several = ['https://one.example/', 'https://two.example/'];
  expect(parse({ 'bursar:rpcUrls': { base: several } }).rpcUrls).toEqual({
    ...DEFAULT_CONFIG.rpcUrls,
    'eip155:8453': several,
  });
});

test.each([
  '{',
  '[]',
  '{"eip155:9":"https://a.example"}',
  '{"base":"ftp://a.example"}',
  '{"base":"http://a.example"}',
  '{"base":[]}',
  '{"base":["https://a.example","https://a.example"]}',
  '{"base":"node"}',
  '{"__proto__":1}',
  '7',
])('refuses %s as RPC URLs', (text) => {
  expect(() => parse({}, { BURSAR_RPC_URLS: text })).toThrow(/environment BURSAR_RPC_URLS is .*: expected/);
});

test('refuses a usual budget above the largest, or none, and takes one that is as large', () => {
  const parsed = (usual: string) => () =>
    parse({ 'bursar:maxSessionLimitUsd': '5.00', 'bursar:defaultSessionLimitUsd': usual });
  expect(parsed('5.000001')).toThrow('defaultSessionLimitUsd 5.000001 is above maxSessionLimitUsd 5.00');
  expect(parsed('none')).toThrow('maxSessionLimitUsd needs a defaultSessionLimitUsd');
  expect(parsed('5.00')().maxSessionLimitUsd).toBe('5.00');
});

test('refuses rules on the trail that tell nobody', () => {
  expect(() => parse({ 'bursar:trailRules': 'true' })).toThrow('trailRules needs alarmEmail');
  expect(parse({ 'bursar:trailRules': 'true', 'bursar:alarmEmail': 'ops@example.com' }).trailRules).toBe(true);
});

test('refuses tokens that nothing could be paid in, rates of none, and a token as a place to withdraw to', () => {
  const rates = { DAI: { usd: '1', asOf: '2026-11-20' } };
  expect(() => parse({ 'bursar:usdRates': rates })).toThrow('usdRates names DAI, which no token');
  expect(() => parse({ 'bursar:assets': [{ ...ACME, network: 'eip155:10' }] })).toThrow(
    'assets names ACME on eip155:10',
  );
  const withdrawalAddresses = ['0x60a3E35Cc302bFA44Cb288Bc5a4F316Fdb1adb42'];
  expect(() => parse({ 'bursar:withdrawalAddresses': withdrawalAddresses })).toThrow('a token keeps what it gets');
});

test('refuses a treasury without an address to withdraw to, and takes one with it', () => {
  const treasuryPrincipals = 'arn:aws:iam::123456789012:role/treasurer';
  const parsed = (addresses: object) => parse({ 'bursar:treasuryPrincipals': treasuryPrincipals, ...addresses });
  expect(() => parsed({})).toThrow('treasuryPrincipals needs withdrawalAddresses');
  const { withdrawalAddresses } = parsed({
    'bursar:withdrawalAddresses': ['0x209693Bc6afc0C5328bA36FaF03C514EF312287C'],
  });
  expect(withdrawalAddresses).toHaveLength(1);
});

test('refuses more addresses to withdraw to than fit, and takes as many', () => {
  const some = (count: number) =>
    Array.from({ length: count }, (_, index) => toChecksumAddress(`0x${`${index + 1}`.padStart(40, 'a')}`));
  const parsed = (count: number) => parse({ 'bursar:withdrawalAddresses': some(count) });
  expect(() => parsed(21)).toThrow('expected at most 20 different EVM addresses');
  expect(parsed(20).withdrawalAddresses).toHaveLength(20);
});

test('refuses more warm instances than are set aside, and takes as many', () => {
  const kept = (provisioned: number) =>
    parse({ 'bursar:reservedConcurrency': 10, 'bursar:provisionedConcurrency': provisioned });
  expect(() => kept(11)).toThrow('provisionedConcurrency 11 is above reservedConcurrency 10');
  expect(kept(10).provisionedConcurrency).toBe(10);
});

test('refuses an allowed network whose balances it cannot read', () => {
  expect(() => parse({ 'bursar:allowedNetworks': 'polygon' })).toThrow('eip155:137 has no RPC URL');
  const given = { 'bursar:allowedNetworks': 'polygon', 'bursar:rpcUrls': { polygon: 'https://node.example' } };
  expect(parse(given).allowedNetworks).toEqual(['eip155:137']);
});

test('refuses a context key that is not a choice', () => {
  expect(() => parse({ 'bursar:logretentiondays': 30 })).toThrow('context bursar:logretentiondays is not a choice');
  expect(() => parse({ 'bursar:toString': 30 })).toThrow('is not a choice');
});

test('refuses context and environment that differ, and takes them when they agree', () => {
  const env = { BURSAR_LOG_RETENTION_DAYS: '30' };
  expect(() => parse({ 'bursar:logRetentionDays': 60 }, env)).toThrow('differ: remove one of them');
  expect(parse({ 'bursar:logRetentionDays': 30 }, env).logRetentionDays).toBe(30);
});

test('lists every problem at once', () => {
  const wrong = { 'bursar:retainData': 'maybe', 'bursar:functionMemoryMib': 1 };
  expect(() => parse(wrong)).toThrow(/retainData[\s\S]*functionMemoryMib/);
});

test('takes an empty variable as unset', () => {
  expect(parse({}, { BURSAR_STACK_PREFIX: '' }).stackPrefix).toBe('Bursar');
});

test('the app answers a wrong choice with what is wrong, before it does anything, and with no trace of its code', () => {
  const env = { ...process.env, BURSAR_WAF: 'maybe', BURSAR_REGION: 'Frankfurt' };
  const { status, stdout, stderr } = spawnSync(process.execPath, ['bin/app.ts'], { env, encoding: 'utf8' });
  expect([status, stdout]).toEqual([1, '']);
  expect(stderr.trimEnd().split('\n')).toEqual([
    'invalid configuration:',
    '- environment BURSAR_REGION is "Frankfurt": expected a region such as us-east-1, or \'none\'',
    '- environment BURSAR_WAF is "maybe": expected true or false',
  ]);
});

test('a variable that is no choice is refused, and one of the command line is not', () => {
  expect(() => parse({}, { BURSAR_ALARM_MAIL: 'ops@example.com' })).toThrow(
    'environment BURSAR_ALARM_MAIL is not a choice',
  );
  expect(parse({}, { BURSAR_ENDPOINT: 'https://x.example/v1' })).toEqual(DEFAULT_CONFIG);
});

test('a list in the environment is JSON, or items with commas', () => {
  const names = (text: string) => parse({}, { BURSAR_AGENT_NAMES: text }).agentNames;
  expect(names('["one","two"]')).toEqual(['one', 'two']);
  expect(names('one, two')).toEqual(['one', 'two']);
  expect(() => names('["one",2]')).toThrow('a list of texts');
  expect(() => names('["one"')).toThrow('a list of texts, as JSON or as one text with commas');
});

test('a deployment for real money is told of alarms that nobody hears, and of a testnet', () => {
  expect(adviseOn(DEFAULT_CONFIG)).toEqual([
    expect.stringContaining('alarmEmail'),
    expect.stringContaining('eip155:84532'),
  ]);
  expect(adviseOn(parse({ 'bursar:alarmEmail': 'ops@example.com', 'bursar:allowedNetworks': ['base'] }))).toEqual([]);
  expect(adviseOn(parse({ 'bursar:allowedNetworks': ['base-sepolia'] }))).toEqual([]);
});
