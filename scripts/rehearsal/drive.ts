import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { ProcessPaymentInput } from '../../lib/client/index.ts';
import type { Callers } from './callers.ts';
import type { Checks } from './checks.ts';
import { offerOf, PAY_TO, readProof, type X402Version } from './offers.ts';
import { createTenant, createWallet, openSession, readBooks, USER, type Tenant, type Wallet } from './tenant.ts';

interface Scene {
  readonly callers: Callers;
  readonly checks: Checks;
  readonly tenant: Tenant;
  readonly sessionId: string;
  readonly wallets: readonly Wallet[];
}

const BUDGET_USD = '1.00';
const AMOUNT = 150_000n;
/** What four payments leave of the budget. */
const BOOKS_AFTER = { spent: '0.60', reserved: '0.00', available: '0.40' };
const TOO_MUCH = 400_001n;
const VERSIONS: readonly X402Version[] = ['1', '2'];
/** The aborted one met a session that was revoked. */
const DECISIONS = ['ABORTED', 'DENIED', 'PAID', 'PAID', 'PAID', 'PAID'];
const LIST_ATTEMPTS_MAX = 10;
const LIST_PAUSE_MS = 1_000;
const DENIED = { status: 403, error: 'AccessDeniedException' };

/** Pays with wallets of both kinds through the deployed API, and checks what each caller may and what the books say. */
export async function drivePayments(callers: Callers, checks: Checks, which = 'First'): Promise<void> {
  await checkStrangers(callers, checks);
  const scene = await setUp(callers, checks, which);
  await checkProofs(scene);
  await checkBooks(scene);
  await checkRoles(scene);
  await checkLists(scene);
}

async function checkStrangers({ endpoint, fetch, forger }: Callers, checks: Checks): Promise<void> {
  const unsigned = await fetch(`${endpoint}/payments/getPaymentSession`, { method: 'POST', body: '{}' });
  checks.equals('refuses an unsigned request', unsigned.status, 403);
  const list = { method: 'POST', path: '/payments/listPaymentSessions', userId: USER, body: {} } as const;
  await checks.refuses('refuses a signature that another secret made', forger.send(list), { status: 403 });
}

async function setUp(callers: Callers, checks: Checks, which: string): Promise<Scene> {
  const tenant = await createTenant(callers.operator, {
    name: `rehearsal${which}`,
    types: ['SeedVault', 'AwsKms'],
    authorizer: { authorizerType: 'AWS_IAM' },
  });
  checks.holds('the operator makes a manager with both connectors', tenant.paymentManagerArn !== '');
  const wallets: Wallet[] = [];
  for (const type of ['SeedVault', 'AwsKms'] as const) {
    const wallet = await createWallet(callers.backend, tenant, type);
    checks.holds(`the backend makes a wallet of ${type}`, /^0x[0-9a-fA-F]{40}$/.test(wallet.address));
    wallets.push(wallet);
  }
  const sessionId = await openSession(callers.backend, tenant, BUDGET_USD);
  const books = await readBooks(callers.agent, tenant, sessionId);
  checks.equals('a session opens with its whole budget', books, { spent: '0.00', reserved: '0.00', available: '1.00' });
  return { callers, checks, tenant, sessionId, wallets };
}

function paymentOf(scene: Scene, wallet: Wallet, version: X402Version, amount: bigint): ProcessPaymentInput {
  return {
    paymentManagerArn: scene.tenant.paymentManagerArn,
    paymentSessionId: scene.sessionId,
    paymentInstrumentId: wallet.instrumentId,
    userId: USER,
    agentName: 'rehearsal',
    paymentType: 'CRYPTO_X402',
    paymentInput: offerOf(version, amount),
    clientToken: randomUUID(),
  };
}

async function checkProofs(scene: Scene): Promise<void> {
  const { callers, checks, wallets } = scene;
  for (const [index, wallet] of wallets.entries()) {
    const kind = index === 0 ? 'a seed' : 'a KMS key';
    for (const version of VERSIONS) {
      const input = paymentOf(scene, wallet, version, AMOUNT);
      const proof = await callers.agent.processPayment(input);
      checks.equals(`x402 v${version} is signed by the wallet, with ${kind}`, await readProof(proof), {
        signer: wallet.address,
        from: wallet.address,
        to: PAY_TO,
        value: `${AMOUNT}`,
      });
      const again = await callers.agent.processPayment(input);
      checks.equals('the second answer is told as a replay', [proof.replayed, again.replayed], [false, true]);
      // Not `equals`, which would show a proof that differs.
      const repeated = JSON.stringify({ ...again, replayed: false });
      checks.holds('the same token gives the same proof', repeated === JSON.stringify(proof));
    }
  }
}

async function checkBooks(scene: Scene): Promise<void> {
  const { callers, checks, tenant, sessionId, wallets } = scene;
  const books = await readBooks(callers.backend, tenant, sessionId);
  checks.equals('the books hold every payment once and reserve nothing', books, BOOKS_AFTER);
  await checks.refuses(
    'a payment above what is left is denied',
    callers.agent.processPayment(paymentOf(scene, wallets[0]!, '2', TOO_MUCH)),
    { status: 400, error: 'ValidationException', code: 'bursar:budget_exceeded' },
  );
  const unchanged = await readBooks(callers.backend, tenant, sessionId);
  checks.equals('a denial changes nothing in the books', unchanged, BOOKS_AFTER);
}

async function checkRoles(scene: Scene): Promise<void> {
  const { callers, checks, tenant, sessionId, wallets } = scene;
  const payment = paymentOf(scene, wallets[0]!, '2', 1n);
  await checks.refuses('the backend cannot pay', callers.backend.processPayment(payment), DENIED);
  await checks.refuses('the observer cannot pay', callers.observer.processPayment(payment), DENIED);
  await checks.refuses('the operator cannot pay', callers.operator.processPayment(payment), DENIED);
  await checks.refuses('the agent cannot open a session', openSession(callers.agent, tenant, '1.00'), DENIED);
  const manager = { name: 'of-agent', types: [], authorizer: { authorizerType: 'AWS_IAM' } } as const;
  await checks.refuses('the agent cannot make a manager', createTenant(callers.agent, manager), DENIED);
  const deletion = {
    method: 'POST',
    path: '/payments/deletePaymentSession',
    userId: USER,
    body: { paymentManagerArn: tenant.paymentManagerArn, paymentSessionId: sessionId },
  } as const;
  await checks.refuses('the observer cannot revoke a session', callers.observer.send(deletion), DENIED);
  const malformed = { ...deletion, path: '/payments/getPaymentSession', body: { paymentManagerArn: 7 } };
  const error = { status: 400, error: 'ValidationException' };
  await checks.refuses('a malformed request is answered as AWS does', callers.agent.send(malformed), error);
  await callers.backend.send(deletion);
  await checks.refuses('a revoked session pays no more', callers.agent.processPayment(payment), {
    status: 400,
    code: 'bursar:session_not_found',
  });
}

async function checkLists(scene: Scene): Promise<void> {
  const { callers, checks, tenant, wallets } = scene;
  const { paymentManagerArn, paymentManagerId } = tenant;
  const { observer } = callers;
  const { paymentManagers } = await observer.call('ListPaymentManagers', {});
  checks.holds(
    'managers are listed',
    paymentManagers.some((each) => each.paymentManagerId === paymentManagerId),
  );
  const { paymentConnectors } = await observer.call('ListPaymentConnectors', { paymentManagerId });
  checks.equals('connectors are listed', paymentConnectors.map(({ type }) => type).sort(), ['AwsKms', 'SeedVault']);
  const list = { paymentManagerArn };
  const { paymentInstruments } = await observer.call('ListPaymentInstruments', list, { userId: USER });
  const listed = paymentInstruments.map(({ paymentInstrumentId }) => paymentInstrumentId).sort();
  checks.equals('instruments are listed', listed, wallets.map(({ instrumentId }) => instrumentId).sort());
  const decisions = await readDecisions(scene, DECISIONS.length);
  checks.equals('receipts are listed, with how each payment ended', decisions, DECISIONS);
}

/** Sorted. The list is an index of the store's, which follows within moments. */
async function readDecisions({ callers, tenant, sessionId }: Scene, enough: number): Promise<string[]> {
  for (let attempt = 1; ; attempt += 1) {
    const input = { paymentManagerArn: tenant.paymentManagerArn };
    const { payments } = await callers.observer.call('ListPayments', input, { userId: USER });
    const ours = payments.filter((each) => each.paymentSessionId === sessionId);
    if (ours.length >= enough || attempt >= LIST_ATTEMPTS_MAX) return ours.map(({ decision }) => decision).sort();
    await wait(LIST_PAUSE_MS);
  }
}
