import { APIError, generateP256KeyPair, PrivyClient } from '@privy-io/node';
import { recoverMessageAddress, recoverTypedDataAddress, type Hex, type TypedDataDefinition } from 'viem';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startStripePrivy, type StripePrivy } from '../../../lib/local/providers/stripe-privy/index.ts';

// The official client, unmodified, against the stand-in.

let privy: StripePrivy;
let sdk: PrivyClient;

beforeAll(async () => {
  privy = await startStripePrivy({ dataDir: null });
  sdk = createSdk();
});
afterAll(() => privy.close());

function createSdk(): PrivyClient {
  const { appId, appSecret } = privy.app.credentials();
  return new PrivyClient({ appId, appSecret, apiUrl: privy.url, maxRetries: 0 });
}

// oxlint-disable-next-line no-underscore-dangle -- the official client's own name, since its get reads a token
const getUser = (id: string) => sdk.users()._get(id);

/** What signs for the app. */
const agent = () => ({ authorization_private_keys: [privy.app.credentials().authorizationPrivateKey] });

/** What signs for a user who is signed in. */
function keyOf(userId: string) {
  const user = privy.app.users.find(({ id }) => id === userId);
  return { authorization_private_keys: [user!.key.privateKey] };
}

const typed_data = {
  domain: {
    name: 'USDC',
    version: '2',
    chainId: 84_532,
    verifyingContract: '0x036CbD53842c5426634e7929541eC2318f3dCF7e',
  },
  types: {
    Transfer: [
      { name: 'to', type: 'address' },
      { name: 'value', type: 'uint256' },
    ],
  },
  primary_type: 'Transfer',
  message: { to: '0x70997970C51812dc3A010C7d01b50e0d17dc79C8', value: '7' },
};

function signedBy(signature: string): Promise<Hex> {
  const { domain, types, message, primary_type: primaryType } = typed_data;
  const definition = { domain, types, message, primaryType } as unknown as TypedDataDefinition;
  return recoverTypedDataAddress({ ...definition, signature: signature as Hex });
}

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof APIError)) throw new Error('no refusal of the API', { cause: error });
  const { status, error: body } = error;
  return { status, code: (body as { readonly code?: string }).code };
}

describe('the official client', () => {
  test('makes a user, finds them again, and makes a wallet that they own', async () => {
    const linked_accounts = [
      { type: 'email', address: 'ada@example.com' },
      { type: 'phone', number: '+4912345678' },
      { type: 'custom_auth', custom_user_id: 'ada' },
    ] as const;
    const user = await sdk.users().create({ linked_accounts: [...linked_accounts] });
    const found = await Promise.all([
      sdk.users().getByEmailAddress({ address: 'ada@example.com' }),
      sdk.users().getByPhoneNumber({ number: '+4912345678' }),
      sdk.users().getByCustomAuthID({ custom_user_id: 'ada' }),
      getUser(user.id),
    ]);
    expect(found).toEqual([user, user, user, user]);
    const wallet = await sdk.wallets().create({ chain_type: 'ethereum', owner: { user_id: user.id } });
    expect(await sdk.wallets().get(wallet.id)).toEqual(wallet);
    expect(await sdk.wallets().getWalletByAddress({ address: wallet.address })).toEqual(wallet);
    const { linked_accounts: accounts } = await getUser(user.id);
    expect(accounts.at(-1)).toMatchObject({ type: 'wallet', address: wallet.address, delegated: false });
    expect(await failureOf(sdk.users().getByEmailAddress({ address: 'nobody@example.com' }))).toMatchObject({
      status: 404,
    });
  });

  test('signs for a user once the user has added the app’s key, and no longer than that', async () => {
    const user = await sdk.users().create({ linked_accounts: [{ type: 'email', address: 'grace@example.com' }] });
    const { id, address } = await sdk.wallets().create({ chain_type: 'ethereum', owner: { user_id: user.id } });
    const sign = (authorization_context = agent()) =>
      sdk.wallets().ethereum().signTypedData(id, { params: { typed_data }, authorization_context });
    expect(await failureOf(sign())).toEqual({ status: 401, code: 'zero_correct_authorization_signatures' });
    const additional_signers = [{ signer_id: privy.app.authorizationId }];
    await sdk.wallets().update(id, { additional_signers, authorization_context: keyOf(user.id) });
    expect(await signedBy((await sign()).signature)).toBe(address);
    expect(await signedBy((await sign(keyOf(user.id))).signature)).toBe(address);
    await sdk.wallets().update(id, { additional_signers: [], authorization_context: keyOf(user.id) });
    expect(await failureOf(sign())).toEqual({ status: 401, code: 'zero_correct_authorization_signatures' });
  });

  test('signs messages and hashes', async () => {
    const { id, address } = await sdk.wallets().create({ chain_type: 'ethereum', owner_id: privy.app.authorizationId });
    const ethereum = sdk.wallets().ethereum();
    const authorization_context = agent();
    for (const message of ['hello', '0xabcd', new Uint8Array([1, 2])]) {
      const { signature } = await ethereum.signMessage(id, { message, authorization_context });
      const raw = typeof message === 'string' && message.startsWith('0x') ? { raw: message as Hex } : message;
      const said = raw instanceof Uint8Array ? { raw } : raw;
      expect(await recoverMessageAddress({ message: said, signature: signature as Hex })).toBe(address);
    }
    const params = { hash: `0x${'ab'.repeat(32)}` };
    expect((await ethereum.signSecp256k1(id, { params, authorization_context })).signature).toMatch(
      /^0x[0-9a-f]{130}$/,
    );
  });

  test('gets the same answer for the same idempotency key, and a refusal for another body', async () => {
    const create = (display_name: string) =>
      sdk.wallets().create({ chain_type: 'ethereum', display_name, idempotency_key: 'one' });
    expect((await create('Ada')).id).toBe((await create('Ada')).id);
    expect(await failureOf(create('Grace'))).toEqual({ status: 400, code: 'invalid_idempotency_key' });
  });

  test('keeps policies by rule, which decide what is signed', async () => {
    const owner = await generateP256KeyPair();
    const authorization_context = { authorization_private_keys: [owner.privateKey] };
    const policy = await sdk.policies().create({
      version: '1.0',
      name: 'little',
      chain_type: 'ethereum',
      owner: { public_key: owner.publicKey },
      rules: [{ name: 'any', method: 'eth_signTypedData_v4', action: 'ALLOW', conditions: [] }],
    });
    const { id } = await sdk.wallets().create({ chain_type: 'ethereum', policy_ids: [policy.id] });
    const sign = () => sdk.wallets().ethereum().signTypedData(id, { params: { typed_data } });
    await sign();
    const { primary_type, types } = typed_data;
    const rule = await sdk.policies().createRule(policy.id, {
      name: 'not so much',
      method: 'eth_signTypedData_v4',
      action: 'DENY',
      conditions: [
        {
          field_source: 'ethereum_typed_data_message',
          field: 'value',
          operator: 'gte',
          value: '7',
          typed_data: { primary_type, types },
        },
      ],
      authorization_context,
    });
    expect(await failureOf(sign())).toEqual({ status: 400, code: 'policy_violation' });
    expect(await sdk.policies().getRule(rule.id, { policy_id: policy.id })).toEqual(rule);
    await sdk.policies().deleteRule(rule.id, { policy_id: policy.id, authorization_context });
    await sign();
    expect(await failureOf(sdk.policies().update(policy.id, { name: 'mine' }))).toMatchObject({ status: 401 });
    const { name, rules } = await sdk.policies().update(policy.id, { name: 'less', rules: [], authorization_context });
    expect({ name, rules }).toEqual({ name: 'less', rules: [] });
    expect(await failureOf(sign())).toEqual({ status: 400, code: 'policy_violation' });
  });

  test('asks a quorum for as many signatures as it needs, at once or one after another', async () => {
    const keys = [await generateP256KeyPair(), await generateP256KeyPair()];
    const quorum = await sdk.keyQuorums().create({
      public_keys: keys.map(({ publicKey }) => publicKey),
      authorization_threshold: 2,
    });
    const { id, address } = await sdk.wallets().create({ chain_type: 'ethereum', owner_id: quorum.id });
    const sign = (by: readonly { readonly privateKey: string }[]) =>
      sdk
        .wallets()
        .ethereum()
        .signTypedData(id, {
          params: { typed_data },
          authorization_context: { authorization_private_keys: by.map(({ privateKey }) => privateKey) },
        });
    const tooFew = { status: 400, code: 'insufficient_correct_authorization_signatures' };
    expect(await failureOf(sign(keys.slice(1)))).toEqual(tooFew);
    expect(await signedBy((await sign(keys)).signature)).toBe(address);

    const intent = await sdk.intents().rpc(id, { method: 'eth_signTypedData_v4', params: { typed_data } });
    expect(intent).toMatchObject({ intent_type: 'RPC', status: 'pending', resource_id: id });
    expect(await sdk.intents().get(intent.intent_id)).toEqual(intent);
    expect(await sdk.intents().reject(intent.intent_id)).toMatchObject({ status: 'rejected' });
    const [listed] = (await sdk.intents().list({ status: 'rejected' })).getPaginatedItems();
    expect(listed?.intent_id).toBe(intent.intent_id);
  });

  test('reads a list page by page', async () => {
    const ids = [];
    for await (const { id } of sdk.wallets().list({ limit: 2 })) ids.push(id);
    expect(ids).toEqual(privy.app.wallets.map(({ id }) => id));
    expect(ids.length).toBeGreaterThan(4);
  });

  test('repeats what did not arrive under the same idempotency key, and changes nothing twice', async () => {
    const { appId, appSecret } = privy.app.credentials();
    const patient = new PrivyClient({ appId, appSecret, apiUrl: privy.url, maxRetries: 1 });
    const before = privy.app.wallets.length;
    privy.faults.plan({ operation: 'wallets.create', fault: { kind: 'answer_lost' } });
    await patient.wallets().create({ chain_type: 'ethereum', idempotency_key: 'again' });
    expect(privy.app.wallets.length).toBe(before + 1);
  });

  test('is refused with another secret, and let in with the old and the new one while both live', async () => {
    const before = createSdk();
    privy.app.rotateKeys();
    const after = createSdk();
    const list = (client: PrivyClient) => client.users().list();
    await Promise.all([list(before), list(after)]);
    privy.app.dropOldKeys();
    expect(await failureOf(list(before))).toEqual({ status: 401, code: 'invalid_credentials' });
    await list(after);
    sdk = after;
  });

  test('is refused a request whose time is over', async () => {
    const { id } = await sdk.wallets().create({ chain_type: 'ethereum', owner_id: privy.app.authorizationId });
    const late = { params: { typed_data }, authorization_context: agent(), request_expiry: Date.now() - 1 };
    expect(await failureOf(sdk.wallets().ethereum().signTypedData(id, late))).toEqual({
      status: 400,
      code: 'request_expired',
    });
  });
});
