import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { issuerKey } from '../../../lib/domain/tenants/jwt-authorizer.ts';
import { WORKLOAD_TOKEN_LIFE_MS } from '../../../lib/domain/limits.ts';
import { addMs } from '../../../lib/domain/time.ts';
import { createStoreClient } from '../../../lib/ledger/dynamodb/store/sdk-client.ts';
import { putIf } from '../../../lib/ledger/dynamodb/store/conditional-write.ts';
import { toIssuerItem } from '../../../lib/ledger/dynamodb/registry/identity-items.ts';
import { createIdentityStore } from '../../../lib/ledger/dynamodb/registry/identity-store.ts';
import { createWorkloadTokens } from '../../../lib/ledger/dynamodb/registry/workload-tokens.ts';
import { systemRandom } from '../../../lib/functions/runtime/runtime.ts';
import { issueWorkloadToken, redeemWorkloadToken } from '../../../lib/service/identities/workload-tokens.ts';
import { PARALLEL, times } from '../../contracts/parallel.ts';
import { createKey, signToken, startIssuer, type TestIssuer, type TestKey } from '../../jwt/issuer.ts';
import { makeName } from '../../support/identities.ts';
import { NOW } from '../../support/payments.ts';
import {
  coinbaseRequest,
  coinbaseToken,
  exchangeWith,
  issueWith,
  withIdentityFunctions,
} from '../../support/identity-functions.ts';

const functions = withIdentityFunctions();
const { call } = functions;
const cdp = makeName('cdp');
const workloadName = makeName('agent');

beforeAll(async () => {
  await call('CreateWorkloadIdentity', { name: workloadName });
  await call('CreatePaymentCredentialProvider', coinbaseRequest(cdp));
});

const issue = (name = workloadName) => issueWith(functions, name);
const exchange = exchangeWith(functions);
const REFUSED = {
  status: 401,
  body: { __type: 'UnauthorizedException', message: expect.stringContaining('workloadIdentityToken is not valid') },
};

describe("a workload's token", () => {
  test('is recognisable, new every time, and kept as a digest only', async () => {
    const [one, two] = [await issue(), await issue()];
    expect(one).toMatch(/^bwt_[A-Za-z0-9_-]{43}$/);
    expect(two).not.toBe(one);
    const stored = await functions.scan();
    expect(stored).not.toContain(one);
    expect(stored).toContain(createHash('sha256').update(one).digest('hex'));
  });

  test('is refused to a workload that there is none of', async () => {
    for (const [operation, more] of [
      ['GetWorkloadAccessToken', {}],
      ['GetWorkloadAccessTokenForUserId', { userId: 'user-1' }],
    ] as const) {
      const { status, body } = await call(operation, { workloadName: 'missing', ...more });
      expect([status, body]).toEqual([
        404,
        { __type: 'ResourceNotFoundException', message: 'Workload identity not found' },
      ]);
    }
  });

  test('is exchanged once, and by one of parallel callers', async () => {
    const token = await issue();
    const answers = await Promise.all(times(PARALLEL, () => exchange(token, cdp, coinbaseToken())));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(PARALLEL - 1);
    expect(await exchange(token, cdp, coinbaseToken())).toMatchObject(REFUSED);
  });

  test('that is unknown, used, of no known form or of a workload that was replaced has one answer', async () => {
    const used = await issue();
    await exchange(used, cdp, coinbaseToken());
    const name = makeName('replaced');
    await call('CreateWorkloadIdentity', { name });
    const [orphan, replaced] = [await issue(name), await issue(name)];
    await call('DeleteWorkloadIdentity', { name });
    const answers = [await exchange(orphan, cdp, coinbaseToken())];
    await call('CreateWorkloadIdentity', { name });
    for (const token of [replaced, used, `bwt_${'A'.repeat(43)}`, 'x', `${await issue()}A`]) {
      answers.push(await exchange(token, cdp, coinbaseToken()));
    }
    expect(answers[0]).toMatchObject(REFUSED);
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
  });

  test('stands for its user until the millisecond of its end, and no longer', async () => {
    const client = createStoreClient({ maxAttempts: 3 });
    const table = { tableName: functions.database.registryTable, client };
    let now = NOW;
    const deps = {
      identities: createIdentityStore(table),
      workloadTokens: createWorkloadTokens(table),
      clock: { now: () => now, sleep: async () => {} },
      random: systemRandom,
    };
    const redeemAt = async (ms: number) => {
      now = NOW;
      const issued = await issueWorkloadToken(deps, workloadName, 'user-7');
      if (!issued.ok) throw new Error(issued.error.reason);
      now = addMs(NOW, ms);
      return redeemWorkloadToken(deps, issued.value);
    };
    const grant = { workloadName, userId: 'user-7', expiresAt: addMs(NOW, WORKLOAD_TOKEN_LIFE_MS) };
    expect(await redeemAt(WORKLOAD_TOKEN_LIFE_MS - 1)).toMatchObject({ ok: true, value: grant });
    expect(await redeemAt(WORKLOAD_TOKEN_LIFE_MS)).toMatchObject({ ok: false, error: { reason: 'unauthorized' } });
  });
});

describe('a token for the user of a JWT', () => {
  let key: TestKey;
  let stranger: TestKey;
  let issuer: TestIssuer;
  beforeAll(async () => {
    [key, stranger] = [await createKey('k1', 'ES256'), await createKey('k1', 'ES256')];
    issuer = await startIssuer([key]);
    const table = { tableName: functions.database.registryTable, client: createStoreClient({ maxAttempts: 3 }) };
    const entry = { issuerKey: issuerKey(issuer.issuer), managerId: 'm-0123456789', discoveryUrl: issuer.discoveryUrl };
    await putIf(table, toIssuerItem(entry), { expression: 'attribute_not_exists(pk)' });
  });
  afterAll(() => issuer.close());
  const claims = (overrides: object = {}) => ({
    iss: issuer.issuer,
    sub: 'alice',
    exp: Math.floor(Date.now() / 1000) + 60,
    ...overrides,
  });
  const forJwt = (userToken: string, name = workloadName) =>
    call('GetWorkloadAccessTokenForJWT', { workloadName: name, userToken });

  test('is issued for a token of an issuer that a manager trusts, and exchanged', async () => {
    const { status, body } = await forJwt(await signToken(key, claims()));
    expect(status).toBe(200);
    const exchanged = await exchange(body['workloadAccessToken'] as string, cdp, coinbaseToken());
    expect(exchanged.status).toBe(200);
    expect((await forJwt(await signToken(key, claims()), 'missing')).status).toBe(404);
  });

  test('is refused for a token that proves nothing, without a word of it', async () => {
    const tokens = [
      await signToken(stranger, claims()),
      await signToken(key, claims({ exp: Math.floor(Date.now() / 1000) - 1 })),
      await signToken(key, claims({ iss: 'https://stranger.example' })),
      'not.a.token',
    ];
    for (const token of tokens) {
      const { status, body, text } = await forJwt(token);
      expect([status, body['__type']]).toEqual([401, 'UnauthorizedException']);
      expect(body['message']).toMatch(/^The userToken is not accepted: ./);
      for (const part of token.split('.').filter((each) => each.length > 8)) expect(text).not.toContain(part);
    }
  });

  test('is an internal error, not a refusal, while the issuer cannot be asked', async () => {
    const silent = await startIssuer([key]);
    await silent.close();
    const table = { tableName: functions.database.registryTable, client: createStoreClient({ maxAttempts: 3 }) };
    const entry = { issuerKey: issuerKey(silent.issuer), managerId: 'm-0123456789', discoveryUrl: silent.discoveryUrl };
    await putIf(table, toIssuerItem(entry), { expression: 'attribute_not_exists(pk)' });
    expect((await forJwt(await signToken(key, claims({ iss: silent.issuer })))).status).toBe(500);
  });
});
