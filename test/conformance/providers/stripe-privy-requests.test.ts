import { generateAuthorizationSignature, PrivyClient } from '@privy-io/node';
import { recoverAddress, type Hex } from 'viem';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { toEpochMs } from '../../../lib/domain/time.ts';
import { startStripePrivy, type Exchange, type StripePrivy } from '../../../lib/local/providers/stripe-privy/index.ts';
import { createCircuitBreaker } from '../../../lib/wallets/circuit-breaker.ts';
import { createCredentialCache } from '../../../lib/wallets/credential-cache.ts';
import { createStripePrivyClient, type CallStripePrivy } from '../../../lib/wallets/stripe-privy/client.ts';
import { parseStripePrivySecrets } from '../../../lib/wallets/stripe-privy/request-signing.ts';
import { createStripePrivySigner } from '../../../lib/wallets/stripe-privy/signer.ts';
import { makeStripePrivyWallet } from '../../../lib/wallets/stripe-privy/wallet-maker.ts';
import { toEpochSeconds } from '../../../lib/domain/time.ts';
import type { Payment } from '../../../lib/domain/payment/payment.ts';
import { createSigningKey } from '../../../lib/local/providers/stripe-privy/app.ts';
import { makePayment, makeSession } from '../../support/payments.ts';
import { askForMore, intentsOf, sendSignature } from '../../support/privy-people.ts';
import { messagesFrom, transferFrom } from '../../wallets/transfer.ts';

// Our connector before the stand-in, and the official client asked for the same: what the stand-in hears of both is equal.

const CONNECTOR = 'manager/connector';
const EMAIL = 'ada@example.com';

let privy: StripePrivy;
let call: CallStripePrivy;
let sdk: PrivyClient;
const exchanges: Exchange[] = [];

beforeAll(async () => {
  privy = await startStripePrivy({ dataDir: null, onExchange: (exchange) => exchanges.push(exchange) });
  const { appId, appSecret, ...others } = privy.app.credentials();
  const secrets = parseStripePrivySecrets({ appId, appSecret, ...others });
  if (!secrets.ok) throw new Error(secrets.error.map(({ message }) => message).join());
  const clock = { now: () => toEpochMs(Date.now()) };
  call = createStripePrivyClient({
    baseUrl: privy.url,
    fetch: (url, init) => fetch(url, init),
    useCredentials: createCredentialCache({ read: async () => secrets.value, clock }),
    breaker: createCircuitBreaker({ clock }),
    clock,
  });
  sdk = new PrivyClient({ appId, appSecret, apiUrl: privy.url, maxRetries: 0 });
});
afterAll(() => privy.close());

async function during(work: () => Promise<unknown>): Promise<readonly Exchange[]> {
  exchanges.length = 0;
  await work();
  return exchanges.splice(0);
}

const READ = ['authorization', 'privy-app-id', 'privy-idempotency-key', 'privy-request-expiry'];

/** What the provider reads of a request. Signatures of one key over the same bytes differ; whether they are good, the status says. */
function said({ operation, path, query, body, headers }: Exchange): object {
  return {
    operation: operation.id,
    path,
    query,
    body,
    headers: Object.fromEntries(READ.map((name) => [name, headers[name]])),
    contentType: body === '' ? null : headers['content-type'],
    isSigned: headers['privy-authorization-signature'] !== undefined,
  };
}

const bodyOf = <T>({ body }: Exchange): T => JSON.parse(body) as T;
const keyOf = ({ headers }: Exchange): string => String(headers['privy-idempotency-key']);

type Wallets = ReturnType<PrivyClient['wallets']>;

/** Asks by the official client for what another asked for, in its words. */
async function repeat(one: Exchange): Promise<void> {
  const idempotency_key = keyOf(one);
  switch (one.operation.id) {
    case 'users.getByEmailAddress':
      await sdk.users().getByEmailAddress(bodyOf(one));
      return;
    case 'users.create':
      // By now there is one.
      await sdk
        .users()
        .create(bodyOf(one))
        .catch(() => {});
      return;
    case 'wallets.list':
      await sdk.wallets().list(Object.fromEntries(new URLSearchParams(one.query)));
      return;
    case 'policies.create': {
      const policy = bodyOf<Parameters<ReturnType<PrivyClient['policies']>['create']>[0]>(one);
      await sdk.policies().create({ ...policy, idempotency_key });
      return;
    }
    case 'wallets.create': {
      const wallet = bodyOf<Parameters<Wallets['create']>[0]>(one);
      await sdk.wallets().create({ ...wallet, idempotency_key });
      return;
    }
    case 'wallets.rpc': {
      const { params } = bodyOf<Parameters<ReturnType<Wallets['ethereum']>['signTypedData']>[1]>(one);
      await sdk
        .wallets()
        .ethereum()
        .signTypedData(one.path.split('/').at(-2)!, {
          params,
          idempotency_key,
          request_expiry: Number(one.headers['privy-request-expiry']),
          authorization_context: {
            authorization_private_keys: [privy.app.credentials().authorizationPrivateKey],
          },
        });
      return;
    }
    case 'intents.rpc': {
      const rpc = bodyOf<Parameters<ReturnType<PrivyClient['intents']>['rpc']>[1]>(one);
      const request_expiry = Number(one.headers['privy-request-expiry']);
      await sdk.intents().rpc(one.path.split('/').at(-2)!, { ...rpc, request_expiry });
      return;
    }
    case 'intents.get':
      await sdk.intents().get(one.path.split('/').at(-1)!);
      return;
    default:
      throw new Error(`nothing here asks for ${one.operation.id}`);
  }
}

async function expectRepeated(ours: readonly Exchange[]): Promise<void> {
  const theirs = await during(async () => {
    for (const one of ours) await repeat(one);
  });
  expect(ours.map(said)).toEqual(theirs.map(said));
}

test.each([
  ['of a person', { email: { emailAddress: EMAIL } }, 5],
  ['of the app', null, 3],
])('a wallet %s is made, and signs, by the requests of the official client', async (_, linkedAccount, requests) => {
  const instrumentId = `payment-instrument-${String(requests).padStart(15, '0')}`;
  const asked = { connector: CONNECTOR, instrumentId, linkedAccount, isSigner: true };
  let wallet!: Awaited<ReturnType<typeof makeStripePrivyWallet>>;
  const making = await during(async () => {
    wallet = await makeStripePrivyWallet(call, asked);
  });
  expect(making.length).toBe(requests);
  await expectRepeated(making);
  // The same under the same keys: nothing was made twice.
  expect(privy.app.wallets.filter(({ externalId }) => externalId === instrumentId).length).toBe(1);

  const { address, account } = wallet;
  for (const message of messagesFrom(address)) {
    let signature: unknown;
    const signing = await during(async () => {
      signature = await createStripePrivySigner({ call }).sign({ type: 'StripePrivy', ...account }, message, address);
    });
    const hash: Hex = `0x${Buffer.from(message.digest).toString('hex')}`;
    expect(await recoverAddress({ hash, signature: signature as Hex })).toBe(address);
    expect(signing.map(({ operation, status }) => [operation.id, status])).toEqual([['wallets.rpc', 200]]);
    await expectRepeated(signing);
  }
});

/** Signs for an intent as it is shown, by the official client's own functions; it has none that sends it. */
async function authorizeAs(privateKey: string, intentId: string): Promise<void> {
  const { request_details, expires_at } = (await sdk.intents().get(intentId)) as unknown as {
    readonly request_details: { readonly method: 'POST'; readonly url: string; readonly body: object };
    readonly expires_at: number;
  };
  const { appId } = privy.app;
  const headers = { 'privy-app-id': appId, 'privy-request-expiry': String(expires_at) };
  const [version, timestamp] = [1 as const, Date.now()];
  const input = { version, ...request_details, headers, timestamp, intent_id: intentId };
  const signature = generateAuthorizationSignature({ authorizationPrivateKey: privateKey, input });
  await sendSignature(privy, intentId, { signature, timestamp });
}

test('what a quorum has to approve is proposed and looked at by the requests of the official client, and signed', async () => {
  const asked = { connector: CONNECTOR, instrumentId: 'payment-instrument-000000000000099', isSigner: true } as const;
  const { address, account } = await makeStripePrivyWallet(call, { ...asked, linkedAccount: null });
  const quorum = privy.app.quorums.find(({ id }) => id === privy.app.authorizationId)!;
  const ada = createSigningKey();
  askForMore(privy, [ada], 2);
  const message = transferFrom(address);
  const made = makePayment(makeSession());
  const validBefore = toEpochSeconds(Math.floor(Date.now() / 1_000) + 300);
  const payment: Payment = { ...made, terms: { ...made.terms, validBefore } };
  const sign = (more: Partial<Payment> = {}) =>
    createStripePrivySigner({ call }).sign({ type: 'StripePrivy', ...account }, message, address, undefined, {
      ...payment,
      ...more,
    });

  const proposing = await during(() => expect(sign()).rejects.toMatchObject({ trouble: 'approval_pending' }));
  expect(proposing.map(({ operation, status }) => [operation.id, status])).toEqual([
    ['wallets.rpc', 400],
    ['intents.rpc', 200],
    ['intents.authorize', 200],
  ]);
  const intent = intentsOf(privy).at(-1)!;
  expect(await sdk.intents().get(intent.id)).toMatchObject({
    status: 'pending',
    custom_expiry: true,
    expires_at: (validBefore - 20) * 1_000,
    authorization_details: [{ threshold: 2, members: [{ signed_at: expect.any(Number) }, { signed_at: null }] }],
  });
  // All but the idempotency key, which the official client has no member for.
  const theirs = await during(() => repeat(proposing[1]!));
  const unkeyed = ({ headers: { 'privy-idempotency-key': _key, ...headers }, ...rest }: Exchange) =>
    said({ ...rest, headers } as Exchange);
  expect(theirs.map(unkeyed)).toEqual([unkeyed(proposing[1]!)]);

  await authorizeAs(ada.privateKey, intent.id);
  let signature: unknown;
  const taking = await during(async () => {
    signature = await sign({ approval: `1 ${intent.id}` });
  });
  const hash: Hex = `0x${Buffer.from(message.digest).toString('hex')}`;
  expect(await recoverAddress({ hash, signature: signature as Hex })).toBe(address);
  expect(taking.map(({ operation }) => operation.id)).toEqual(['intents.get']);
  await expectRepeated(taking);
  privy.app.put('quorums', quorum);
});
