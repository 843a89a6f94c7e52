import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { recoverAddress, type Hex } from 'viem';
import { APPROVAL_MARGIN_SECONDS, APPROVAL_ROUNDS_MAX, PAYMENT_ATTEMPTS_MAX } from '../../../lib/domain/limits.ts';
import { FIRST_ROUND } from '../../../lib/domain/payment/approval.ts';
import { ProviderRefused } from '../../../lib/domain/ports/services.ts';
import { schemeOf } from '../../../lib/protocols/catalogue.ts';
import type { Payment } from '../../../lib/domain/payment/payment.ts';
import type { Session } from '../../../lib/domain/payment/session.ts';
import { createSigningKey } from '../../../lib/local/providers/stripe-privy/app.ts';
import { startStripePrivy, type Exchange, type StripePrivy } from '../../../lib/local/providers/stripe-privy/index.ts';
import { toPaymentId } from '../../../lib/service/paying/payment-draft.ts';
import { processPayment, scopeOf } from '../../../lib/service/paying/process-payment.ts';
import { createCircuitBreaker } from '../../../lib/wallets/circuit-breaker.ts';
import { createCredentialCache } from '../../../lib/wallets/credential-cache.ts';
import { createStripePrivyClient } from '../../../lib/wallets/stripe-privy/client.ts';
import { parseStripePrivySecrets } from '../../../lib/wallets/stripe-privy/request-signing.ts';
import { createStripePrivySigner } from '../../../lib/wallets/stripe-privy/signer.ts';
import { withDatabase } from '../../support/database.ts';
import {
  createPayingWorld,
  createTestClock,
  paid,
  PAYER,
  testSigner,
  type PayingWorld,
  type TestClock,
} from '../../support/paying.ts';
import { approve, askForMore, intentsOf, reject } from '../../support/privy-people.ts';
import { signersOf } from '../../support/wallet-lists.ts';

// The real path over the embedded database, the real connector, and the stand-in of Privy, all by one clock.

const database = withDatabase();
const [ada, grace] = [createSigningKey(), createSigningKey()] as const;
const CLIENT_TOKEN = 'a'.repeat(40);
const CONNECTOR = 'manager/connector';
const WALLET = 'wallet01';

let clock: TestClock;
let privy: StripePrivy;
let world: PayingWorld;
let session: Session;
const exchanges: Exchange[] = [];

beforeEach(async () => {
  Object.assign(process.env, database.environment);
  clock = createTestClock();
  exchanges.length = 0;
  privy = await startStripePrivy({
    dataDir: null,
    now: () => clock.now(),
    onExchange: (exchange) => exchanges.push(exchange),
  });
  const { app } = privy;
  app.put('wallets', {
    id: WALLET,
    address: PAYER as Hex,
    privateKey: `0x${'01'.repeat(32)}`,
    ownerId: app.authorizationId,
    policyIds: [],
    additionalSigners: [],
    externalId: null,
    displayName: null,
    createdAtMs: clock.now(),
  });
  askForMore(privy, [ada, grace], 2);
  world = await createPayingWorld(database, { clock, overrides: { signers: signersOf(signerOf(privy)) } });
  session = await world.open();
});
afterEach(() => privy.close());

function signerOf({ url, app }: StripePrivy) {
  const secrets = parseStripePrivySecrets(app.credentials());
  if (!secrets.ok) throw new Error(secrets.error.map(({ message }) => message).join());
  const signer = createStripePrivySigner({
    call: createStripePrivyClient({
      baseUrl: url,
      fetch: (to, init) => fetch(to, init),
      useCredentials: createCredentialCache({ read: async () => secrets.value, clock }),
      breaker: createCircuitBreaker({ clock }),
      clock,
    }),
  });
  const key = { type: 'StripePrivy', connector: CONNECTOR, walletId: WALLET } as const;
  return {
    ...signer,
    sign: (_key: unknown, ...rest: Tail<Parameters<typeof signer.sign>>) => signer.sign(key, ...rest),
    readApproval: (_key: unknown, reference: string) => signer.readApproval!(key, reference),
  };
}
type Tail<T extends readonly unknown[]> = T extends readonly [unknown, ...infer Rest] ? Rest : never;

const pay = (overrides: Parameters<PayingWorld['request']>[1] = {}) =>
  processPayment(world.deps, world.request(session, { clientToken: CLIENT_TOKEN, ...overrides }));

const asked = async () => {
  const result = await pay();
  if (result.ok) throw new Error('expected a refusal');
  return result.error;
};
const PENDING = { reason: 'provider_refused', trouble: 'approval_pending' };
const budget = async () => (await world.ledger.readSession(session))!.budget;
const called = () => exchanges.splice(0).map(({ operation }) => operation.id);

/** The payment of the token, as the books have it. */
async function paymentOf(): Promise<Payment> {
  const request = world.request(session, { clientToken: CLIENT_TOKEN });
  return (await world.ledger.readPayment(toPaymentId(scopeOf(request))))!;
}

describe('a payment that a quorum has to approve', () => {
  test('is proposed once, holds nothing while people decide, and pays what they approved', async () => {
    const refusal = await asked();
    expect(refusal).toMatchObject(PENDING);
    const [intent] = intentsOf(privy);
    const { terms } = await paymentOf();
    const until = new Date((terms.validBefore - APPROVAL_MARGIN_SECONDS) * 1_000);
    expect(intent).toMatchObject({ status: 'pending', expiresAtMs: until.getTime(), customExpiry: true });
    // Our own signature is one of the two.
    expect('message' in refusal && refusal.message).toBe(
      `The Privy wallet's key quorum has to approve it: 1 of 2 have signed. The others approve intent ${intent!.id} on the page ` +
        `Approvals of Privy's dashboard, or where the app has them sign, until ${until.toISOString()}. ` +
        'Nothing was signed or is held: retry with the same clientToken',
    );
    expect(called()).toEqual(['wallets.rpc', 'intents.rpc', 'intents.authorize']);
    expect(await budget()).toMatchObject({ reserved: 0n, spent: 0n });

    clock.advance(5_000);
    expect(await asked()).toEqual(refusal);
    expect(called()).toEqual(['intents.get']);
    expect(await paymentOf()).toMatchObject({ status: 'ABORTED', attempt: 1, terms });

    expect((await approve(privy, intent!.id, grace, clock.now())).body).toMatchObject({ status: 'executed' });
    called();
    const payment = paid(await pay());
    expect(called()).toEqual(['intents.get', 'intents.get']);
    expect(payment.terms).toEqual(terms);
    const [message] = schemeOf(payment.offer).messages(payment.offer, payment.terms);
    const hash: Hex = `0x${Buffer.from(message!.digest).toString('hex')}`;
    expect(await recoverAddress({ hash, signature: payment.signatures![0] as Hex })).toBe(PAYER);
    expect(await budget()).toMatchObject({ reserved: 0n, spent: payment.amount });
    expect(intentsOf(privy).length).toBe(1);
    expect(paid(await pay()).signatures).toEqual(payment.signatures);
  });

  test('may be asked after for as long as people have, which costs no attempt', async () => {
    await asked();
    for (let n = 0; n <= PAYMENT_ATTEMPTS_MAX; n += 1) expect(await asked()).toMatchObject(PENDING);
    expect(await paymentOf()).toMatchObject({ status: 'ABORTED', attempt: 1 });
  });

  test('is denied for good where somebody says no, however often it is asked again', async () => {
    await asked();
    await reject(privy, intentsOf(privy)[0]!.id);
    clock.advance(600_000);
    expect(await asked()).toEqual({ reason: 'approval_rejected' });
    expect(await asked()).toEqual({ reason: 'approval_rejected' });
    expect(await paymentOf()).toMatchObject({ status: 'DENIED', denial: { reason: 'approval_rejected' } });
    expect(await budget()).toMatchObject({ reserved: 0n, spent: 0n });
    expect(intentsOf(privy).length).toBe(1);
  });

  test('is denied with what its earlier attempt could not give back', async () => {
    const { deps } = world;
    const release = () => Promise.reject(new Error('the process died'));
    world = { ...world, deps: { ...deps, ledger: { ...world.ledger, release } } };
    expect(await asked()).toMatchObject(PENDING);
    expect((await budget()).reserved).toBeGreaterThan(0n);
    world = { ...world, deps };
    await reject(privy, intentsOf(privy)[0]!.id);
    expect(await asked()).toEqual({ reason: 'approval_rejected' });
    expect(await budget()).toMatchObject({ reserved: 0n, spent: 0n });
  });

  test('is proposed anew when its time is over, under the same nonce, and what is approved too late pays nothing', async () => {
    await asked();
    const before = await paymentOf();
    const [first] = intentsOf(privy);
    clock.advance((before.terms.validBefore - APPROVAL_MARGIN_SECONDS) * 1_000 - clock.now());
    expect((await approve(privy, first!.id, ada, clock.now())).status).toBe(400);
    expect(await asked()).toMatchObject(PENDING);
    const [, second] = intentsOf(privy);
    const after = await paymentOf();
    expect(after.terms.validBefore).toBeGreaterThan(before.terms.validBefore);
    const messageOf = ({ body }: { readonly body: object }) =>
      (body as { params: { typed_data: { message: { nonce: string } } } }).params.typed_data.message;
    expect(messageOf(second!.request).nonce).toBe(messageOf(first!.request).nonce);
    await approve(privy, second!.id, ada, clock.now());
    expect(paid(await pay()).terms).toEqual(after.terms);
  });

  test('that was approved, and is asked for only when its authorization is over, is proposed anew', async () => {
    await asked();
    const { terms } = await paymentOf();
    await approve(privy, intentsOf(privy)[0]!.id, ada, clock.now());
    clock.advance((terms.validBefore - 9) * 1_000 - clock.now());
    expect(await asked()).toMatchObject(PENDING);
    expect(intentsOf(privy).map(({ status }) => status)).toEqual(['executed', 'pending']);
  });

  test('is denied when nobody has answered as often as people are asked', async () => {
    for (let round = 1; round <= APPROVAL_ROUNDS_MAX; round += 1) {
      expect(await asked()).toMatchObject(PENDING);
      clock.advance(301_000);
    }
    expect(await asked()).toEqual({ reason: 'approval_lapsed' });
    expect(await asked()).toEqual({ reason: 'approval_lapsed' });
    expect(intentsOf(privy).length).toBe(APPROVAL_ROUNDS_MAX);
  });

  test('is denied for want of money that was spent while people decided, and their approval pays nothing', async () => {
    session = await world.open({ limit: session.limit! });
    await asked();
    await approve(privy, intentsOf(privy)[0]!.id, ada, clock.now());
    const { available } = await budget();
    const quorum = privy.app.quorums.find(({ id }) => id === privy.app.authorizationId)!;
    privy.app.put('quorums', { ...quorum, threshold: 1 });
    paid(await pay({ clientToken: 'b'.repeat(40), amount: `${available! - 1n}` }));
    expect(await asked()).toMatchObject({ reason: 'budget_exceeded' });
    expect(await paymentOf()).toMatchObject({ status: 'DENIED' });
  });

  test('that was closed in favour of other terms pays nothing, whatever people approve', async () => {
    await asked();
    const [intent] = intentsOf(privy);
    const result = await pay({ amount: '7' });
    expect(result).toMatchObject({ ok: false, error: { reason: 'other_terms' } });
    await approve(privy, intent!.id, ada, clock.now());
    expect(await asked()).toEqual({ reason: 'superseded' });
  });
});

describe('a wallet whose provider names no question', () => {
  test('is asked for the same signature until it comes, as long as its terms are good, and then for another', async () => {
    const digests: string[] = [];
    let answers = false;
    const signer = {
      ...testSigner,
      sign: async (...asking: Parameters<typeof testSigner.sign>) => {
        const [, { digest }, , , payment] = asking;
        digests.push(Buffer.from(digest).toString('hex'));
        if (answers) return testSigner.sign(...asking);
        throw new ProviderRefused('approval_pending', 'somebody is asked', payment?.approval ?? FIRST_ROUND);
      },
    };
    world = { ...world, deps: { ...world.deps, signers: signersOf(signer) } };
    for (let n = 0; n < 3; n += 1) {
      expect(await asked()).toMatchObject(PENDING);
      clock.advance(10_000);
    }
    expect(new Set(digests).size).toBe(1);
    clock.advance(60_000);
    expect(await asked()).toMatchObject(PENDING);
    expect(new Set(digests).size).toBe(2);
    expect(await paymentOf()).toMatchObject({ approval: '2', attempt: 4 });
    answers = true;
    paid(await pay());
    expect(new Set(digests).size).toBe(2);
  });
});

describe('Privy, when it fails while people are to be asked,', () => {
  test('by losing the answer to the proposal, is asked for it again and makes no second one', async () => {
    privy.faults.plan({ operation: 'intents.rpc', fault: { kind: 'answer_lost' }, times: 2 });
    expect(await asked()).toMatchObject(PENDING);
    const { approval, terms } = await paymentOf();
    expect(approval).toBe('1');
    clock.advance(5_000);
    expect(await asked()).toMatchObject(PENDING);
    expect(await paymentOf()).toMatchObject({ terms, attempt: 2 });
    expect(intentsOf(privy).length).toBe(1);
    await approve(privy, intentsOf(privy)[0]!.id, ada, clock.now());
    expect(paid(await pay()).terms).toEqual(terms);
  });

  test('by losing the answer until people have approved, pays at the next call', async () => {
    privy.faults.plan({ operation: 'intents.rpc', fault: { kind: 'answer_lost' }, times: 2 });
    await asked();
    const [intent] = intentsOf(privy);
    await approve(privy, intent!.id, ada, clock.now());
    await approve(privy, intent!.id, grace, clock.now());
    paid(await pay());
    expect(intentsOf(privy).length).toBe(1);
  });

  test.each([
    [500, undefined],
    [429, 'busy'],
  ])('with a %i to a look, changes nothing', async (status, reason) => {
    await asked();
    privy.faults.plan({ operation: 'intents.get', fault: { kind: 'status', status }, times: 2 });
    if (reason === undefined) await expect(pay()).rejects.toThrow(/nothing is released/);
    else expect(await asked()).toEqual({ reason, what: 'signer' });
    privy.faults.clear();
    await approve(privy, intentsOf(privy)[0]!.id, ada, clock.now());
    paid(await pay());
  });

  test('by taking no proposal says what is to be done, and pays once one signature is enough', async () => {
    privy.faults.plan({ operation: 'intents.rpc', fault: { kind: 'status', status: 403, errorType: 'invalid_data' } });
    expect(await asked()).toMatchObject({ trouble: 'approval_needed' });
    expect(await paymentOf()).not.toHaveProperty('approval');
    const quorum = privy.app.quorums.find(({ id }) => id === privy.app.authorizationId)!;
    privy.app.put('quorums', { ...quorum, threshold: 1 });
    paid(await pay());
    expect(await budget()).toMatchObject({ reserved: 0n });
  });

  test('by not taking our own signature, leaves it to the others', async () => {
    privy.faults.plan({ operation: 'intents.authorize', fault: { kind: 'status', status: 400 } });
    expect(await asked()).toMatchObject(PENDING);
    const [intent] = intentsOf(privy);
    await approve(privy, intent!.id, ada, clock.now());
    expect(await asked()).toMatchObject(PENDING);
    await approve(privy, intent!.id, grace, clock.now());
    paid(await pay());
  });

  test('by dismissing the intent since the wallet was changed, is asked anew', async () => {
    await asked();
    const [intent] = privy.app.intents;
    privy.app.put('intents', { ...intent!, status: 'dismissed', dismissedAtMs: clock.now() });
    clock.advance(1_000);
    expect(await asked()).toMatchObject(PENDING);
    await approve(privy, intentsOf(privy)[1]!.id, ada, clock.now());
    paid(await pay());
  });

  test('with a signature that is not of the wallet over what was proposed, releases none', async () => {
    await asked();
    const [intent] = privy.app.intents;
    const signature = `0x${'11'.repeat(65)}`;
    const result = { status_code: 200, response_body: { method: 'eth_signTypedData_v4', data: { signature } } };
    privy.app.put('intents', { ...intent!, status: 'executed', result });
    await expect(pay()).rejects.toThrow(/nothing is released/);
    expect(await paymentOf()).toMatchObject({ status: 'ABORTED' });
    expect(await budget()).toMatchObject({ reserved: 0n, spent: 0n });
  });
});
