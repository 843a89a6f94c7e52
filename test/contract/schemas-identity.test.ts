import { describe, expect, test } from 'vitest';
import type { OperationName } from '../../lib/contract/operations.ts';
import { validateInput } from '../../lib/contract/validation.ts';

const DISCOVERY = 'https://issuer.example/tenant/.well-known/openid-configuration';
const ROLE = 'arn:aws:iam::111122223333:role/service';

function problemsOf(operation: OperationName, input: Readonly<Record<string, unknown>>): string[] {
  const result = validateInput(operation, input);
  return result.ok ? [] : result.error.map(({ name }) => name);
}

const jwtProblems = (settings: object): string[] =>
  problemsOf('CreatePaymentManager', {
    name: 'demo',
    roleArn: ROLE,
    authorizerType: 'CUSTOM_JWT',
    authorizerConfiguration: {
      customJWTAuthorizer: { discoveryUrl: DISCOVERY, allowedClients: ['app'], ...settings },
    },
  }).map((name) => name.replace('authorizerConfiguration.customJWTAuthorizer', '*'));

const claim = (type: string, operator: string, claimMatchValue: object) => ({
  customClaims: [
    {
      inboundTokenClaimName: 'groups',
      inboundTokenClaimValueType: type,
      authorizingClaimMatchValue: { claimMatchValue, claimMatchOperator: operator },
    },
  ],
});
const texts = (count: number) => Array.from({ length: count }, (_, at) => `text-${at}`);
const tags = (count: number) => Object.fromEntries(texts(count).map((name) => [name, 'x']));

describe('a JWT authorizer', () => {
  test.each<[string, object]>([
    ['one client', {}],
    ['fifty audiences', { allowedAudience: texts(50) }],
    ['scopes as providers write them', { allowedScopes: ['bursar/manage', 'https://api.example/.default', 'a:b!c'] }],
    ['a text that a claim equals', claim('STRING', 'EQUALS', { matchValueString: 'x' })],
    ['a text that a list contains', claim('STRING_ARRAY', 'CONTAINS', { matchValueString: 'x' })],
    ['one of the texts of a list', claim('STRING_ARRAY', 'CONTAINS_ANY', { matchValueStringList: ['x', 'y'] })],
    ['a mapping of scopes', { advertisedScopeMapping: { read: 'Read' } }],
    ['a mapping of fifty scopes', { advertisedScopeMapping: tags(50) }],
    ['a management scope of its own', { managementScope: 'payments:admin', managementMayPay: true }],
    ['an authorization server', { discoveryUrl: 'https://issuer.example/a/.well-known/oauth-authorization-server' }],
    [
      'an issuer whose path stands behind',
      { discoveryUrl: 'https://issuer.example/.well-known/openid-configuration/a' },
    ],
    ['an issuer on the own machine', { discoveryUrl: 'http://127.0.0.1:9/.well-known/openid-configuration' }],
  ])('may have %s', (_, settings) => {
    expect(jwtProblems(settings)).toEqual([]);
  });

  test.each<[string, object, string[]]>([
    [
      'a path on either side',
      { discoveryUrl: 'https://issuer.example/a/.well-known/openid-configuration/b' },
      ['*.discoveryUrl'],
    ],
    ['another document', { discoveryUrl: 'https://issuer.example/.well-known/jwks.json' }, ['*.discoveryUrl']],
    ['certificates of its own', { certificateConfigurations: [] }, ['*.certificateConfigurations']],
    ['no rule at all', { allowedClients: undefined }, ['*']],
    ['an empty list of clients', { allowedClients: [] }, ['*.allowedClients']],
    ['fifty-one audiences', { allowedAudience: texts(51) }, ['*.allowedAudience']],
    ['an audience of 513 characters', { allowedAudience: ['x'.repeat(513)] }, ['*.allowedAudience.0']],
    ['a scope with a space', { allowedScopes: ['a b'] }, ['*.allowedScopes.0']],
    ['a scope with a quote', { allowedScopes: ['a"b'] }, ['*.allowedScopes.0']],
    ['a scope of 256 characters', { allowedScopes: ['x'.repeat(256)] }, ['*.allowedScopes.0']],
    ['a text for a list claim', claim('STRING', 'CONTAINS', { matchValueString: 'x' }), ['*.customClaims.0']],
    ['a list for a text claim', claim('STRING_ARRAY', 'EQUALS', { matchValueString: 'x' }), ['*.customClaims.0']],
    [
      'an operator without its value',
      claim('STRING_ARRAY', 'CONTAINS_ANY', { matchValueString: 'x' }),
      ['*.customClaims.0'],
    ],
    [
      'two values for one claim',
      claim('STRING', 'EQUALS', { matchValueString: 'x', matchValueStringList: ['y'] }),
      ['*.customClaims.0.authorizingClaimMatchValue.claimMatchValue'],
    ],
    [
      'an operator that nobody knows',
      claim('STRING', 'MATCHES', { matchValueString: 'x' }),
      ['*.customClaims.0.authorizingClaimMatchValue.claimMatchOperator'],
    ],
    ['an issuer without https', { discoveryUrl: DISCOVERY.replace('https', 'http') }, ['*.discoveryUrl']],
    ['an issuer of another scheme', { discoveryUrl: DISCOVERY.replace('https', 'file') }, ['*.discoveryUrl']],
    ['a user in the issuer', { discoveryUrl: DISCOVERY.replace('//', '//user:word@') }, ['*.discoveryUrl']],
    ['a query behind the issuer', { discoveryUrl: `https://x.example/?${DISCOVERY}` }, ['*.discoveryUrl']],
    ['a URL of something else', { discoveryUrl: 'https://issuer.example/keys' }, ['*.discoveryUrl']],
    ['a private endpoint', { privateEndpoint: { managedVpcResource: {} } }, ['*.privateEndpoint']],
    ['workloads', { allowedWorkloadConfiguration: {} }, ['*.allowedWorkloadConfiguration']],
    ['a text for a switch', { managementMayPay: 'true' }, ['*.managementMayPay']],
    ['an empty mapping of scopes', { advertisedScopeMapping: {} }, ['*.advertisedScopeMapping']],
    ['fifty-one scopes in its mapping', { advertisedScopeMapping: tags(51) }, ['*.advertisedScopeMapping']],
    ['a certificate of its own', { certificateConfigurations: [{}] }, ['*.certificateConfigurations']],
  ])('is refused with %s', (_, settings, wrong) => {
    expect(jwtProblems(settings)).toEqual(wrong);
  });

  test('is refused beside AWS_IAM, which has nothing to configure', () => {
    const authorizerConfiguration = { customJWTAuthorizer: { discoveryUrl: DISCOVERY, allowedClients: ['app'] } };
    const input = { name: 'demo', roleArn: ROLE, authorizerType: 'AWS_IAM', authorizerConfiguration };
    expect(problemsOf('CreatePaymentManager', input)).toEqual(['authorizerConfiguration']);
  });
});

const COINBASE = { apiKeyId: 'key', apiKeySecret: 'c2VjcmV0' };
const provider = (configuration: object, more: object = {}) => ({
  name: 'coinbase',
  credentialProviderVendor: 'CoinbaseCDP',
  providerConfigurationInput: { coinbaseCdpConfiguration: { ...COINBASE, ...configuration } },
  ...more,
});
const mint = (request: object) => ({
  workloadIdentityToken: 'bwt_x',
  resourceCredentialProviderName: 'coinbase',
  paymentTokenRequest: { coinbaseCdpTokenRequest: { requestMethod: 'GET', requestPath: '/platform', ...request } },
});
const TAG_ARN = 'arn:aws:bedrock-agentcore:us-east-1:111122223333:payment-manager/demo-0123456789';

test.each<[OperationName, string, Readonly<Record<string, unknown>>]>([
  ['CreatePaymentCredentialProvider', 'a name of 128 characters', provider({}, { name: 'x'.repeat(128) })],
  ['CreatePaymentCredentialProvider', 'a secret of 2,048 characters', provider({ walletSecret: 'a'.repeat(2_048) })],
  ['CreatePaymentCredentialProvider', 'a secret in lines', provider({ walletSecret: 'YWJj\nZGVm\n' })],
  [
    'CreatePaymentCredentialProvider',
    'a reference',
    provider({ apiKeySecretSource: 'EXTERNAL', apiKeySecretConfig: { secretId: 'mine', jsonKey: 'key' } }),
  ],
  ['CreateWorkloadIdentity', 'a name of three characters', { name: 'a.b' }],
  ['CreateWorkloadIdentity', 'a name of 255 characters', { name: 'x'.repeat(255) }],
  ['CreateWorkloadIdentity', 'a return URL', { name: 'abc', allowedResourceOauth2ReturnUrls: ['https://a.example'] }],
  ['ListWorkloadIdentities', 'a page of 20', { maxResults: 20 }],
  ['TagResource', 'fifty tags', { resourceArn: TAG_ARN, tags: tags(50) }],
  ['TagResource', 'a tag in any script', { resourceArn: TAG_ARN, tags: { Größe: 'x y_z.:/=+-@' } }],
  ['UntagResource', '200 keys', { resourceArn: TAG_ARN, tagKeys: texts(200) }],
  ['GetWorkloadAccessTokenForUserId', 'a user of 128 characters', { workloadName: 'abc', userId: 'x'.repeat(128) }],
  ['GetWorkloadAccessTokenForJWT', 'a long token', { workloadName: 'abc', userToken: `a.b.${'x'.repeat(131_068)}` }],
  ['GetResourcePaymentToken', 'a body of 16,384 characters', mint({ requestBody: 'x'.repeat(16_384) })],
  ['GetResourcePaymentToken', 'a query in the path', mint({ requestPath: '/a/b?c=d&e=%20~._-' })],
])('%s accepts %s', (operation, _, input) => {
  expect(problemsOf(operation, input)).toEqual([]);
});

const CDP = 'providerConfigurationInput.coinbaseCdpConfiguration';
const REQUEST = 'paymentTokenRequest.coinbaseCdpTokenRequest';

test.each<[OperationName, string, Readonly<Record<string, unknown>>, string[]]>([
  ['CreatePaymentCredentialProvider', 'a name of 129', provider({}, { name: 'x'.repeat(129) }), ['name']],
  ['CreatePaymentCredentialProvider', 'a name with a slash', provider({}, { name: 'a/b' }), ['name']],
  [
    'CreatePaymentCredentialProvider',
    'a vendor that nobody knows',
    provider({}, { credentialProviderVendor: 'Other' }),
    ['credentialProviderVendor'],
  ],
  [
    'CreatePaymentCredentialProvider',
    'a secret of 2,049',
    provider({ apiKeySecret: 'a'.repeat(2_049) }),
    [`${CDP}.apiKeySecret`],
  ],
  [
    'CreatePaymentCredentialProvider',
    'a secret of another alphabet',
    provider({ apiKeySecret: '<key>' }),
    [`${CDP}.apiKeySecret`],
  ],
  [
    'CreatePaymentCredentialProvider',
    'a source that nobody knows',
    provider({ apiKeySecretSource: 'VAULT' }),
    [`${CDP}.apiKeySecretSource`],
  ],
  [
    'CreatePaymentCredentialProvider',
    'two configurations',
    provider(
      {},
      {
        providerConfigurationInput: {
          coinbaseCdpConfiguration: COINBASE,
          stripePrivyConfiguration: { appId: 'a', authorizationId: 'b' },
        },
      },
    ),
    ['providerConfigurationInput'],
  ],
  [
    'CreatePaymentCredentialProvider',
    'no configuration',
    provider({}, { providerConfigurationInput: {} }),
    ['providerConfigurationInput'],
  ],
  ['CreateWorkloadIdentity', 'a name of two characters', { name: 'ab' }, ['name']],
  ['CreateWorkloadIdentity', 'a name of 256 characters', { name: 'x'.repeat(256) }, ['name']],
  [
    'CreateWorkloadIdentity',
    'a return URL that is none',
    { name: 'abc', allowedResourceOauth2ReturnUrls: ['x'] },
    ['allowedResourceOauth2ReturnUrls.0'],
  ],
  ['ListWorkloadIdentities', 'a page of 21', { maxResults: 21 }, ['maxResults']],
  ['ListPaymentCredentialProviders', 'a page of none', { maxResults: 0 }, ['maxResults']],
  ['TagResource', 'fifty-one tags', { resourceArn: TAG_ARN, tags: tags(51) }, ['tags']],
  ['TagResource', 'no tags', { resourceArn: TAG_ARN }, ['tags']],
  ['TagResource', 'a tag of AWS’s own', { resourceArn: TAG_ARN, tags: { 'aws:x': 'y' } }, ['tags.aws:x']],
  [
    'TagResource',
    'something that is no ARN',
    { resourceArn: 'payment-manager/demo-0123456789', tags: {} },
    ['resourceArn'],
  ],
  ['UntagResource', 'no keys', { resourceArn: TAG_ARN, tagKeys: [] }, ['tagKeys']],
  ['UntagResource', '201 keys', { resourceArn: TAG_ARN, tagKeys: texts(201) }, ['tagKeys']],
  ['GetWorkloadAccessTokenForUserId', 'a user of 129', { workloadName: 'abc', userId: 'x'.repeat(129) }, ['userId']],
  ['GetWorkloadAccessTokenForUserId', 'a line break', { workloadName: 'abc', userId: 'a\nb' }, ['userId']],
  [
    'GetWorkloadAccessTokenForJWT',
    'a token of 131,073',
    { workloadName: 'abc', userToken: `a.b.${'x'.repeat(131_069)}` },
    ['userToken'],
  ],
  [
    'GetResourcePaymentToken',
    'a body of 16,385',
    mint({ requestBody: 'x'.repeat(16_385) }),
    [`${REQUEST}.requestBody`],
  ],
  ['GetResourcePaymentToken', 'a body beyond ASCII', mint({ requestBody: '{"a":"ü"}' }), [`${REQUEST}.requestBody`]],
  ['GetResourcePaymentToken', 'a relative path', mint({ requestPath: 'platform' }), [`${REQUEST}.requestPath`]],
  ['GetResourcePaymentToken', 'a path with a fragment', mint({ requestPath: '/a#b' }), [`${REQUEST}.requestPath`]],
  [
    'GetResourcePaymentToken',
    'a method that nobody knows',
    mint({ requestMethod: 'TRACE' }),
    [`${REQUEST}.requestMethod`],
  ],
])('%s refuses %s', (operation, _, input, wrong) => {
  expect(problemsOf(operation, input)).toEqual(wrong);
});

describe('a credential', () => {
  const CANARY = 'Canary-7f3a91c2';
  const members = [
    'apiKeyId',
    'apiKeySecret',
    'apiKeySecretSource',
    'apiKeySecretConfig',
    'walletSecret',
    'walletSecretSource',
  ];

  test.each(members)('in %s is quoted in no problem, however wrong it is', (member) => {
    const long = `${CANARY}<${'x'.repeat(4_000)}`;
    for (const value of [long, [long], { [CANARY]: long }, { secretId: [CANARY] }]) {
      const result = validateInput('CreatePaymentCredentialProvider', provider({ [member]: value }));
      if (!result.ok) expect(JSON.stringify(result.error)).not.toContain(CANARY);
    }
  });

  test.each(['providerConfigurationInput', 'coinbaseCdpConfiguration'])('in place of %s is not quoted', (place) => {
    const input = { providerConfigurationInput: place === 'providerConfigurationInput' ? CANARY : { [place]: CANARY } };
    const result = validateInput('CreatePaymentCredentialProvider', provider({}, input));
    if (result.ok) throw new Error('accepted a text for an object');
    expect(JSON.stringify(result.error)).not.toContain(CANARY);
  });

  test.each<[OperationName, string]>([
    ['GetWorkloadAccessTokenForJWT', 'userToken'],
    ['GetResourcePaymentToken', 'workloadIdentityToken'],
    ['GetResourcePaymentToken', 'paymentTokenRequest'],
  ])('of %s in %s is not quoted', (operation, member) => {
    for (const value of [CANARY.padEnd(140_000, 'x'), [CANARY], { [CANARY]: CANARY }]) {
      const result = validateInput(operation, { ...mint({}), workloadName: 'abc', [member]: value });
      if (result.ok) throw new Error('accepted it');
      expect(JSON.stringify(result.error)).not.toContain(CANARY);
    }
  });
});
