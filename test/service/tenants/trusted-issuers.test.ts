import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { discoveryUrlOf } from '../../../lib/domain/tenants/jwt-authorizer.ts';
import { composeAuthorizeJwt } from '../../../lib/functions/authorize-jwt.ts';
import { createKey, signToken, startIssuer, type TestIssuer, type TestKey } from '../../jwt/issuer.ts';
import { ACCOUNT, managerRequest, withFunctions, type TestFunctions } from '../../support/functions.ts';

const TRUSTED = 'https://login.example.com';
const FOREIGN = 'https://elsewhere.example.com';

const trusting = (issuer: string) => ({
  authorizerType: 'CUSTOM_JWT',
  authorizerConfiguration: {
    customJWTAuthorizer: { discoveryUrl: discoveryUrlOf(issuer), allowedAudience: ['payments'] },
  },
});

const createManager = ({ call }: TestFunctions, choices: object) =>
  call<{ paymentManagerId: string }>('CreatePaymentManager', { json: managerRequest(choices) });

const distrusted = {
  status: 400,
  body: {
    __type: 'ValidationException',
    fieldList: [expect.objectContaining({ name: 'authorizerConfiguration.customJWTAuthorizer.discoveryUrl' })],
  },
};

describe('a manager of a deployment that names the issuers to trust', () => {
  const functions = withFunctions({ JWT_ISSUERS: `${TRUSTED},https://other.example` });

  test('takes tokens of one of them, also with a slash at its end, and of no other', async () => {
    expect(await createManager(functions, trusting(TRUSTED))).toMatchObject({ status: 202 });
    expect(await createManager(functions, trusting(`${TRUSTED}/`))).toMatchObject({ status: 202 });
    for (const issuer of [FOREIGN, `${TRUSTED}.evil.example`, `${TRUSTED}/realm`, 'https://login.example.com:8443']) {
      expect(await createManager(functions, trusting(issuer))).toMatchObject(distrusted);
    }
  });

  test('is not changed to another one, and can be changed otherwise', async () => {
    const { body } = await createManager(functions, {});
    const path = { paymentManagerId: body.paymentManagerId };
    const update = (json: object) => functions.call('UpdatePaymentManager', { path, json });
    expect(await update(trusting(FOREIGN))).toMatchObject(distrusted);
    expect((await functions.call('GetPaymentManager', { path })).body['authorizerType']).toBe('AWS_IAM');
    expect(await update(trusting(TRUSTED))).toMatchObject({ status: 202 });
    expect(await update({ description: 'kept' })).toMatchObject({ status: 202 });
  });
});

describe('a deployment that trusts no issuer', () => {
  const functions = withFunctions({ JWT_ISSUERS: 'none' });

  test('has managers that take signatures, and no others', async () => {
    expect(await createManager(functions, trusting(TRUSTED))).toMatchObject(distrusted);
    expect(await createManager(functions, {})).toMatchObject({ status: 202 });
  });
});

describe('a token of an issuer that a manager trusts', () => {
  const functions = withFunctions();
  let issuer: TestIssuer;
  let key: TestKey;

  beforeAll(async () => {
    key = await createKey('one', 'ES256');
    issuer = await startIssuer([key]);
    expect(await createManager(functions, trusting(issuer.issuer))).toMatchObject({ status: 202 });
  });
  afterAll(() => issuer.close());

  async function judge(trusted: string): Promise<string> {
    const authorize = composeAuthorizeJwt({
      ...process.env,
      METRIC_NAMESPACE: 'Bursar',
      BOOKS_TABLE: functions.database.booksTable,
      REGISTRY_TABLE: functions.database.registryTable,
      DEPLOYMENT_PARTITION: 'aws',
      DEPLOYMENT_ACCOUNT: ACCOUNT,
      DEFAULT_SESSION_LIMIT_USD: '10.00',
      ALLOWED_NETWORKS: 'eip155:84532',
      JWT_ISSUERS: trusted,
    });
    const exp = Math.floor(Date.now() / 1_000) + 60;
    const token = await signToken(key, { iss: issuer.issuer, sub: 'user-1', aud: 'payments', exp });
    const methodArn = `arn:aws:execute-api:us-east-1:${ACCOUNT}:api/v1/POST/oauth/payments/processPayment`;
    const event = { methodArn, headers: { authorization: `Bearer ${token}` }, requestContext: { requestId: 'r-1' } };
    const { context } = await authorize(event);
    return 'refusal' in context ? context.refusal : 'let in';
  }

  test('is let in where the deployment trusts it too, or leaves that to managers', async () => {
    expect(await judge(issuer.issuer)).toBe('let in');
    expect(await judge('any')).toBe('let in');
  });

  test('is not where the deployment has come to trust others or none, and the issuer is not even asked', async () => {
    const asked = { ...issuer.counts };
    const refusal = expect.stringContaining('no payment manager trusts the issuer of the token');
    expect(await judge(TRUSTED)).toEqual(refusal);
    expect(await judge('none')).toEqual(refusal);
    expect(issuer.counts).toEqual(asked);
  });
});
