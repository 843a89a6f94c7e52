import { randomBytes } from 'node:crypto';
import { recoverAddress } from 'viem';
import { generatePrivateKey, privateKeyToAddress, sign } from 'viem/accounts';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Hex } from '../../../lib/domain/payment/payment.ts';
import { NotNow, ProviderRefused } from '../../../lib/domain/ports/services.ts';
import { createStripePrivySigner } from '../../../lib/wallets/stripe-privy/signer.ts';
import { createEcKey } from '../provider-keys.ts';
import { failureOf, sOf } from '../signer-contract.ts';
import { transferFrom } from '../transfer.ts';
import { CONNECTOR, createApp, QUORUM, secretsOf, type Answer, type Sent, type TestApp } from './app.ts';

const HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n;
const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const WALLET = 'wallet01';

const privateKey = generatePrivateKey();
const address = privateKeyToAddress(privateKey);
const account = { type: 'StripePrivy', connector: CONNECTOR, walletId: WALLET } as const;

const toHex = (bytes: Uint8Array): Hex => `0x${Buffer.from(bytes).toString('hex')}`;
const signedBy = (hash: Hex, by: Hex = privateKey): Promise<Hex> => sign({ hash, privateKey: by, to: 'hex' });
const rpc = (signature: unknown): Answer => ({
  status: 200,
  body: { method: 'eth_signTypedData_v4', data: { signature, encoding: 'hex' } },
});
const refusal = (status: number, code?: string): Answer => ({ status, body: { error: 'Words', code } });

/** What an rpc is answered with, and what a look at the wallet is. */
let answer: (sent: Sent) => Answer | Promise<Answer>;
let wallet: object;
let message = transferFrom(address);
let app: TestApp;

beforeEach(() => {
  message = transferFrom(address);
  answer = async () => rpc(await signedBy(toHex(message.digest)));
  wallet = { id: WALLET, owner_id: 'owner', additional_signers: [{ signer_id: QUORUM, override_policy_ids: ['p'] }] };
  app = createApp((sent) => (sent.method === 'GET' ? { status: 200, body: wallet } : answer(sent)));
});

const signOne = () => createStripePrivySigner({ call: app.call }).sign(account, message, address);
const rpcs = () => app.sent.filter(({ method }) => method === 'POST');

describe('a wallet of Privy', () => {
  test('signs a transfer so that the address is recovered from our own digest, with low s', async () => {
    const signature = (await signOne()) as Hex;
    expect(signature).toMatch(/^0x[0-9a-f]{128}1[bc]$/);
    expect(sOf(signature)).toBeLessThanOrEqual(HALF_ORDER);
    expect(await recoverAddress({ hash: message.digest, signature })).toBe(address);
    expect(app.sent.map(({ method, path }) => `${method} ${path}`)).toEqual([`POST /v1/wallets/${WALLET}/rpc`]);
  });

  test('repeats the idempotency key with the message, and never for another one', async () => {
    await signOne();
    await signOne();
    message = transferFrom(address);
    await signOne();
    const [first, second, third] = app.sent.map(({ headers }) => headers.get('privy-idempotency-key'));
    expect(first).toMatch(/^[0-9a-f]{64}$/);
    expect(second).toBe(first);
    expect(third).not.toBe(first);
  });

  test.each([0, 31, 33])('refuses a digest of %i bytes and asks nobody', async (length) => {
    message = { ...message, digest: new Uint8Array(length) };
    await expect(signOne()).rejects.toThrow(/32 bytes/);
    expect(app.sent).toEqual([]);
  });

  test.each<[string, () => unknown]>([
    ['of another key', () => signedBy(toHex(message.digest), generatePrivateKey())],
    ['over another digest', () => signedBy(toHex(randomBytes(32)))],
    ['of zeros', () => `0x${'00'.repeat(65)}`],
    ['that is too short', () => `0x${'11'.repeat(64)}`],
    ['that is no text', () => 7],
    ['that is not there', () => undefined],
  ])('releases no signature %s', async (_what, signature) => {
    answer = async () => rpc(await signature());
    const error = await failureOf(signOne());
    expect(String(error)).toMatch(/nothing is released/);
    expect(error).not.toBeInstanceOf(ProviderRefused);
  });

  test('takes a signature with high s or another v, as the low one that it is', async () => {
    const good = await signedBy(toHex(message.digest));
    answer = () => rpc(`${good.slice(0, 66)}${(ORDER - sOf(good)).toString(16).padStart(64, '0')}00`);
    expect(await signOne()).toBe(good);
  });

  test.each<[string, Answer]>([
    ['a connection that ends', 'drop'],
    ['a 500', refusal(500)],
    ['a 503', refusal(503)],
  ])('signs after %s, under one idempotency key and with a signature of its own', async (_what, fault) => {
    const good = answer;
    answer = (sent) => (rpcs().length === 1 ? fault : good(sent));
    await expect(signOne()).resolves.toMatch(/^0x/);
    expect(rpcs().length).toBe(2);
    const of = (name: string) => new Set(rpcs().map(({ headers }) => headers.get(name))).size;
    expect(of('privy-idempotency-key')).toBe(1);
    expect(of('privy-authorization-signature')).toBe(2);
  });

  test.each<[string, Answer]>([
    ['connections that end', 'drop'],
    ['a 500', refusal(500)],
    ['a 400', refusal(400, 'invalid_data')],
    ['a 403 without a reason', refusal(403)],
    ['a 404', refusal(404)],
    ['an answer without a body', { status: 200 }],
  ])('releases nothing, and not as "not now", with %s', async (_what, fault) => {
    answer = () => fault;
    const error = await failureOf(signOne());
    expect(String(error)).toMatch(/nothing is released/);
    expect(error).not.toBeInstanceOf(NotNow);
    expect(error).not.toBeInstanceOf(ProviderRefused);
  });

  test.each([429, 503])('says "not now" with a %i', async (status) => {
    answer = () => refusal(status);
    expect(await failureOf(signOne())).toBeInstanceOf(NotNow);
  });

  test.each<[number, string, string]>([
    [400, 'policy_violation', 'provider_policy'],
    [401, 'policy_violation', 'provider_policy'],
    [402, 'payment_required', 'provider_unpaid'],
    [401, 'insufficient_correct_authorization_signatures', 'approval_needed'],
    [400, 'incorrect_quantity_of_authorization_signatures', 'approval_needed'],
  ])('tells what is to be done with a %i %s', async (status, code, trouble) => {
    answer = () => refusal(status, code);
    expect(await failureOf(signOne())).toMatchObject({ trouble });
    expect(rpcs().length).toBe(1);
  });

  test('quotes nothing of what Privy says', async () => {
    answer = () => ({ status: 400, body: { error: 'Leaked words', code: 'Leaked words' } });
    expect(String(await failureOf(signOne()))).not.toContain('Leaked');
  });

  test('asks Privy for nothing that is no typed data', async () => {
    const transaction = { ...message, form: 'transaction' } as unknown as typeof message;
    message = transaction;
    await expect(signOne()).rejects.toThrow(/typed data alone/);
    expect(app.sent).toEqual([]);
  });
});

describe.each([400, 401])('a signature that Privy does not take, with a %i,', (status) => {
  beforeEach(() => {
    answer = () => refusal(status, 'zero_correct_authorization_signatures');
  });

  test('is of nobody’s leave where the key is no signer of the wallet any more', async () => {
    wallet = { ...wallet, additional_signers: [{ signer_id: 'another' }] };
    expect(await failureOf(signOne())).toMatchObject({ trouble: 'delegation_inactive' });
  });

  test('is of a key that is no good where the wallet still has it', async () => {
    expect(await failureOf(signOne())).toMatchObject({ trouble: 'provider_credentials' });
  });

  test('is of a key that is no good where the wallet cannot be read', async () => {
    const { call } = createApp(() => refusal(401));
    const error = await failureOf(createStripePrivySigner({ call }).sign(account, message, address));
    expect(error).toMatchObject({ trouble: 'provider_credentials' });
  });
});

describe('rotation of keys', () => {
  const older = createEcKey();
  const isKnown = ({ headers }: Sent, secrets: ReturnType<typeof secretsOf>) =>
    headers.get('authorization') === `Basic ${secrets.basicAuthToken}`;

  test.each([
    ['an app secret', { appSecret: 'another-secret' }, undefined],
    ['an authorization key', { authorizationPrivateKey: older.pkcs8 }, 'zero_correct_authorization_signatures'],
  ])('goes on with %s that is new the moment that the old one is gone', async (_what, change, code) => {
    await signOne();
    const good = answer;
    const next = secretsOf(change);
    app.vault = () => next;
    let gone = 0;
    answer = (sent) => {
      if (isKnown(sent, next) && gone > 0) return good(sent);
      gone += 1;
      return refusal(401, code);
    };
    await expect(signOne()).resolves.toMatch(/^0x/);
    expect(app.reads()).toBe(2);
  });
});

test('its steps are told as they begin and end: a secret that is read, a token, a trip', async () => {
  const told: string[] = [];
  const watch = (step: string) => {
    told.push(step);
    return () => void told.push(`/${step}`);
  };
  const signer = createStripePrivySigner({ call: app.call });
  await signer.sign(account, message, address, watch);
  expect(told).toEqual(['secret', '/secret', 'token', '/token', 'provider', '/provider']);
  told.length = 0;
  await signer.sign(account, message, address, watch);
  expect(told).toEqual(['token', '/token', 'provider', '/provider']);
});
