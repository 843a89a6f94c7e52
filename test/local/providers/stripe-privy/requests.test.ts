import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createSigningKey } from '../../../../lib/local/providers/stripe-privy/app.ts';
import { createUser, createWallet, startApp, transferOf, type Sent, type TestApp } from './client.ts';

let app: TestApp;
beforeEach(async () => {
  app = await startApp();
});
afterEach(() => app.privy.close());

describe('app id and secret', () => {
  test.each<[string, () => Readonly<Record<string, string>>]>([
    ['another secret', () => ({ authorization: `Basic ${btoa(`${app.privy.app.appId}:guess`)}` })],
    ['no secret', () => ({ authorization: '' })],
    ['another app', () => ({ 'privy-app-id': 'another' })],
  ])('refuses %s', async (_, headers) => {
    expect(await app.send('/v1/users', { headers: headers() })).toMatchObject({
      status: 401,
      body: { code: 'invalid_credentials' },
    });
  });

  test('takes the old secret and the new one until the old one is dropped', async () => {
    const before = app.headersOf('/v1/users', {});
    app.privy.app.rotateKeys();
    const ask = async () => (await fetch(`${app.privy.url}/v1/users`, { headers: before })).status;
    expect([await ask(), (await app.send('/v1/users')).status]).toEqual([200, 200]);
    app.privy.app.dropOldKeys();
    expect([await ask(), (await app.send('/v1/users')).status]).toEqual([401, 200]);
  });
});

describe('the signature of a wallet’s owner or signer', () => {
  const rpc = transferOf('7');
  let path: string;
  let owner: string;
  const send = (sent: Sent = {}) => app.send(path, { method: 'POST', body: rpc, keys: [owner], ...sent });

  beforeEach(async () => {
    const user = await createUser(app);
    owner = user.key;
    const wallet = await createWallet(app, {
      owner: { user_id: user.id },
      additional_signers: [{ signer_id: app.privy.app.authorizationId }],
    });
    path = `/v1/wallets/${wallet.id}/rpc`;
  });

  test('of either is enough', async () => {
    expect((await send()).status).toBe(200);
    expect((await send({ keys: [app.privy.app.credentials().authorizationPrivateKey] })).status).toBe(200);
  });

  test('is asked for', async () => {
    expect(await send({ keys: [] })).toMatchObject({
      status: 401,
      body: { code: 'missing_or_empty_authorization_header' },
    });
  });

  test.each<[string, () => Sent]>([
    ['another key', () => ({ keys: [createSigningKey().privateKey] })],
    [
      'another body',
      () => ({ headers: app.headersOf(path, { method: 'POST', body: transferOf('8'), keys: [owner] }) }),
    ],
    [
      'another wallet',
      () => ({ headers: app.headersOf('/v1/wallets/other/rpc', { method: 'POST', body: rpc, keys: [owner] }) }),
    ],
    ['another expiry', () => ({ headers: { 'privy-request-expiry': String(app.nowMs + 120_000) } })],
    ['another idempotency key', () => ({ headers: { 'privy-idempotency-key': 'added' } })],
    ['no base64', () => ({ headers: { 'privy-authorization-signature': '!' } })],
    ['much too long a signature', () => ({ headers: { 'privy-authorization-signature': 'A'.repeat(4_000) } })],
  ])('is refused over or of %s', async (_, sent) => {
    expect(await send(sent())).toMatchObject({ status: 401, body: { code: 'zero_correct_authorization_signatures' } });
  });

  test('is refused beside one that is not good', async () => {
    expect(await send({ keys: [owner, createSigningKey().privateKey] })).toMatchObject({
      status: 400,
      body: { code: 'insufficient_correct_authorization_signatures' },
    });
  });

  test('of a signer is refused once the signer was taken away', async () => {
    const keys = [app.privy.app.credentials().authorizationPrivateKey];
    const body = { additional_signers: [] };
    expect((await app.send(path.replace('/rpc', ''), { method: 'PATCH', body, keys })).status).toBe(401);
    expect((await app.send(path.replace('/rpc', ''), { method: 'PATCH', body, keys: [owner] })).status).toBe(200);
    expect((await send({ keys })).status).toBe(401);
  });

  test('of the old key and of the new one are good until the old one is dropped', async () => {
    const before = app.privy.app.credentials().authorizationPrivateKey;
    app.privy.app.rotateKeys();
    const after = app.privy.app.credentials().authorizationPrivateKey;
    expect([(await send({ keys: [before] })).status, (await send({ keys: [after] })).status]).toEqual([200, 200]);
    app.privy.app.dropOldKeys();
    expect([(await send({ keys: [before] })).status, (await send({ keys: [after] })).status]).toEqual([401, 200]);
  });

  test('is not asked for where nobody owns the wallet', async () => {
    const { id } = await createWallet(app);
    expect((await app.send(`/v1/wallets/${id}/rpc`, { method: 'POST', body: rpc })).status).toBe(200);
  });
});

describe('the expiry of a request', () => {
  const ask = (expiryMs: Sent['expiryMs']) => app.send('/v1/users', { expiryMs: expiryMs! });

  test('is good before its time, and may be left out', async () => {
    expect((await ask(app.nowMs + 1)).status).toBe(200);
    expect((await ask(null)).status).toBe(200);
  });

  test.each([0, -1, 'soon', '9'.repeat(16)])('is refused at %s', async (expiry) => {
    const expiryMs = typeof expiry === 'number' ? app.nowMs + expiry : expiry;
    expect(await ask(expiryMs)).toMatchObject({ status: 400, body: { code: 'request_expired' } });
  });

  test('ends what a recorded request is good for', async () => {
    const { id } = await createWallet(app);
    const body = transferOf('7');
    const sent = {
      method: 'POST',
      body,
      headers: app.headersOf(`/v1/wallets/${id}/rpc`, { method: 'POST', body }),
    } as const;
    expect((await app.send(`/v1/wallets/${id}/rpc`, sent)).status).toBe(200);
    app.nowMs += 60_000;
    expect(await app.send(`/v1/wallets/${id}/rpc`, sent)).toMatchObject({ status: 400 });
  });
});

describe('an idempotency key', () => {
  const create = (sent: Sent = {}) =>
    app.send('/v1/wallets', { method: 'POST', body: { chain_type: 'ethereum' }, idempotencyKey: 'one', ...sent });

  test('makes the same request be done once, for however many ask at a time', async () => {
    const answers = await Promise.all([create(), create(), create()]);
    expect(new Set(answers.map(({ body }) => body['id'])).size).toBe(1);
    expect(app.privy.app.wallets.length).toBe(1);
    expect((await create({ idempotencyKey: 'two' })).body['id']).not.toBe(answers[0]!.body['id']);
  });

  test('is refused with another body', async () => {
    await create();
    expect(await create({ body: { chain_type: 'ethereum', external_id: 'x' } })).toMatchObject({
      status: 400,
      body: { code: 'invalid_idempotency_key' },
    });
    expect(app.privy.app.wallets.length).toBe(1);
  });

  test('is forgotten after a day, and when what it was for has failed', async () => {
    const { body } = await create();
    app.nowMs += 24 * 3_600_000 + 1;
    expect((await create()).body['id']).not.toBe(body['id']);
    expect((await create({ idempotencyKey: 'three', body: { chain_type: 'none' } })).status).toBe(400);
    expect((await create({ idempotencyKey: 'three' })).status).toBe(200);
  });

  test('gives nothing to whoever has no good signature', async () => {
    const { id: userId, key } = await createUser(app);
    const { id } = await createWallet(app, { owner: { user_id: userId } });
    const sent = { method: 'POST', body: transferOf('7'), keys: [key], idempotencyKey: 'one' } as const;
    const path = `/v1/wallets/${id}/rpc`;
    expect((await app.send(path, sent)).status).toBe(200);
    expect((await app.send(path, { ...sent, keys: [] })).status).toBe(401);
  });

  test.each(['', 'k'.repeat(257)])('must have 1 to 256 characters', async (idempotencyKey) => {
    expect((await create({ idempotencyKey })).status).toBe(400);
  });
});

test('refuses a body that is not a JSON object, and one that is too long', async () => {
  const headers = app.headersOf('/v1/users', {});
  const post = (body: string) => fetch(`${app.privy.url}/v1/users`, { method: 'POST', headers, body });
  expect((await post('[]')).status).toBe(400);
  expect((await post('{')).status).toBe(400);
  expect((await post(JSON.stringify({ a: 'x'.repeat(256 * 1024) }))).status).toBe(413);
});

test('answers 404 where there is no such operation, and for a path that is not well-formed', async () => {
  expect((await app.send('/v1/nothing')).status).toBe(404);
  expect((await app.send('/v1/users/%E0%A4%A')).status).toBe(404);
});

describe('faults that were asked for', () => {
  test('are a status, a wrong body, a connection that ends, an answer that waits', async () => {
    const { faults } = app.privy;
    faults.plan({ operation: 'users.list', fault: { kind: 'status', status: 429 } });
    expect(await app.send('/v1/users')).toMatchObject({ status: 429, body: { code: 'rate_limited' } });
    faults.plan({ fault: { kind: 'body', body: '{"data":7}' } });
    expect((await app.send('/v1/users')).body).toEqual({ data: 7 });
    for (const kind of ['drop', 'answer_lost', 'cut'] as const) {
      faults.plan({ fault: { kind } });
      await expect(app.send('/v1/users')).rejects.toThrow();
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    faults.plan({ operation: 'users.list', fault: { kind: 'late', until: promise } });
    const late = app.send('/v1/users');
    expect((await app.send('/v1/wallets')).status).toBe(200);
    resolve();
    expect((await late).status).toBe(200);
  });

  test('of one operation leave the others alone', async () => {
    app.privy.faults.plan({ operation: 'wallets.rpc', fault: { kind: 'status', status: 500 } });
    expect((await app.send('/v1/users')).status).toBe(200);
    app.privy.faults.clear();
  });
});
