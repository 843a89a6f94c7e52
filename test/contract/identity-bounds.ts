import { x, type Bound } from './bounds.ts';

const cdpRequest = 'paymentTokenRequest.coinbaseCdpTokenRequest';
const privy = 'providerConfigurationInput.stripePrivyConfiguration';
const cdp = 'providerConfigurationInput.coinbaseCdpConfiguration';
const PROVIDERS = ['CreatePaymentCredentialProvider', 'UpdatePaymentCredentialProvider'] as const;

export const IDENTITIES: readonly Bound[] = [
  [
    'name',
    [...PROVIDERS, 'GetPaymentCredentialProvider', 'DeletePaymentCredentialProvider'],
    ['a', x(128), 'a-b_C1'],
    ['', x(129), 'a.b', 'a/b', 'é'],
  ],
  [
    'name',
    ['CreateWorkloadIdentity', 'GetWorkloadIdentity', 'UpdateWorkloadIdentity', 'DeleteWorkloadIdentity'],
    ['a.b', x(255), 'a_b-C1'],
    ['ab', x(256), 'a/b', 'a b'],
  ],
  [
    'workloadName',
    ['GetWorkloadAccessToken', 'GetWorkloadAccessTokenForJWT', 'GetWorkloadAccessTokenForUserId'],
    ['abc', x(255)],
    ['ab', x(256), 'a b'],
  ],
  ['maxResults', ['ListWorkloadIdentities', 'ListPaymentCredentialProviders'], [1, 20], [0, 21, '7']],
  ['credentialProviderVendor', PROVIDERS, ['CoinbaseCDP', 'StripePrivy'], ['AwsKms', '']],
  [`${cdp}.apiKeyId`, PROVIDERS, ['x', x(512), 'organizations/1/apiKeys/2'], ['', x(513), 'a b', 'a\n']],
  [`${cdp}.apiKeySecret`, PROVIDERS, ['', x(2_048), 'a+/=-_ \n'], [x(2_049), '!', 'a"b']],
  [`${cdp}.walletSecret`, PROVIDERS, ['', x(2_048)], [x(2_049), '!', '$']],
  [`${cdp}.walletSecretSource`, PROVIDERS, ['MANAGED', 'EXTERNAL'], ['', 'managed']],
  [
    `${cdp}.apiKeySecretConfig`,
    PROVIDERS,
    [
      { secretId: x(2_048), jsonKey: x(128) },
      { secretId: 'x', jsonKey: 'x' },
    ],
    [
      { secretId: '', jsonKey: 'x' },
      { secretId: x(2_049), jsonKey: 'x' },
      { secretId: 'x', jsonKey: '' },
      { secretId: 'x', jsonKey: x(129) },
      { secretId: 'x' },
    ],
  ],
  [
    privy,
    PROVIDERS,
    [
      {
        appId: x(512),
        authorizationId: x(512),
        appSecret: x(2_048),
        authorizationPrivateKey: `wallet-auth:${x(2_036)}`,
      },
    ],
    [{ appId: 'a:b' }],
  ],
  [
    'allowedResourceOauth2ReturnUrls',
    ['CreateWorkloadIdentity', 'UpdateWorkloadIdentity'],
    [[], Array.from({ length: 20 }, () => 'https://a.example')],
    [Array.from({ length: 21 }, () => 'https://a.example'), 'https://a.example'],
  ],
  [
    'allowedResourceOauth2ReturnUrls.0',
    ['CreateWorkloadIdentity'],
    ['a:b', 'com.example.app:/done', `https://a.example/${x(2_030)}`],
    ['', 'x', '//a.example', 'https://a example', `https://a.example/${x(2_031)}`],
  ],
  ['userId', ['GetWorkloadAccessTokenForUserId'], ['x', x(128)], ['', x(129), 'a\n']],
  [
    'userToken',
    ['GetWorkloadAccessTokenForJWT'],
    ['a.b.c', `a.b.${x(131_068)}`, 'a=.b-.c_'],
    ['', 'a.b', 'a.b.', 'a..c', 'a.b.c.d', 'a.b.c d', `a.b.${x(131_069)}`],
  ],
  ['workloadIdentityToken', ['GetResourcePaymentToken'], ['x', x(131_072)], ['', x(131_073)]],
  ['resourceCredentialProviderName', ['GetResourcePaymentToken'], ['x', x(128)], ['', x(129), 'a.b']],
  [
    `${cdpRequest}.requestMethod`,
    ['GetResourcePaymentToken'],
    ['GET', 'POST', 'PUT', 'DELETE', 'PATCH'],
    ['HEAD', 'get', ''],
  ],
  [
    `${cdpRequest}.requestHost`,
    ['GetResourcePaymentToken'],
    [undefined, 'api.cdp.coinbase.com'],
    ['', 'localhost', 'a.b:1', 'a.b/c', 'API.cdp.coinbase.com'],
  ],
  [
    `${cdpRequest}.requestPath`,
    ['GetResourcePaymentToken'],
    ['/x', `/${x(2_047)}`, '/a/b?c=d&e=%20~._-'],
    ['', '/', `/${x(2_048)}`, 'a', '/a#b', '/a b', '/a:b'],
  ],
  [
    `${cdpRequest}.requestBody`,
    ['GetResourcePaymentToken'],
    ['x', x(16_384), '{\t\r\n}'],
    ['', x(16_385), 'é', 'a\u0000', '\u007f'],
  ],
  [`${cdpRequest}.includeWalletAuthToken`, ['GetResourcePaymentToken'], [true, false], ['true', 1]],
  [
    'paymentTokenRequest.stripePrivyTokenRequest',
    ['GetResourcePaymentToken'],
    [{ requestPath: '/x', requestBody: x(16_384), requestHost: 'api.privy.io', includeAuthorizationSignature: true }],
    [
      { requestPath: '/x' },
      { requestBody: '{}' },
      { requestPath: '/x', requestBody: '' },
      { requestPath: '/x', requestBody: x(16_385) },
      { requestPath: '/x', requestBody: '{}', includeAuthorizationSignature: 'true' },
    ],
  ],
];
