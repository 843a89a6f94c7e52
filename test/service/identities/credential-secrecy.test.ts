import { beforeAll, expect, test } from 'vitest';
import { leaksIn } from '../../scenarios/leaks.ts';
import { makeName } from '../../support/identities.ts';
import {
  coinbaseRequest,
  coinbaseSecrets,
  privyRequest,
  privySecrets,
  withIdentityFunctions,
  type IdentityAnswer,
} from '../../support/identity-functions.ts';

const functions = withIdentityFunctions();
const planted: string[] = [];
const answers: IdentityAnswer[] = [];

// A key's private part stands at its beginning or in its middle, and all keys of a kind begin alike.
const WINDOWS = [
  [12, 36],
  [62, 100],
  [-60, undefined],
] as const;
const WINDOW_CHARS_MIN = 24;

/** Remembers what is planted. */
function plant<T extends Record<string, string>>(secrets: T): T {
  const parts = Object.values(secrets).flatMap((secret) => WINDOWS.map(([from, to]) => secret.slice(from, to)));
  planted.push(...parts.filter(({ length }) => length >= WINDOW_CHARS_MIN));
  return secrets;
}
const canary = (name: string) => Buffer.from(`${name} ${makeName('canary-of-some-length')}`).toString('base64');

async function call(...request: Parameters<typeof functions.call>): Promise<IdentityAnswer> {
  const answer = await functions.call(...request);
  answers.push(answer);
  return answer;
}

/** The members that hold a secret, by the request that has them. */
const FIELDS = [
  [coinbaseRequest, 'apiKeySecret'],
  [coinbaseRequest, 'walletSecret'],
  [privyRequest, 'appSecret'],
  [privyRequest, 'authorizationPrivateKey'],
] as const;

async function useProvider(name: string, paymentTokenRequest: object): Promise<void> {
  const issued = await functions.call('GetWorkloadAccessToken', { workloadName: 'agent' });
  const { workloadAccessToken: token } = plant({ workloadAccessToken: issued.body['workloadAccessToken'] as string });
  for (const workloadIdentityToken of [token, token]) {
    await call('GetResourcePaymentToken', {
      workloadIdentityToken,
      resourceCredentialProviderName: name,
      paymentTokenRequest,
    });
  }
}

beforeAll(async () => {
  await call('CreateWorkloadIdentity', { name: 'agent' });
  for (const make of [
    (name: string) => coinbaseRequest(name, plant(coinbaseSecrets())),
    (name: string) => privyRequest(name, plant(privySecrets())),
  ]) {
    const name = makeName('canary');
    for (const operation of [
      'CreatePaymentCredentialProvider',
      'CreatePaymentCredentialProvider',
      'UpdatePaymentCredentialProvider',
      'GetPaymentCredentialProvider',
      'ListPaymentCredentialProviders',
    ] as const) {
      await call(operation, make(name));
    }
    for (const action of ['CreateSecret', 'PutSecretValue', 'DeleteSecret', 'GetSecretValue']) {
      const mend = functions.failAction(action, 'InvalidParameterException');
      await call('CreatePaymentCredentialProvider', make(makeName('canary')));
      await call('UpdatePaymentCredentialProvider', make(name));
      mend();
    }
    const requestPath = '/v1/wallets';
    await useProvider(name, {
      coinbaseCdpTokenRequest: { requestMethod: 'GET', requestPath, includeWalletAuthToken: true },
    });
    await useProvider(name, {
      stripePrivyTokenRequest: { requestPath, requestBody: '{}', includeAuthorizationSignature: true },
    });
    await call('DeletePaymentCredentialProvider', { name });
  }
  for (const [make, field] of FIELDS) {
    const shapes = (secret: string) => [
      secret,
      `${secret}!`,
      secret.repeat(100),
      { [secret]: secret },
      [secret],
      `${secret}\u0000`,
    ];
    for (const shape of shapes(plant({ secret: canary(field) }).secret)) {
      for (const operation of ['CreatePaymentCredentialProvider', 'UpdatePaymentCredentialProvider'] as const) {
        await call(operation, make(makeName('canary'), { [field]: shape }));
        await call(operation, make(makeName('canary'), { [field]: shape, [`${field}Source`]: 'EXTERNAL' }));
      }
    }
    const { stored } = plant({ stored: canary(`stored-${field}`) });
    const secretId = await functions.createSecret(makeName('ours/canary'), JSON.stringify({ key: stored }));
    const name = makeName('canary');
    const external = { [field]: undefined, [`${field}Source`]: 'EXTERNAL' };
    await call(
      'CreatePaymentCredentialProvider',
      make(name, { ...external, [`${field}Config`]: { secretId, jsonKey: 'key' } }),
    );
    await useProvider(name, {
      coinbaseCdpTokenRequest: { requestMethod: 'GET', requestPath: '/v1', includeWalletAuthToken: true },
    });
    await useProvider(name, {
      stripePrivyTokenRequest: { requestPath: '/v1', requestBody: '{}', includeAuthorizationSignature: true },
    });
  }
  for (const [operation, member] of [
    ['GetWorkloadAccessTokenForJWT', 'userToken'],
    ['GetResourcePaymentToken', 'workloadIdentityToken'],
  ] as const) {
    const { secret } = plant({ secret: canary(member) });
    for (const shape of [secret, `${secret}.${secret}.${secret}`, [secret], { [secret]: 1 }]) {
      await call(operation, { workloadName: 'agent', [member]: shape });
    }
  }
});

test('every credential and every token reached the functions', () => {
  expect(planted.length).toBeGreaterThan(40);
  const statuses = new Set(answers.map(({ status }) => status));
  expect([...statuses].toSorted()).toEqual([200, 201, 204, 400, 401, 404, 409, 500]);
});

test('no answer, no log line and no stored item has a planted secret', async () => {
  expect(functions.logs.length).toBeGreaterThanOrEqual(answers.length);
  expect(
    leaksIn(
      answers.map(({ text }) => text),
      planted,
    ),
  ).toEqual([]);
  expect(leaksIn(functions.logs, planted)).toEqual([]);
  expect(leaksIn([await functions.scan()], planted)).toEqual([]);
});

test('the search finds a secret where there is one', () => {
  const some = planted[3]!;
  expect(leaksIn([`{"message":"wrong: ${some}"}`, 'nothing'], planted)).toHaveLength(1);
});
