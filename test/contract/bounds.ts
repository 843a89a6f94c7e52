import type { OperationName } from '../../lib/contract/operations.ts';
import { INSTRUMENT, SESSION, VALID } from '../api/requests.ts';

// The bounds of AgentCore's models, each from both sides. Where ours are wider, the second side is one step past ours.

export type Bound = readonly [
  path: string,
  operations: readonly OperationName[],
  accepted: readonly unknown[],
  refused: readonly unknown[],
];

export const x = (count: number) => 'x'.repeat(count);
const d = (count: number) => '1'.repeat(count);
const uuid = '5f0c2b5e-8a3d-4f1e-9b7c-0a1b2c3d4e5f';
const tail = '-0123456789';
const prefix = 'arn:aws:bedrock-agentcore:us-east-1:111122223333:payment-manager/';
export const PROVIDER_ARN =
  'arn:aws:bedrock-agentcore:us-east-1:111122223333:token-vault/default/paymentcredentialprovider/';
const MANAGERS = [
  'GetPaymentManager',
  'UpdatePaymentManager',
  'DeletePaymentManager',
  'ListPaymentConnectors',
] as const;
const CONNECTORS = ['GetPaymentConnector', 'UpdatePaymentConnector', 'DeletePaymentConnector'] as const;
const TOKENS = [
  'CreatePaymentManager',
  'UpdatePaymentManager',
  'DeletePaymentManager',
  'CreatePaymentConnector',
  'UpdatePaymentConnector',
  'DeletePaymentConnector',
  'RotatePaymentConnectorCredentials',
  'CreatePaymentInstrument',
  'CreatePaymentSession',
  'ProcessPayment',
  'PayChallenge',
] as const;
const WITH_ARN = (Object.keys(VALID) as OperationName[]).filter((name) => 'paymentManagerArn' in VALID[name]);
const wallet = 'paymentInstrumentDetails.embeddedCryptoWallet';
const account = `${wallet}.linkedAccounts.0`;

export const IDENTIFIERS: readonly Bound[] = [
  [
    'paymentManagerArn',
    WITH_ARN,
    [
      `${prefix}a${tail}`,
      `${prefix}${x(49)}${tail}`,
      `${prefix}a-b--c${tail}`,
      `arn:aws-us-gov:bedrock-agentcore:us-gov-west-1:111122223333:payment-manager/demo${tail}`,
      `arn:aws:bedrock-agentcore:${x(1_980)}:111122223333:payment-manager/a${tail}`,
    ],
    [
      `arn:aws:bedrock-agentcore:${x(1_981)}:111122223333:payment-manager/a${tail}`,
      '',
      `${prefix}${x(50)}${tail}`,
      `${prefix}-a${tail}`,
      `${prefix}a-${tail}`,
      `${prefix}A${tail}`,
      `${prefix}a_b${tail}`,
      `${prefix}a-012345678`,
      `${prefix}a${tail}#x`,
      `${prefix}a${tail}\n`,
      `${prefix}demo${tail}`.replace('111122223333', '11112222333'),
      `${prefix}demo${tail}`.replace(':bedrock-agentcore:', ':payments:'),
      `${prefix}demo${tail}`.replace('arn:aws:', 'arn:'),
    ],
  ],
  [
    'paymentManagerId',
    MANAGERS,
    [`a${tail}`, `${x(100)}${tail}`, `${'x-'.repeat(99)}x${tail}`],
    [
      '',
      `${tail}`,
      `${x(101)}${tail}`,
      `${'x-'.repeat(100)}x${tail}`,
      `a--b${tail}`,
      `a_b${tail}`,
      `A${tail}`,
      'a-012345678',
      `a${tail}\n`,
    ],
  ],
  [
    'paymentConnectorId',
    [...CONNECTORS, 'GetPaymentInstrument', 'ListPaymentInstruments', 'GetPaymentInstrumentBalance'],
    [`a${tail}`, `${x(100)}${tail}`, `a_b__c${tail}`],
    ['', `${x(101)}${tail}`, `a--b${tail}`, `-a${tail}`, `A${tail}`, `a/b${tail}`],
  ],
  [
    'paymentInstrumentId',
    [
      'GetPaymentInstrument',
      'DeletePaymentInstrument',
      'GetPaymentInstrumentBalance',
      'ProcessPayment',
      'PayChallenge',
      'QuoteChallenge',
    ],
    [`payment-instrument-${'-'.repeat(15)}`, INSTRUMENT],
    [
      `${INSTRUMENT}x`,
      INSTRUMENT.slice(1),
      INSTRUMENT.replace(/.$/, '_'),
      INSTRUMENT.replace('instrument', 'Instrument'),
    ],
  ],
  [
    'paymentSessionId',
    ['GetPaymentSession', 'DeletePaymentSession', 'ProcessPayment', 'PayChallenge', 'QuoteChallenge'],
    [`payment-session-${'-'.repeat(15)}`, SESSION],
    // The first is that of a withdrawal: nobody may spend, read or delete it as one of his.
    [`withdrawal-${x(15)}`, `withdrawal-${x(20)}`, `${SESSION}x`, SESSION.slice(0, -1), SESSION.replace(/.$/, '_')],
  ],
  [
    'clientToken',
    TOKENS,
    [x(33), x(256), uuid, `a${'-'.repeat(40)}b`],
    [x(32), x(257), `${x(33)}-`, `-${x(33)}`, `${x(33)}_`, `${x(33)}\n`],
  ],
  ['processPaymentId', ['GetPayment', 'GetWithdrawal'], [uuid], [uuid.slice(1), `${uuid}0`, uuid.toUpperCase()]],
  [
    'resourceArn',
    ['TagResource', 'UntagResource', 'ListTagsForResource'],
    [
      `${prefix}demo${tail}`,
      `${PROVIDER_ARN}a`,
      'arn::bedrock-agentcore:a:111122223333:a/b',
      PROVIDER_ARN.replace('bedrock-agentcore', 'acps') + 'a',
    ],
    [
      'arn:aws:s3:::bucket-of-somebody',
      `${prefix}`,
      `${prefix}${x(1_011)}`,
      `${PROVIDER_ARN}a/b`,
      'arn::bedrock-agentcore:a:111122223333:a',
    ],
  ],
];

export const CONTROL_PLANE: readonly Bound[] = [
  ['name', ['CreatePaymentManager'], ['a', `A${d(47)}`], ['', `A${d(48)}`, '1a', 'a_b', 'a-b', 'é']],
  ['name', ['CreatePaymentConnector'], ['a', `A${'_'.repeat(47)}`], ['', `A${d(48)}`, '_a', '1a', 'a-b']],
  [
    'description',
    ['CreatePaymentManager', 'UpdatePaymentManager', 'CreatePaymentConnector', 'UpdatePaymentConnector'],
    ['x', x(4_096), 'two\nlines', 'Für 研究'],
    ['', x(4_097), 'a\u0000b', 'a\u202eb', '\ud800'],
  ],
  [
    'roleArn',
    ['CreatePaymentManager', 'UpdatePaymentManager'],
    ['arn:aws:iam::111122223333:role/x', 'arn:aws:iam:::role/x', `arn:aws:iam::111122223333:role/${x(2_017)}`],
    [
      '',
      `arn:aws:iam::111122223333:role/${x(2_018)}`,
      'arn:aws:iam::11112222333:role/x',
      'arn:aws:iam::111122223333:role/',
      'arn:aws:iam::111122223333:user/x',
    ],
  ],
  ['authorizerType', ['UpdatePaymentManager'], ['AWS_IAM', 'CUSTOM_JWT'], ['', 'NONE', 'aws_iam']],
  ['tags.k', ['CreatePaymentManager', 'TagResource'], ['', x(256), 'a b\t_.:/=+-@'], [x(257), '<', 'a\u0000']],
  [`tags.${x(128)}`, ['TagResource', 'CreateWorkloadIdentity'], ['v'], [7]],
  [
    'credentialProviderConfigurations',
    ['CreatePaymentConnector', 'UpdatePaymentConnector'],
    [[], [{ coinbaseCDP: { credentialProviderArn: `${PROVIDER_ARN}a` } }]],
    [[{}, {}], {}],
  ],
  [
    'credentialProviderConfigurations.0.stripePrivy.credentialProviderArn',
    ['CreatePaymentConnector', 'UpdatePaymentConnector'],
    [
      `${PROVIDER_ARN}a`,
      `${PROVIDER_ARN.replace('bedrock-agentcore', 'acps')}a_b`,
      `${PROVIDER_ARN}${x(2_048 - PROVIDER_ARN.length)}`,
      `arn:aws:acps:a:111122223333:token-vault/d/paymentcredentialprovider/ab`,
    ],
    [
      '',
      PROVIDER_ARN,
      `${PROVIDER_ARN}${x(2_049 - PROVIDER_ARN.length)}`,
      `${PROVIDER_ARN}a/b`,
      `${PROVIDER_ARN.replace('bedrock-agentcore', 'iam')}a`,
      `arn:aws:acps:a:111122223333:token-vault/d/paymentcredentialprovider/`,
    ],
  ],
  [
    'type',
    ['CreatePaymentConnector', 'UpdatePaymentConnector'],
    ['CoinbaseCDP', 'StripePrivy', 'AwsKms', 'SeedVault'],
    ['', 'coinbasecdp'],
  ],
  ['provisionMode', ['CreatePaymentConnector'], ['MANUAL'], ['QUICK_CREATE', '']],
  [
    'credentialsToRotate.coinbaseCDP.secrets',
    ['RotatePaymentConnectorCredentials'],
    [['API_KEY'], ['API_KEY', 'WALLET_SECRET']],
    [[], ['API_KEY', 'API_KEY', 'API_KEY']],
  ],
  [
    'credentialsToRotate.coinbaseCDP.secrets.0',
    ['RotatePaymentConnectorCredentials'],
    ['WALLET_SECRET'],
    ['PASSWORD', 7],
  ],
  [
    'maxResults',
    ['ListPaymentManagers', 'ListPaymentConnectors', 'ListPayments'],
    ['1', '100', '007'],
    ['0', '101', '-1', '', 7],
  ],
  [
    'nextToken',
    [
      'ListPaymentManagers',
      'ListPaymentConnectors',
      'ListPayments',
      'ListPaymentSessions',
      'ListPaymentInstruments',
      'ListWorkloadIdentities',
      'ListPaymentCredentialProviders',
    ],
    ['x', x(2_048)],
    ['', x(2_049), 'a b', 'a\n'],
  ],
];

export const DATA_PLANE: readonly Bound[] = [
  ['maxResults', ['ListPaymentSessions', 'ListPaymentInstruments'], [1, 100], [0, 101, 1.5, '7', -1]],
  ['expiryTimeInMinutes', ['CreatePaymentSession'], [15, 480], [14, 481, 15.5, '60', Number.MAX_SAFE_INTEGER]],
  [
    'limits.maxSpendAmount',
    ['CreatePaymentSession'],
    [
      { value: '0', currency: 'USD' },
      { value: `${d(18)}.${d(6)}`, currency: 'USD' },
    ],
    [
      { value: `${d(19)}`, currency: 'USD' },
      { value: `1.${d(7)}`, currency: 'USD' },
      { value: '-1', currency: 'USD' },
      { value: '1e3', currency: 'USD' },
      { value: '', currency: 'USD' },
      { value: '1', currency: 'usd' },
      { value: '1' },
    ],
  ],
  ['limits', ['CreatePaymentSession'], [{ maxSpendAmount: { value: '1', currency: 'USD', more: 1 } }], ['10', []]],
  [
    'amount',
    ['CreateWithdrawal'],
    [
      { value: '0.000001', currency: 'USD' },
      { value: `${d(18)}.${d(6)}`, currency: 'USD' },
      { value: `0.${d(24)}`, currency: 'ACME' },
    ],
    [
      { value: '0', currency: 'USD' },
      { value: '0.000000', currency: 'USD' },
      { value: '-1', currency: 'USD' },
      { value: 'all', currency: 'USD' },
      { value: 1, currency: 'USD' },
      { value: '0.000', currency: 'EURC' },
      { value: `0.${d(25)}`, currency: 'ACME' },
      { value: '1', currency: 'EUR C' },
      { value: '1' },
      '1.00',
      undefined,
    ],
  ],
  [
    'destination',
    ['CreateWithdrawal'],
    [
      '0x209693Bc6afc0C5328bA36FaF03C514EF312287C',
      '0x209693bc6afc0c5328ba36faf03c514ef312287c',
      '0x209693BC6AFC0C5328BA36FAF03C514EF312287C',
    ],
    [
      '0x209693bc6afc0C5328bA36FaF03C514EF312287C',
      '0x209693Bc6afc0C5328bA36FaF03C514EF312287',
      '209693Bc6afc0C5328bA36FaF03C514EF312287C00',
      'vitalik.eth',
      '',
      undefined,
    ],
  ],
  [
    'network',
    ['CreateWithdrawal', 'GetInstrumentFunds'],
    [undefined, 'eip155:8453'],
    ['base', 'eip155:', 'eip155:08453', `eip155:${d(26)}`, 'solana:mainnet', 8453],
  ],
  [
    'chain',
    ['GetPaymentInstrumentBalance'],
    ['BASE', 'BASE_SEPOLIA', 'ETHEREUM'],
    ['SOLANA', 'SOLANA_DEVNET', 'base', ''],
  ],
  ['token', ['GetPaymentInstrumentBalance'], ['USDC'], ['', 'US DC', '0xUSDC', 'A'.repeat(17)]],
  ['paymentType', ['ProcessPayment'], ['CRYPTO_X402', 'MPP'], ['', x(65), 7]],
  ['paymentInstrumentType', ['CreatePaymentInstrument'], ['EMBEDDED_CRYPTO_WALLET'], ['CARD', '']],
  [`${wallet}.network`, ['CreatePaymentInstrument'], ['ETHEREUM', 'SOLANA'], ['BITCOIN', 'ethereum']],
  [`${wallet}.redirectUrl`, ['CreatePaymentInstrument'], ['', x(2_048)], [x(2_049), 7]],
  [`${wallet}.walletAddress`, ['CreatePaymentInstrument'], [undefined], ['', '0x1']],
  [
    `${wallet}.linkedAccounts`,
    ['CreatePaymentInstrument'],
    [undefined, []],
    [{}, [{ sms: { phoneNumber: '+10' } }, { sms: { phoneNumber: '+10' } }]],
  ],
  [
    `${account}.email.emailAddress`,
    ['CreatePaymentInstrument'],
    ['a@b.co', `${x(249)}@b.co`, 'a.b_c%d+e-f@g-h.i.jk'],
    ['', 'a@b.c', 'a@b', '@b.co', 'a b@c.de', `${x(250)}@b.co`, 'a@b.co\n'],
  ],
  [
    `${account}.sms.phoneNumber`,
    ['CreatePaymentInstrument'],
    ['+10', `+${d(15)}`],
    ['+1', `+${d(16)}`, '+01', '10', '+1 0'],
  ],
  [
    `${account}.developerJwt`,
    ['CreatePaymentInstrument'],
    [
      { kid: x(255), sub: x(255) },
      { kid: '-', sub: ' ' },
    ],
    [
      { kid: '', sub: 'x' },
      { kid: x(256), sub: 'x' },
      { kid: 'a.b', sub: 'x' },
      { kid: 'a', sub: '' },
      { kid: 'a', sub: x(256) },
      { kid: 'a' },
    ],
  ],
  [
    `${account}.oAuth2.apple`,
    ['CreatePaymentInstrument'],
    [{ sub: x(255), name: x(255), username: x(255), emailAddress: 'a@b.co' }, { sub: 'x' }],
    [
      {},
      { sub: '' },
      { sub: x(256) },
      { sub: 'x', name: '' },
      { sub: 'x', name: x(256) },
      { sub: 'x', username: x(256) },
      { sub: 'x', emailAddress: 'a@b' },
    ],
  ],
];
