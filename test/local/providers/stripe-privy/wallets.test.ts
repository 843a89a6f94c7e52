import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  recoverAddress,
  recoverMessageAddress,
  recoverTypedDataAddress,
  type Hex,
  type TypedDataDefinition,
} from 'viem';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createUser, createWallet, startApp, transferOf, type TestApp } from './client.ts';

let app: TestApp;
beforeEach(async () => {
  app = await startApp();
});
afterEach(() => app.privy.close());

const post = (path: string, body: object, keys: readonly string[] = []) =>
  app.send(path, { method: 'POST', body, keys });
const rpc = (walletId: string, body: object, keys: readonly string[] = []) =>
  post(`/v1/wallets/${walletId}/rpc`, body, keys);
const signatureOf = (body: Readonly<Record<string, unknown>>) =>
  (body['data'] as { readonly signature: Hex }).signature;

describe('users', () => {
  test.each([
    [{ type: 'email', address: 'ada@example.com' }, '/v1/users/email/address', { address: 'ADA@example.com' }],
    [{ type: 'phone', number: '+4912345678' }, '/v1/users/phone/number', { number: '+4912345678' }],
    [{ type: 'custom_auth', custom_user_id: 'ada' }, '/v1/users/custom_auth/id', { custom_user_id: 'ada' }],
    [{ type: 'telegram', telegram_user_id: '7' }, '/v1/users/telegram/telegram_user_id', { telegram_user_id: '7' }],
  ])('are found by what they are known by', async (account, path, asked) => {
    expect((await post(path, asked)).status).toBe(404);
    const created = await post('/v1/users', { linked_accounts: [account], custom_metadata: { plan: 'a' } });
    expect(created).toMatchObject({
      status: 200,
      body: {
        id: expect.stringMatching(/^did:privy:[a-z0-9]{24}$/),
        created_at: app.nowMs / 1_000,
        custom_metadata: { plan: 'a' },
        linked_accounts: [{ ...account, verified_at: app.nowMs / 1_000 }],
      },
    });
    expect((await post(path, asked)).body).toEqual(created.body);
    expect((await app.send(`/v1/users/${encodeURIComponent(String(created.body['id']))}`)).body).toEqual(created.body);
  });

  test('are not made twice for the same person', async () => {
    const { id } = await createUser(app, 'ada@example.com');
    expect(await post('/v1/users', { linked_accounts: [{ type: 'email', address: 'Ada@example.com' }] })).toMatchObject(
      {
        status: 422,
        body: { code: 'user_exists', cause: id },
      },
    );
  });

  test.each([
    [[]],
    [[{ type: 'email' }]],
    [[{ type: 'email', address: 7 }]],
    [[{ type: 'google_oauth', subject: 's' }]],
    [[{ type: 'carrier_pigeon', subject: 's' }]],
    [Array.from({ length: 21 }, (_, index) => ({ type: 'email', address: `${index}@example.com` }))],
  ])('are refused with accounts that the API does not know', async (linked_accounts) => {
    expect((await post('/v1/users', { linked_accounts })).status).toBe(400);
  });

  test('show the wallets that they own, and whether somebody else may sign', async () => {
    const signer = { signer_id: app.privy.app.authorizationId };
    const { body } = await post('/v1/users', {
      linked_accounts: [{ type: 'email', address: 'ada@example.com' }],
      wallets: [{ chain_type: 'ethereum' }, { chain_type: 'ethereum', additional_signers: [signer] }],
    });
    const wallets = (body['linked_accounts'] as readonly { readonly type: string }[]).filter(
      ({ type }) => type === 'wallet',
    );
    expect(wallets).toMatchObject([
      { delegated: false, wallet_index: 0 },
      { delegated: true, wallet_index: 1 },
    ]);
    const listed = await app.send(`/v1/wallets?user_id=${encodeURIComponent(String(body['id']))}`);
    expect((listed.body['data'] as readonly unknown[]).length).toBe(2);
  });
});

describe('wallets', () => {
  test('sign typed data, messages and hashes with the key of their address', async () => {
    const { id, address } = await createWallet(app);
    const typed = transferOf('7');
    const { domain, types, message, primary_type: primaryType } = typed.params.typed_data;
    const definition = { domain, types, message, primaryType } as unknown as TypedDataDefinition;
    const signature = signatureOf((await rpc(id, typed)).body);
    expect(await recoverTypedDataAddress({ ...definition, signature })).toBe(address);
    for (const [said, raw] of [
      [{ message: 'hello', encoding: 'utf-8' }, '0x68656c6c6f'],
      [{ message: '00ff', encoding: 'hex' }, '0x00ff'],
    ] as const) {
      const signed = await rpc(id, { method: 'personal_sign', params: said });
      expect(await recoverMessageAddress({ message: { raw }, signature: signatureOf(signed.body) })).toBe(address);
    }
    const hash: Hex = `0x${'ab'.repeat(32)}`;
    const hashed = await rpc(id, { method: 'secp256k1_sign', params: { hash } });
    expect(await recoverAddress({ hash, signature: signatureOf(hashed.body) })).toBe(address);
  });

  test.each([
    [{ method: 'eth_sendTransaction', params: { transaction: {} } }],
    [{ method: 'personal_sign', params: { message: 'hello', encoding: 'morse' } }],
    [{ method: 'personal_sign', params: { message: '0g', encoding: 'hex' } }],
    [{ method: 'secp256k1_sign', params: { hash: '0x12' } }],
    [
      {
        method: 'eth_signTypedData_v4',
        params: { typed_data: { ...transferOf('7').params.typed_data, primary_type: 'None' } },
      },
    ],
    [{ ...transferOf('-1') }],
    [{ ...transferOf('7'), signature_options: { type: 'erc1271' } }],
    [{ ...transferOf('7'), chain_type: 'solana' }],
    [{ method: 'personal_sign' }],
  ])('refuse what they cannot sign', async (body) => {
    const { id } = await createWallet(app);
    expect(await rpc(id, body)).toMatchObject({ status: 400, body: { code: 'invalid_data' } });
  });

  test('are shown with who owns them and who else may sign', async () => {
    const { id: userId } = await createUser(app);
    const signer = { signer_id: app.privy.app.authorizationId };
    const { id, address } = await createWallet(app, {
      owner: { user_id: userId },
      additional_signers: [signer],
      external_id: 'instrument-1',
      display_name: 'Ada',
    });
    const { body } = await app.send(`/v1/wallets/${id}`);
    expect(body).toMatchObject({
      address,
      chain_type: 'ethereum',
      additional_signers: [signer],
      policy_ids: [],
      external_id: 'instrument-1',
      display_name: 'Ada',
      created_at: app.nowMs,
      authorization_threshold: 1,
    });
    expect((await app.send(`/v1/key_quorums/${body['owner_id']}`)).body).toMatchObject({ user_ids: [userId] });
    for (const query of [`address=${address.toLowerCase()}`, 'external_id=instrument-1', 'chain_type=ethereum']) {
      expect((await app.send(`/v1/wallets?${query}`)).body).toEqual({ data: [body], next_cursor: null });
    }
    expect((await post('/v1/wallets/address', { address })).body).toEqual(body);
    expect((await app.send('/v1/wallets?chain_type=solana')).body['data']).toEqual([]);
  });

  test('are listed page by page', async () => {
    const made = [];
    for (let index = 0; index < 5; index += 1) made.push((await createWallet(app)).id);
    const seen = [];
    let query = '?limit=2';
    for (let pages = 0; pages < 3; pages += 1) {
      const { body } = await app.send(`/v1/wallets${query}`);
      seen.push(...(body['data'] as readonly { readonly id: string }[]).map(({ id }) => id));
      query = `?limit=2&cursor=${body['next_cursor']}`;
    }
    expect(seen).toEqual(made);
    for (const bad of ['limit=0', 'limit=101', 'limit=x', 'cursor=none']) {
      expect((await app.send(`/v1/wallets?${bad}`)).status).toBe(400);
    }
  });

  test.each([
    [{ chain_type: 'solana' }],
    [{ external_id: 'not ok' }],
    [{ policy_ids: ['unknown'] }],
    [{ policy_ids: ['a', 'b'] }],
    [{ additional_signers: [{ signer_id: 'unknown' }] }],
    [{ additional_signers: Array.from({ length: 11 }, () => ({ signer_id: 'x' })) }],
    [{ owner: { public_key: 'bm90IGEga2V5' } }],
    [{ owner: { user_id: 'did:privy:unknown' } }],
    [{ owner_id: 'unknown' }],
  ])('are refused with %j', async (members) => {
    const { status } = await post('/v1/wallets', { chain_type: 'ethereum', ...members });
    expect([400, 404]).toContain(status);
    expect(app.privy.app.wallets).toEqual([]);
  });

  test('keep the external id that they were given', async () => {
    const { id } = await createWallet(app, { external_id: 'one' });
    const change = (body: object) => app.send(`/v1/wallets/${id}`, { method: 'PATCH', body });
    expect((await change({ external_id: 'two' })).status).toBe(400);
    expect((await change({ display_name: 'Ada' })).body).toMatchObject({ external_id: 'one', display_name: 'Ada' });
  });
});

test('the page of consent adds the app’s key to the signers, and takes it away', async () => {
  const { id: userId } = await createUser(app);
  const { id, address } = await createWallet(app, { owner: { user_id: userId } });
  const keys = [app.privy.app.credentials().authorizationPrivateKey];
  const submit = (grant: string) =>
    fetch(app.privy.consentUrl, {
      method: 'POST',
      body: new URLSearchParams({ walletId: id, grant }),
      redirect: 'manual',
    });
  expect((await rpc(id, transferOf('7'), keys)).status).toBe(401);
  expect((await submit('yes')).status).toBe(303);
  expect((await rpc(id, transferOf('7'), keys)).status).toBe(200);
  const page = await (await fetch(app.privy.consentUrl)).text();
  expect(page).toContain(address);
  expect(page).toContain('Signing by the app: granted');
  await submit('no');
  expect((await rpc(id, transferOf('7'), keys)).status).toBe(401);
  const unknown = await fetch(app.privy.consentUrl, { method: 'POST', body: new URLSearchParams({ walletId: 'x' }) });
  expect(unknown.status).toBe(400);
});

test('an app that was kept in a directory is the same at the next start', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'bursar-privy-'));
  try {
    const first = await startApp(directory);
    const { id } = await createWallet(first);
    const credentials = first.privy.app.credentials();
    await first.privy.close();
    const second = await startApp(directory);
    expect(second.privy.app.credentials()).toEqual(credentials);
    expect((await second.send(`/v1/wallets/${id}`)).status).toBe(200);
    await second.privy.close();
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
