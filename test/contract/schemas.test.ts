import { describe, expect, test } from 'vitest';
import { OPERATIONS, type OperationName } from '../../lib/contract/operations.ts';
import { REQUESTS } from '../../lib/contract/requests.ts';
import { validateInput } from '../../lib/contract/validation.ts';
import { CONNECTOR, INSTRUMENT, SESSION, TOKEN, VALID, wallet } from '../api/requests.ts';

const withWallet = (overrides: object) => ({
  paymentInstrumentDetails: { embeddedCryptoWallet: { ...wallet, ...overrides } },
});
const withAccount = (...linkedAccounts: object[]) => withWallet({ linkedAccounts });
const withLimit = (overrides: object) => ({
  limits: { maxSpendAmount: { value: '10', currency: 'USD', ...overrides } },
});

const operations = Object.keys(OPERATIONS) as OperationName[];

function check(operation: OperationName, overrides: object) {
  const result = validateInput(operation, { ...VALID[operation], ...overrides });
  return result.ok ? [] : result.error;
}

/** As JSON, which has no word for a bigint. */
const textOf = (value: unknown) =>
  JSON.stringify(value, (_, member: unknown) => (typeof member === 'bigint' ? `${member}` : member));

const namesOf = (operation: OperationName, overrides: object) => check(operation, overrides).map(({ name }) => name);

describe.each(operations)('%s', (operation) => {
  test('accepts its members and drops every other one', () => {
    const result = validateInput(operation, { surprise: 'dropped', userIds: 'dropped', ...VALID[operation] });
    expect(result).toEqual(validateInput(operation, VALID[operation]));
    expect(result.ok).toBe(true);
    expect(textOf(result)).not.toContain('dropped');
  });

  test('names every member that is missing, and says so', () => {
    const result = validateInput(operation, {});
    if (result.ok) return expect(VALID[operation]).toEqual({});
    expect(result.error.map(({ name }) => name).toSorted()).toEqual(Object.keys(VALID[operation]).toSorted());
    for (const { name, message } of result.error) expect(message).toBe(`${name} is required`);
  });

  test.each(Object.keys(VALID[operation]))('refuses %s of another type, and says what was expected', (member) => {
    const wrong = [[], 7.5, true, { toString: 'x' }].filter(
      (value) => typeof value !== typeof VALID[operation][member],
    );
    for (const value of wrong) {
      const [problem, ...others] = check(operation, { [member]: value });
      expect(others).toEqual([]);
      expect(problem?.name).toBe(member);
      expect(problem?.message).toMatch(/ must be .+\. Received: .+/);
    }
  });
});

test('there is a schema for every operation and none besides', () => {
  expect(Object.keys(REQUESTS).toSorted()).toEqual(operations.toSorted());
});

type Case = readonly [operation: OperationName, what: string, overrides: object];

test.each<Case>([
  ['CreatePaymentManager', 'a name of one letter', { name: 'a' }],
  ['CreatePaymentManager', 'the longest name', { name: `A${'1'.repeat(47)}` }],
  ['CreatePaymentManager', 'a description in any script', { description: 'Für die Forschung, 研究用 (2026)' }],
  ['CreatePaymentManager', 'fifty tags, one of them empty', { tags: { ...tagsOf(49), empty: '' } }],
  ['CreatePaymentManager', 'a role in another partition', { roleArn: 'arn:aws-cn:iam::111122223333:role/a/b' }],
  ['CreatePaymentManager', 'a token', { clientToken: TOKEN }],
  ['CreatePaymentManager', 'the longest token', { clientToken: `a${'-b'.repeat(127)}c` }],
  ['CreatePaymentManager', 'a UUID for a token', { clientToken: '5f0c2b5e-8a3d-4f1e-9b7c-0a1b2c3d4e5f' }],
  ['CreatePaymentConnector', 'a KMS wallet', { type: 'AwsKms' }],
  ['CreatePaymentConnector', 'a name with underscores', { name: 'my_seed_' }],
  [
    'CreatePaymentConnector',
    'no credentials, said twice',
    { credentialProviderConfigurations: [], provisionMode: 'MANUAL' },
  ],
  ['CreatePaymentInstrument', 'nobody linked', withAccount()],
  ['CreatePaymentInstrument', 'a phone', withAccount({ sms: { phoneNumber: '+14155550100' } })],
  [
    'CreatePaymentInstrument',
    'a developer token',
    withAccount({ developerJwt: { kid: 'a_b-1', sub: 'x'.repeat(255) } }),
  ],
  ['CreatePaymentInstrument', 'a social account', withAccount({ oAuth2: { x: { sub: '1', emailAddress: 'a@b.co' } } })],
  ['GetPaymentInstrument', 'a connector', { paymentConnectorId: CONNECTOR }],
  [
    'ListPaymentInstruments',
    'a connector and a page',
    { paymentConnectorId: CONNECTOR, maxResults: 100, nextToken: 'x' },
  ],
  ['ListPaymentSessions', 'the smallest page', { maxResults: 1, nextToken: 'x'.repeat(2_048) }],
  ['CreatePaymentSession', 'the shortest time', { expiryTimeInMinutes: 15 }],
  ['CreatePaymentSession', 'the longest time', { expiryTimeInMinutes: 480 }],
  ['CreatePaymentSession', 'a limit', withLimit({ value: '0.000001' })],
  ['CreatePaymentSession', 'a limit of nothing', withLimit({ value: '0' })],
  ['ProcessPayment', 'a token', { clientToken: TOKEN }],
  ['GetPaymentInstrumentBalance', 'another chain', { chain: 'ETHEREUM' }],
])('%s accepts %s', (operation, _what, overrides) => {
  expect(check(operation, overrides)).toEqual([]);
});

function tagsOf(count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [`tag${i}`, 'x'.repeat(256)]));
}

const details = 'paymentInstrumentDetails.embeddedCryptoWallet';
const account = `${details}.linkedAccounts.0`;

test.each<readonly [...Case, readonly string[]]>([
  ['CreatePaymentManager', 'a name that begins with a digit', { name: '1a' }, ['name']],
  ['CreatePaymentManager', 'a name with a hyphen', { name: 'a-b' }, ['name']],
  ['CreatePaymentManager', 'a name of 49 characters', { name: 'a'.repeat(49) }, ['name']],
  ['CreatePaymentManager', 'an empty name', { name: '' }, ['name']],
  ['CreatePaymentManager', 'a description with a control character', { description: 'a\u0007' }, ['description']],
  ['CreatePaymentManager', 'an empty description', { description: '' }, ['description']],
  ['CreatePaymentManager', 'a description of 4,097 characters', { description: 'x'.repeat(4_097) }, ['description']],
  [
    'CreatePaymentManager',
    'a JWT authorizer without its settings',
    { authorizerType: 'CUSTOM_JWT' },
    ['authorizerConfiguration'],
  ],
  [
    'CreatePaymentManager',
    'settings of a JWT authorizer without its issuer',
    { authorizerType: 'CUSTOM_JWT', authorizerConfiguration: { customJWTAuthorizer: {} } },
    ['authorizerConfiguration.customJWTAuthorizer.discoveryUrl'],
  ],
  ['CreatePaymentManager', 'a key for its data', { kmsKeyArn: 'arn:aws:kms:x' }, ['kmsKeyArn']],
  ['CreatePaymentManager', 'a user for a role', { roleArn: 'arn:aws:iam::111122223333:user/a' }, ['roleArn']],
  ['CreatePaymentManager', 'a role without a name', { roleArn: 'arn:aws:iam::111122223333:role/' }, ['roleArn']],
  ['CreatePaymentManager', 'fifty-one tags', { tags: tagsOf(51) }, ['tags']],
  ['CreatePaymentManager', 'a tag of 257 characters', { tags: { a: 'x'.repeat(257) } }, ['tags.a']],
  ['CreatePaymentManager', 'a token of 32 characters', { clientToken: 'x'.repeat(32) }, ['clientToken']],
  ['CreatePaymentManager', 'a token of 257 characters', { clientToken: 'x'.repeat(257) }, ['clientToken']],
  ['CreatePaymentManager', 'a token that begins with a hyphen', { clientToken: `-${TOKEN}` }, ['clientToken']],
  ['CreatePaymentConnector', 'a provider that nobody knows', { type: 'Stripe' }, ['type']],
  [
    'CreatePaymentConnector',
    'credentials without their ARN',
    { credentialProviderConfigurations: [{ coinbaseCDP: {} }] },
    ['credentialProviderConfigurations.0.coinbaseCDP.credentialProviderArn'],
  ],
  [
    'CreatePaymentConnector',
    'two credentials',
    { credentialProviderConfigurations: [{}, {}] },
    ['credentialProviderConfigurations'],
  ],
  ['CreatePaymentConnector', 'quick creation', { provisionMode: 'QUICK_CREATE' }, ['provisionMode']],
  ['CreatePaymentConnector', 'a manager id in capitals', { paymentManagerId: 'Demo-0123456789' }, ['paymentManagerId']],
  ['CreatePaymentInstrument', 'another type', { paymentInstrumentType: 'CARD' }, ['paymentInstrumentType']],
  ['CreatePaymentInstrument', 'another family of chains', withWallet({ network: 'BITCOIN' }), [`${details}.network`]],
  [
    'CreatePaymentInstrument',
    'an address of its own',
    withWallet({ walletAddress: '0x1' }),
    [`${details}.walletAddress`],
  ],
  [
    'CreatePaymentInstrument',
    'two people',
    withAccount(...wallet.linkedAccounts, ...wallet.linkedAccounts),
    [`${details}.linkedAccounts`],
  ],
  ['CreatePaymentInstrument', 'an account of no kind', withAccount({}), [account]],
  ['CreatePaymentInstrument', 'an account of an unknown kind', withAccount({ carrierPigeon: {} }), [account]],
  [
    'CreatePaymentInstrument',
    'an account of two kinds',
    withAccount({ email: { emailAddress: 'a@b.co' }, sms: { phoneNumber: '+14155550100' } }),
    [account],
  ],
  ['CreatePaymentInstrument', 'a social account of nobody', withAccount({ oAuth2: {} }), [`${account}.oAuth2`]],
  [
    'CreatePaymentInstrument',
    'an address without a host',
    withAccount({ email: { emailAddress: 'ada@' } }),
    [`${account}.email.emailAddress`],
  ],
  [
    'CreatePaymentInstrument',
    'a phone without its country',
    withAccount({ sms: { phoneNumber: '4155550100' } }),
    [`${account}.sms.phoneNumber`],
  ],
  [
    'GetPaymentInstrument',
    'an id of 33 characters',
    { paymentInstrumentId: INSTRUMENT.slice(0, -1) },
    ['paymentInstrumentId'],
  ],
  [
    'GetPaymentInstrument',
    'an id with a slash',
    { paymentInstrumentId: `${INSTRUMENT.slice(0, -1)}/` },
    ['paymentInstrumentId'],
  ],
  ['GetPaymentInstrumentBalance', 'a chain of another family', { chain: 'SOLANA' }, ['chain']],
  ['GetPaymentInstrumentBalance', 'an inherited name for a chain', { chain: 'constructor' }, ['chain']],
  ['GetPaymentInstrumentBalance', 'what is no symbol', { token: '0xDAI' }, ['token']],
  ['ListPaymentSessions', 'an empty page', { maxResults: 0 }, ['maxResults']],
  ['ListPaymentSessions', 'a page of 101', { maxResults: 101 }, ['maxResults']],
  ['ListPaymentSessions', 'half an item', { maxResults: 1.5 }, ['maxResults']],
  ['ListPaymentSessions', 'a number without end', { maxResults: 1e300 }, ['maxResults']],
  ['ListPaymentSessions', 'a token with a blank', { nextToken: 'a b' }, ['nextToken']],
  ['ListPaymentSessions', 'an empty token', { nextToken: '' }, ['nextToken']],
  ['ListPaymentSessions', 'a token of 2,049 characters', { nextToken: 'x'.repeat(2_049) }, ['nextToken']],
  ['CreatePaymentSession', '14 minutes', { expiryTimeInMinutes: 14 }, ['expiryTimeInMinutes']],
  ['CreatePaymentSession', '481 minutes', { expiryTimeInMinutes: 481 }, ['expiryTimeInMinutes']],
  ['CreatePaymentSession', 'half a minute', { expiryTimeInMinutes: 15.5 }, ['expiryTimeInMinutes']],
  ['CreatePaymentSession', 'minutes as text', { expiryTimeInMinutes: '60' }, ['expiryTimeInMinutes']],
  ['CreatePaymentSession', 'limits without a limit', { limits: {} }, ['limits.maxSpendAmount']],
  ['CreatePaymentSession', 'a limit as a number', withLimit({ value: 10 }), ['limits.maxSpendAmount.value']],
  [
    'CreatePaymentSession',
    'a limit in another currency',
    withLimit({ currency: 'EUR' }),
    ['limits.maxSpendAmount.currency'],
  ],
  [
    'CreatePaymentSession',
    'a limit of seven decimals',
    withLimit({ value: '0.0000001' }),
    ['limits.maxSpendAmount.value'],
  ],
  ['ProcessPayment', 'a connector, as AWS does', { paymentConnectorId: CONNECTOR }, ['paymentConnectorId']],
  ['ProcessPayment', 'a session of another form', { paymentSessionId: `${SESSION}0` }, ['paymentSessionId']],
  ['ListPayments', 'a page that is no number', { maxResults: 'x' }, ['maxResults']],
  ['GetPayment', 'an id that is no UUID', { processPaymentId: 'x'.repeat(36) }, ['processPaymentId']],
])('%s refuses %s', (operation, _what, overrides, names) => {
  expect(namesOf(operation, overrides)).toEqual(names);
});

test('names all that is wrong at once, but no more than twenty', () => {
  expect(
    namesOf('CreatePaymentSession', { expiryTimeInMinutes: 0, ...withLimit({ value: '', currency: '' }) }),
  ).toEqual(['expiryTimeInMinutes', 'limits.maxSpendAmount.value', 'limits.maxSpendAmount.currency']);
  const tags = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`tag${i}`, 5]));
  expect(namesOf('CreatePaymentManager', { tags })).toHaveLength(20);
});

test('quotes a value short and printable', () => {
  const [problem] = check('ProcessPayment', { paymentSessionId: `\n"é${'x'.repeat(1_000)}` });
  expect(problem?.message).toMatch(/Received: '\?"\?x{57}\.\.\.'$/);
});

test.each([
  ['clientToken', 'CreatePaymentSession', { clientToken: 'canary!' }],
  ['nextToken', 'ListPaymentSessions', { nextToken: 'canary !' }],
  ['a linked account', 'CreatePaymentInstrument', withAccount({ email: { emailAddress: 'canary' } })],
] as const)('does not quote %s', (_what, operation, overrides) => {
  const problems = check(operation, overrides);
  expect(problems).toHaveLength(1);
  expect(problems[0]?.message).toMatch(/Received: \d+ characters$/);
  expect(JSON.stringify(problems)).not.toContain('canary');
});
