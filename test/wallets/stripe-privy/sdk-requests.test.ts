import { p256 } from '@noble/curves/nist';
import { sha256 } from '@noble/hashes/sha2.js';
import { formatRequestForAuthorizationSignature, PrivyClient } from '@privy-io/node';
import { generatePrivateKey, privateKeyToAddress, sign } from 'viem/accounts';
import { expect, test } from 'vitest';
import { createStripePrivyDelegations } from '../../../lib/wallets/stripe-privy/delegation.ts';
import { createStripePrivySigner } from '../../../lib/wallets/stripe-privy/signer.ts';
import { makeStripePrivyWallet } from '../../../lib/wallets/stripe-privy/wallet-maker.ts';
import { NOW_SECONDS } from '../provider-keys.ts';
import { transferFrom } from '../transfer.ts';
import {
  APP_ID,
  APP_SECRET,
  BASE_URL,
  CONNECTOR,
  createApp,
  key,
  QUORUM,
  scriptedFetch,
  type Answer,
  type Sent,
} from './app.ts';

// What Privy's own client sends for the same: each request of ours is that one, to the byte.

const WALLET = 'wallet01';
const USER = 'did:privy:user01';
const INSTRUMENT = 'payment-instrument-000000000000001';
const privateKey = generatePrivateKey();
const address = privateKeyToAddress(privateKey);
const message = transferFrom(address);
const EXPIRY = NOW_SECONDS * 1_000 + 500 + 120_000;

const user = { id: USER, linked_accounts: [{ type: 'email', address: 'ada@example.com' }] };
const wallet = {
  id: WALLET,
  address,
  owner_id: 'owner',
  additional_signers: [{ signer_id: QUORUM }, { signer_id: 'another', override_policy_ids: ['p'] }],
};

const signature = await sign({
  hash: `0x${Buffer.from(message.digest).toString('hex')}`,
  privateKey,
  to: 'hex',
});

function answer({ method, path }: Sent): Answer {
  if (path.endsWith('/rpc')) {
    return { status: 200, body: { method: 'eth_signTypedData_v4', data: { signature, encoding: 'hex' } } };
  }
  if (path === '/v1/users/email/address') return { status: 404 };
  if (path.startsWith('/v1/users')) return { status: 200, body: user };
  if (path === '/v1/policies') return { status: 200, body: { id: 'policy01' } };
  return { status: 200, body: method === 'GET' && path.includes('?') ? { data: [] } : wallet };
}

type PolicyInput = Parameters<ReturnType<PrivyClient['policies']>['create']>[0];

/** What both send, but for what is drawn anew each time. */
function essence({ method, url, text, headers }: Sent) {
  const names = [
    'authorization',
    'content-type',
    'privy-app-id',
    'privy-idempotency-key',
    'privy-request-expiry',
  ] as const;
  return { method, url, text, headers: Object.fromEntries(names.map((name) => [name, headers.get(name)])) };
}

/** Whether the authorization key has signed the request as it went out, in the form that Privy's own function makes of it. */
function isSigned({ method, url, body, headers }: Sent): boolean {
  const payload = formatRequestForAuthorizationSignature({
    version: 1,
    method: method as 'POST',
    url,
    body,
    headers: {
      'privy-app-id': headers.get('privy-app-id')!,
      ...(headers.has('privy-idempotency-key')
        ? { 'privy-idempotency-key': headers.get('privy-idempotency-key')! }
        : {}),
      'privy-request-expiry': headers.get('privy-request-expiry')!,
    },
  });
  const der = Buffer.from(headers.get('privy-authorization-signature') ?? '', 'base64');
  return p256.verify(p256.Signature.fromDER(der).toCompactRawBytes(), sha256(payload), key.publicKey, { lowS: false });
}

const ours = createApp(answer);
const theirs = scriptedFetch(answer);
const sdk = new PrivyClient({ appId: APP_ID, appSecret: APP_SECRET, apiUrl: BASE_URL, fetch: theirs.fetch });
const authorization = {
  authorization_context: { authorization_private_keys: [key.pkcs8] },
  request_expiry: EXPIRY,
};

/** Both sent the same, and where it is signed, the key has signed each. */
function expectSame(): readonly Sent[] {
  expect(ours.sent.map(essence)).toEqual(theirs.sent.map(essence));
  for (const [index, one] of ours.sent.entries()) {
    const sdks = theirs.sent[index]!;
    expect(one.headers.has('privy-authorization-signature')).toBe(sdks.headers.has('privy-authorization-signature'));
    if (one.headers.has('privy-authorization-signature')) expect([isSigned(one), isSigned(sdks)]).toEqual([true, true]);
  }
  theirs.sent.length = 0;
  return ours.sent.splice(0);
}

test('typed data is signed by the request that the SDK makes', async () => {
  const account = { type: 'StripePrivy', connector: CONNECTOR, walletId: WALLET } as const;
  await createStripePrivySigner({ call: ours.call }).sign(account, message, address);
  const { primaryType, domain, types, message: said } = message.typedData();
  await sdk
    .wallets()
    .ethereum()
    .signTypedData(WALLET, {
      params: { typed_data: { domain, types: types as never, primary_type: primaryType, message: said } },
      idempotency_key: ours.sent[0]!.headers.get('privy-idempotency-key')!,
      ...authorization,
    });
  expect(expectSame().length).toBe(1);
});

test('a wallet of a person is made by the requests that the SDK makes', async () => {
  const linkedAccount = { email: { emailAddress: 'ada@example.com' } };
  await makeStripePrivyWallet(ours.call, {
    connector: CONNECTOR,
    instrumentId: INSTRUMENT,
    linkedAccount,
    isSigner: true,
  });
  await sdk
    .users()
    .getByEmailAddress({ address: 'ada@example.com' })
    .catch(() => null);
  await sdk.users().create({ linked_accounts: [{ type: 'email', address: 'ada@example.com' }] });
  await sdk.wallets().list({ external_id: INSTRUMENT });
  const policy = ours.sent.find(({ path }) => path === '/v1/policies')!;
  await sdk.policies().create({ ...(policy.body as PolicyInput), idempotency_key: `${INSTRUMENT}-policy` });
  await sdk.wallets().create({
    chain_type: 'ethereum',
    owner: { user_id: USER },
    additional_signers: [{ signer_id: QUORUM, override_policy_ids: ['policy01'] }],
    external_id: INSTRUMENT,
    idempotency_key: INSTRUMENT,
  });
  expect(expectSame().length).toBe(5);
});

test('a signer is taken away by the requests that the SDK makes', async () => {
  const account = { type: 'StripePrivy', connector: CONNECTOR, walletId: WALLET } as const;
  await createStripePrivyDelegations(ours.call).revoke(account, address);
  await sdk.wallets().get(WALLET);
  await sdk.wallets().update(WALLET, {
    additional_signers: [{ signer_id: 'another', override_policy_ids: ['p'] }],
    ...authorization,
  });
  expect(expectSame().length).toBe(2);
});
