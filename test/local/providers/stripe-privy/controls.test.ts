import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createSigningKey } from '../../../../lib/local/providers/stripe-privy/app.ts';
import { createUser, createWallet, signPayload, startApp, transferOf, type TestApp } from './client.ts';

let app: TestApp;
beforeEach(async () => {
  app = await startApp();
});
afterEach(() => app.privy.close());

const post = (path: string, body: object, keys: readonly string[] = []) =>
  app.send(path, { method: 'POST', body, keys });
const VIOLATION = {
  status: 400,
  body: { error: 'RPC request denied due to policy violation', code: 'policy_violation' },
};
const TOKEN = '0x036cbd53842c5426634e7929541ec2318f3dcf7e';
const SELLER = '0x70997970c51812dc3a010c7d01b50e0d17dc79c8';

const typed = { primary_type: 'Transfer', types: transferOf('1').params.typed_data.types };
const ofDomain = (field: string, operator: string, value: string | string[]) => ({
  field_source: 'ethereum_typed_data_domain',
  field,
  operator,
  value,
});
const ofMessage = (field: string, operator: string, value: string | string[]) => ({
  field_source: 'ethereum_typed_data_message',
  field,
  operator,
  value,
  typed_data: typed,
});
const rule = (conditions: readonly object[], members: object = {}) => ({
  name: 'a rule',
  method: 'eth_signTypedData_v4',
  action: 'ALLOW',
  conditions,
  ...members,
});
const policyOf = (rules: readonly object[], members: object = {}) => ({
  version: '1.0',
  name: 'a policy',
  chain_type: 'ethereum',
  rules,
  ...members,
});

async function walletWith(rules: readonly object[]) {
  const { body } = await post('/v1/policies', policyOf(rules));
  const { id } = await createWallet(app, { policy_ids: [body['id']] });
  return (rpc: object) => post(`/v1/wallets/${id}/rpc`, rpc);
}

describe('a policy', () => {
  test.each<[string, object[], object, 'signs' | 'refuses']>([
    ['with no rule', [], transferOf('7'), 'refuses'],
    ['with a rule without conditions', [rule([])], transferOf('7'), 'signs'],
    ['of another method', [rule([], { method: 'personal_sign' })], transferOf('7'), 'refuses'],
    ['of every method', [rule([], { method: '*' })], transferOf('7'), 'signs'],
    [
      'of typed data, asked for a hash',
      [rule([])],
      { method: 'secp256k1_sign', params: { hash: `0x${'1'.repeat(64)}` } },
      'refuses',
    ],
    ['of the token in any case', [rule([ofDomain('verifyingContract', 'eq', TOKEN)])], transferOf('7'), 'signs'],
    [
      'of the token, in the API’s other spelling',
      [rule([ofDomain('verifying_contract', 'eq', TOKEN)])],
      transferOf('7'),
      'signs',
    ],
    ['of another token', [rule([ofDomain('verifyingContract', 'eq', SELLER)])], transferOf('7'), 'refuses'],
    ['of the chain', [rule([ofDomain('chainId', 'in', ['1', '84532'])])], transferOf('7'), 'signs'],
    ['of another chain', [rule([ofDomain('chain_id', 'eq', '1')])], transferOf('7'), 'refuses'],
    ['of at most so much', [rule([ofMessage('value', 'lte', '7')])], transferOf('7'), 'signs'],
    ['of at most so much, and one more', [rule([ofMessage('value', 'lte', '7')])], transferOf('8'), 'refuses'],
    ['of less than', [rule([ofMessage('value', 'lt', '0x8')])], transferOf('8'), 'refuses'],
    ['of more than', [rule([ofMessage('value', 'gt', '7')])], transferOf('8'), 'signs'],
    ['of no less than', [rule([ofMessage('value', 'gte', '8')])], transferOf('7'), 'refuses'],
    ['of listed payees', [rule([ofMessage('to', 'in', [SELLER])])], transferOf('7'), 'signs'],
    ['of other payees', [rule([ofMessage('to', 'in', [TOKEN])])], transferOf('7'), 'refuses'],
    ['of a member that is not there', [rule([ofMessage('memo', 'eq', 'x')])], transferOf('7'), 'refuses'],
    [
      'of another type',
      [rule([{ ...ofMessage('value', 'lte', '7'), typed_data: { ...typed, primary_type: 'Permit' } }])],
      transferOf('7'),
      'refuses',
    ],
    [
      'that also denies',
      [rule([]), rule([ofMessage('value', 'eq', '7')], { action: 'DENY' })],
      transferOf('7'),
      'refuses',
    ],
    [
      'that denies something else',
      [rule([]), rule([ofMessage('value', 'eq', '8')], { action: 'DENY' })],
      transferOf('7'),
      'signs',
    ],
    [
      'of two conditions, one of which fails',
      [rule([ofMessage('value', 'eq', '7'), ofDomain('chainId', 'eq', '1')])],
      transferOf('7'),
      'refuses',
    ],
  ])('%s', async (_, rules, rpc, expected) => {
    const send = await walletWith(rules);
    const answer = await send(rpc);
    if (expected === 'refuses') expect(answer).toEqual(VIOLATION);
    else expect(answer.status).toBe(200);
  });

  test('looks at the time and at messages', async () => {
    const conditions = [
      {
        field_source: 'system',
        field: 'current_unix_timestamp',
        operator: 'lt',
        value: String(app.nowMs / 1_000 + 60),
      },
      { field_source: 'message', field: 'content', operator: 'starts_with', value: '0xhi' },
      { field_source: 'message', field: 'byte_length', operator: 'lte', value: '6' },
    ];
    const send = await walletWith([rule(conditions, { method: 'personal_sign' })]);
    const say = (message: string) => send({ method: 'personal_sign', params: { message, encoding: 'utf-8' } });
    expect((await say('0xhi!!')).status).toBe(200);
    expect(await say('0xhi!!!')).toEqual(VIOLATION);
    expect(await say('hello')).toEqual(VIOLATION);
    app.nowMs += 60_000;
    expect(await say('0xhi!!')).toEqual(VIOLATION);
  });

  test('of a signer stands in place of the wallet’s', async () => {
    const user = await createUser(app);
    const nothing = await post('/v1/policies', policyOf([]));
    const little = await post('/v1/policies', policyOf([rule([ofMessage('value', 'lte', '7')])]));
    const { id } = await createWallet(app, {
      owner: { user_id: user.id },
      policy_ids: [nothing.body['id']],
      additional_signers: [{ signer_id: app.privy.app.authorizationId, override_policy_ids: [little.body['id']] }],
    });
    const keys = [app.privy.app.credentials().authorizationPrivateKey];
    const send = (value: string, by: readonly string[]) => post(`/v1/wallets/${id}/rpc`, transferOf(value), by);
    expect((await send('7', keys)).status).toBe(200);
    expect(await send('8', keys)).toEqual(VIOLATION);
    expect(await send('7', [user.key])).toEqual(VIOLATION);
  });

  test('is changed, rule by rule and whole, by its owner alone', async () => {
    const owner = createSigningKey();
    const { body } = await post('/v1/policies', policyOf([], { owner: { public_key: owner.publicKey } }));
    const path = `/v1/policies/${body['id']}`;
    const keys = [owner.privateKey];
    expect((await app.send(path, { method: 'PATCH', body: { rules: [rule([])] } })).status).toBe(401);
    const added = await post(`${path}/rules`, rule([]), keys);
    expect((await app.send(`${path}/rules/${added.body['id']}`)).body).toEqual(added.body);
    const changed = await app.send(`${path}/rules/${added.body['id']}`, {
      method: 'PATCH',
      body: rule([], { action: 'DENY' }),
      keys,
    });
    expect(changed.body).toMatchObject({ id: added.body['id'], action: 'DENY' });
    expect((await app.send(path)).body['rules']).toEqual([changed.body]);
    const dropped = await app.send(`${path}/rules/${added.body['id']}`, { method: 'DELETE', keys });
    expect(dropped.body).toEqual({ success: true });
    expect((await app.send(path, { method: 'PATCH', body: { name: 'another' }, keys })).body).toMatchObject({
      name: 'another',
      rules: [],
    });
    expect((await app.send(path, { method: 'DELETE' })).status).toBe(401);
    expect((await app.send(path, { method: 'DELETE', keys })).status).toBe(200);
    expect((await app.send(path)).status).toBe(404);
  });

  test.each([
    [policyOf([], { version: '2.0' })],
    [policyOf([], { name: '' })],
    [policyOf([], { name: 'n'.repeat(51) })],
    [policyOf([rule([], { method: 'eth_sign' })])],
    [policyOf([rule([], { action: 'MAYBE' })])],
    [policyOf([rule([ofDomain('chainId', 'about', '1')])])],
    [policyOf([rule([ofDomain('chainId', 'in', '1')])])],
    [policyOf([rule([{ field_source: 'reference', field: 'aggregation.x', operator: 'lt', value: '1' }])])],
    [policyOf(Array.from({ length: 51 }, () => rule([])))],
  ])('is refused where it is not one', async (body) => {
    expect((await post('/v1/policies', body)).status).toBe(400);
    expect(app.privy.app.policies).toEqual([]);
  });
});

describe('a key quorum', () => {
  const keys = [createSigningKey(), createSigningKey(), createSigningKey()] as const;
  const quorumOf = async (members: object) => (await post('/v1/key_quorums', members)).body['id'];
  const publicKeys = keys.map(({ publicKey }) => publicKey);

  test('of two in three takes any two, and no one of them twice', async () => {
    const owner_id = await quorumOf({ public_keys: publicKeys, authorization_threshold: 2 });
    const { id } = await createWallet(app, { owner_id });
    const send = (by: readonly string[]) => post(`/v1/wallets/${id}/rpc`, transferOf('7'), by);
    const [a, b, c] = keys.map(({ privateKey }) => privateKey) as [string, string, string];
    expect((await send([a, c])).status).toBe(200);
    expect((await send([c, b])).status).toBe(200);
    for (const by of [[a], [a, a]]) {
      expect(await send(by)).toMatchObject({ body: { code: 'insufficient_correct_authorization_signatures' } });
    }
  });

  test('without a threshold asks for all of its members, users and quorums among them', async () => {
    const user = await createUser(app);
    const within = await quorumOf({ public_keys: publicKeys.slice(1), authorization_threshold: 1 });
    const owner_id = await quorumOf({ public_keys: [publicKeys[0]], user_ids: [user.id], key_quorum_ids: [within] });
    const { id } = await createWallet(app, { owner_id });
    const send = (by: readonly string[]) => post(`/v1/wallets/${id}/rpc`, transferOf('7'), by);
    const [a, b, c] = keys.map(({ privateKey }) => privateKey) as [string, string, string];
    expect((await send([a, user.key, c])).status).toBe(200);
    expect((await send([a, b, c])).status).toBe(400);
    expect((await send([a, user.key])).status).toBe(400);
  });

  test('is changed and deleted by its members', async () => {
    const id = await quorumOf({ public_keys: [publicKeys[0]], display_name: 'Agents' });
    const path = `/v1/key_quorums/${id}`;
    const change = (by: readonly string[]) =>
      app.send(path, { method: 'PATCH', body: { public_keys: [publicKeys[1]] }, keys: by });
    expect((await change([keys[1].privateKey])).status).toBe(401);
    expect((await change([keys[0].privateKey])).body).toMatchObject({
      display_name: 'Agents',
      authorization_keys: [{ public_key: publicKeys[1] }],
    });
    expect((await app.send(path, { method: 'DELETE', keys: [keys[1].privateKey] })).body).toEqual({ success: true });
    expect((await app.send(path)).status).toBe(404);
  });

  test.each([
    [{}],
    [{ public_keys: ['not a key'] }],
    [{ public_keys: publicKeys, authorization_threshold: 4 }],
    [{ public_keys: publicKeys, authorization_threshold: 0 }],
    [{ user_ids: ['did:privy:unknown'] }],
    [{ key_quorum_ids: ['unknown'] }],
    [{ public_keys: Array.from({ length: 11 }, () => 'x') }],
  ])('is refused where nobody could sign', async (body) => {
    expect((await post('/v1/key_quorums', body)).status).toBe(400);
  });
});

describe('an intent', () => {
  const keys = [createSigningKey(), createSigningKey()] as const;
  let walletId: string;

  beforeEach(async () => {
    const { body } = await post('/v1/key_quorums', {
      public_keys: keys.map(({ publicKey }) => publicKey),
      authorization_threshold: 2,
    });
    walletId = (await createWallet(app, { owner_id: body['id'] })).id;
  });

  const propose = (body: object = transferOf('7')) => post(`/v1/intents/wallets/${walletId}/rpc`, body);
  const authorize = async (intent: Readonly<Record<string, unknown>>, by: string, change: object = {}) => {
    const { method, url, body } = intent['request_details'] as {
      readonly method: string;
      readonly url: string;
      readonly body: object;
    };
    const timestamp = app.nowMs;
    const expiry = intent['custom_expiry'] === true ? { 'privy-request-expiry': String(intent['expires_at']) } : {};
    const headers = { 'privy-app-id': app.privy.app.appId, ...expiry };
    const payload = { version: 1, method, url, body, headers, timestamp };
    const signature = signPayload(by, { ...payload, intent_id: intent['intent_id'], ...change });
    return post(`/v1/intents/${String(intent['intent_id'])}/authorize`, { signature, timestamp });
  };

  test('waits for as many signatures as its quorum asks for, and is done then', async () => {
    const { status, body: intent } = await propose();
    expect(status).toBe(200);
    expect(intent).toMatchObject({
      intent_type: 'RPC',
      status: 'pending',
      resource_id: walletId,
      expires_at: app.nowMs + 60_000,
      custom_expiry: true,
      authorization_details: [{ threshold: 2, members: [{ signed_at: null }, { signed_at: null }] }],
    });
    const first = await authorize(intent, keys[1].privateKey);
    expect(first.body).toMatchObject({
      status: 'pending',
      authorization_details: [{ members: [{ signed_at: null }, { signed_at: app.nowMs }] }],
    });
    expect((await authorize(intent, keys[1].privateKey)).body).toMatchObject({ status: 'pending' });
    expect((await authorize(intent, keys[0].privateKey)).body).toMatchObject({
      status: 'executed',
      action_result: {
        status_code: 200,
        response_body: { data: { signature: expect.stringMatching(/^0x[0-9a-f]{130}$/) } },
      },
    });
    expect((await authorize(intent, keys[0].privateKey)).status).toBe(400);
  });

  test('takes no signature of strangers, nor over anything else', async () => {
    const { body: intent } = await propose();
    expect((await authorize(intent, createSigningKey().privateKey)).status).toBe(401);
    const headers = { 'privy-app-id': app.privy.app.appId };
    for (const change of [{ intent_id: 'other' }, { timestamp: 1 }, { body: transferOf('8') }, { headers }]) {
      expect((await authorize(intent, keys[0].privateKey, change)).status).toBe(401);
    }
  });

  test('ends by its time, and when it is rejected', async () => {
    const rejected = await propose();
    const path = `/v1/intents/${rejected.body['intent_id']}`;
    expect((await post(`${path}/reject`, {})).body).toMatchObject({ status: 'rejected', rejected_at: app.nowMs });
    expect((await authorize(rejected.body, keys[0].privateKey)).status).toBe(400);
    const { body: late } = await propose();
    app.nowMs += 60_000;
    expect((await app.send(`/v1/intents/${late['intent_id']}`)).body).toMatchObject({ status: 'expired' });
    expect((await authorize(late, keys[0].privateKey)).status).toBe(400);
    const listed = await app.send('/v1/intents?status=expired');
    expect(listed.body['data']).toMatchObject([{ intent_id: late['intent_id'] }]);
  });

  test('ends when its wallet is changed, and is found by its wallet', async () => {
    const { body: intent } = await propose();
    const other = await createWallet(app);
    await post(`/v1/intents/wallets/${other.id}/rpc`, transferOf('7'));
    const change = {
      method: 'PATCH',
      body: { display_name: 'Ada' },
      keys: keys.map(({ privateKey }) => privateKey),
    } as const;
    expect((await app.send(`/v1/wallets/${walletId}`, change)).status).toBe(200);
    expect((await authorize(intent, keys[0].privateKey)).status).toBe(400);
    const listed = await app.send(`/v1/intents?resource_id=${walletId}&intent_type=RPC`);
    expect(listed.body['data']).toMatchObject([
      { intent_id: intent['intent_id'], status: 'dismissed', dismissed_at: app.nowMs },
    ]);
  });

  test('that cannot be done says why', async () => {
    const { body: intent } = await propose({ method: 'personal_sign', params: { message: 7 } });
    await authorize(intent, keys[0].privateKey);
    expect((await authorize(intent, keys[1].privateKey)).body).toMatchObject({
      status: 'failed',
      action_result: { status_code: 400, response_body: { code: 'invalid_data' } },
    });
  });

  test('changes a wallet', async () => {
    const body = { display_name: 'Ada' };
    const answer = await app.send(`/v1/intents/wallets/${walletId}`, { method: 'PATCH', body });
    for (const { privateKey } of keys) await authorize(answer.body, privateKey);
    expect((await app.send(`/v1/wallets/${walletId}`)).body).toMatchObject({ display_name: 'Ada' });
  });
});
