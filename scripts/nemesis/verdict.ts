import { findNetwork } from '../../lib/domain/assets.ts';
import { assertSessionBalances, type Session } from '../../lib/domain/payment/session.ts';
import { recoverProofSigner, type Eip3009Proof } from '../proof-signer.ts';
import { microUsd, type Receipt, type SessionFigures } from './account.ts';
import type { TokenRecord } from './traffic.ts';

/** All that is known when everything has come to rest. */
export interface Evidence {
  readonly records: readonly TokenRecord[];
  readonly receipts: readonly Receipt[];
  readonly figures: readonly SessionFigures[];
  /** The same sessions as they lie in the database. */
  readonly sessions: readonly Session[];
}

interface Proof {
  readonly processPaymentId: string;
  readonly paymentOutput: {
    readonly cryptoX402: {
      readonly version: string;
      readonly payload: Eip3009Proof;
    };
  };
}

const NETWORK = findNetwork('eip155:84532')!;

/** Everything that contradicts the promises of the books. Nothing, where they hold. */
export async function findViolations(evidence: Evidence): Promise<readonly string[]> {
  return [
    ...evidence.records.flatMap(violationsOfToken),
    ...(await Promise.all(evidence.records.map(violationsOfProof))).flat(),
    ...violationsOfReceipts(evidence),
    ...violationsAtRest(evidence),
  ];
}

/** What must hold whenever nobody pays and the sweeper has been there: nothing is held, and what is spent is what is signed. */
export function violationsAtRest({ figures, receipts, sessions }: Omit<Evidence, 'records'>): readonly string[] {
  return [
    ...figures.flatMap((each) => violationsOfSession(each, receipts)),
    ...sessions.flatMap(violationsOfStoredSession),
  ];
}

/** What must hold at any moment: the counters add up, and every proof that is out is counted. */
export function violationsInFlight(figures: SessionFigures, provenBefore: bigint): readonly string[] {
  const { sessionId, limit, available, reserved, spent } = figures;
  const found: string[] = [];
  if (available + reserved + spent !== limit) {
    found.push(`session ${sessionId}: ${available} + ${reserved} + ${spent} is not the limit ${limit}`);
  }
  if (reserved + spent < provenBefore) {
    found.push(`session ${sessionId}: proofs worth ${provenBefore} are out, ${reserved} + ${spent} are counted`);
  }
  return found;
}

/** What the proofs that have been received on a session are worth, each token once. */
export function provenOn(sessionId: string, records: readonly TokenRecord[]): bigint {
  return records
    .filter((record) => record.sessionId === sessionId && record.proofs.size > 0)
    .reduce((sum, { amount }) => sum + amount, 0n);
}

function violationsOfToken({ clientToken, proofs, denials, unexpected }: TokenRecord): readonly string[] {
  const found = unexpected.map((answer) => `token ${clientToken}: was answered ${answer}`);
  if (proofs.size === 0 && denials === 0) found.push(`token ${clientToken}: has no outcome`);
  if (proofs.size > 0 && denials > 0) found.push(`token ${clientToken}: was paid and denied`);
  if (proofs.size > 1) found.push(`token ${clientToken}: has ${proofs.size} different proofs`);
  return found;
}

function parseProof({ proofs }: TokenRecord): Proof | null {
  const [first] = proofs;
  return first === undefined ? null : (JSON.parse(first) as Proof);
}

async function violationsOfProof(record: TokenRecord): Promise<readonly string[]> {
  const proof = parseProof(record);
  if (proof === null) return [];
  const { signature, authorization } = proof.paymentOutput.cryptoX402.payload;
  const asked = [record.wallet.address.toLowerCase(), record.payTo.toLowerCase(), `${record.amount}`];
  const got = [authorization.from.toLowerCase(), authorization.to.toLowerCase(), authorization.value];
  const signer = await recoverProofSigner({ signature, authorization }, NETWORK);
  const found: string[] = [];
  if (`${got}` !== `${asked}`) found.push(`token ${record.clientToken}: the proof is not for what was asked`);
  if (signer.toLowerCase() !== asked[0]) found.push(`token ${record.clientToken}: the proof is not the wallet's`);
  return found;
}

/** One payment for each token and one token for each payment. */
function violationsOfReceipts({ records, receipts }: Evidence): readonly string[] {
  const found: string[] = [];
  const byId = new Map(receipts.map((receipt) => [receipt.processPaymentId, receipt]));
  if (byId.size !== receipts.length) found.push('the list names a payment twice');
  const [nonces, ids] = [new Set<string>(), new Set<string>()];
  for (const record of records) {
    const proof = parseProof(record);
    if (proof === null) continue;
    const { nonce } = proof.paymentOutput.cryptoX402.payload.authorization;
    if (nonces.has(nonce)) found.push(`token ${record.clientToken}: shares its nonce with another`);
    if (ids.has(proof.processPaymentId)) found.push(`token ${record.clientToken}: shares its payment with another`);
    nonces.add(nonce);
    ids.add(proof.processPaymentId);
    const receipt = byId.get(proof.processPaymentId);
    const agrees =
      receipt?.decision === 'PAID' &&
      receipt.paymentSessionId === record.sessionId &&
      microUsd(receipt.amountUsd) === record.amount &&
      receipt.authorization.nonce === nonce;
    if (!agrees) found.push(`token ${record.clientToken}: its proof has no receipt that agrees`);
  }
  const denied = records.filter(({ denials }) => denials > 0).length;
  const decided = { PAID: ids.size, DENIED: denied };
  for (const [decision, expected] of Object.entries(decided)) {
    const count = receipts.filter((receipt) => receipt.decision === decision).length;
    if (count !== expected) found.push(`${count} receipts are ${decision}, ${expected} tokens know of it`);
  }
  const open = receipts.filter(({ decision }) => !(decision in decided));
  found.push(...open.map(({ processPaymentId, decision }) => `payment ${processPaymentId}: is left ${decision}`));
  return found;
}

function violationsOfSession(figures: SessionFigures, receipts: readonly Receipt[]): readonly string[] {
  const { sessionId, limit, available, reserved, spent } = figures;
  const signed = receipts
    .filter((receipt) => receipt.paymentSessionId === sessionId && receipt.decision === 'PAID')
    .reduce((sum, { amountUsd }) => sum + microUsd(amountUsd), 0n);
  const found: string[] = [];
  if (spent !== signed) found.push(`session ${sessionId}: ${spent} is spent, payments worth ${signed} are signed`);
  if (reserved !== 0n) found.push(`session ${sessionId}: ${reserved} is still held`);
  if (available + spent !== limit) found.push(`session ${sessionId}: ${available} + ${spent} is not ${limit}`);
  return found;
}

function violationsOfStoredSession(session: Session): readonly string[] {
  try {
    assertSessionBalances(session);
  } catch (error) {
    return [(error as Error).message];
  }
  return session.open.size === 0 ? [] : [`session ${session.sessionId}: ${session.open.size} entries are open`];
}
