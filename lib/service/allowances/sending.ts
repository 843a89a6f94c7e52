import {
  unsignedCopy,
  type Allowance,
  type AllowanceKey,
  type Attempt,
  type Withdrawal,
} from '../../domain/allowances/allowance.ts';
import { concluded, freeze, isStuck, raise, remind, sent, toSend } from '../../domain/allowances/steps.ts';
import type { AllowanceBooks, ApprovalChain, ApprovalChains, ReadNeed } from '../../domain/ports/allowances.ts';
import { isLapsed, leftForGas, putAway, freezeWithdrawal } from '../../domain/allowances/withdrawal-steps.ts';
import type { Clock } from '../../domain/time.ts';
import { concludeWithdrawal, type WithdrawalEnds } from './withdrawal-ends.ts';

export interface SendingDeps extends WithdrawalEnds {
  readonly books: AllowanceBooks;
  readonly chains: ApprovalChains;
  readonly readNeed: ReadNeed;
  /** The most that the transactions of a wallet may cost in a day, in wei. */
  readonly gasPerDay: bigint;
  readonly clock: Clock;
}

/** Whether there is something to look at again: at once, after a moment, or when its time comes. */
export type Visit = 'again' | 'soon' | 'later';

/**
 * One look at a wallet's transactions: finds out what became of the one under way, gives its bytes to the chain, raises its fee, or
 * freezes the next, of which a withdrawal comes before an approval. It has no key: what is frozen waits for the signer, and what it sends was kept before. Any number may look
 * at once, and one that dies between two requests leaves nothing that the next look does not find.
 * Throws where books or chain cannot be asked; another look is then due.
 */
export async function visitAllowance(deps: SendingDeps, key: AllowanceKey): Promise<Visit> {
  const allowance = await deps.books.read(key);
  const chain = deps.chains.get(key.network);
  if (allowance === null || chain === undefined) return 'later';
  if (allowance.attempt === null) return begin(deps, chain, allowance);
  const hashes = allowance.attempt.copies.flatMap(({ signed }) => signed?.hash ?? []);
  const sight = await chain.look(allowance.owner, hashes);
  if (allowance.attempt.want === null) {
    const ended = await concludeWithdrawal(deps, chain, { allowance, attempt: allowance.attempt, hashes, sight });
    return ended ?? deliver(deps, chain, allowance);
  }
  const end = concluded(allowance, sight, deps.clock.now());
  if (end !== null) return (await deps.books.write(end)) === 'written' && end.visitAt === null ? 'later' : 'again';
  return deliver(deps, chain, allowance);
}

async function begin(deps: SendingDeps, chain: ApprovalChain, allowance: Allowance): Promise<Visit> {
  if (allowance.withdrawal === null) return beginApproval(deps, chain, allowance);
  const next = await frozenWithdrawal(deps, chain, allowance, allowance.withdrawal);
  if ((await deps.books.write(next)) === 'overtaken') return 'again';
  if (next.attempt !== null) return 'soon';
  // What hinders a withdrawal may let an approval through.
  return beginApproval(deps, chain, next);
}

/** No chain is asked about one whose time is over: it may be the chain that says it would fail. */
async function frozenWithdrawal(
  { clock, gasPerDay }: SendingDeps,
  chain: ApprovalChain,
  allowance: Allowance,
  withdrawal: Withdrawal,
): Promise<Allowance> {
  if (isLapsed(allowance, clock.now())) return putAway(allowance, clock.now());
  const { owner } = allowance;
  const [sight, facts] = await Promise.all([chain.look(owner, []), chain.readTransferFacts(owner, withdrawal)]);
  return freezeWithdrawal(allowance, { sight, facts }, { now: clock.now(), gasPerDay });
}

async function beginApproval(deps: SendingDeps, chain: ApprovalChain, allowance: Allowance): Promise<Visit> {
  const { want, owner } = allowance;
  if (want === null) return 'later';
  const [sight, facts, need] = await Promise.all([
    chain.look(owner, []),
    chain.readFacts(owner, want.token),
    deps.readNeed(allowance, want.token),
  ]);
  const { gasPerDay, clock } = deps;
  const next = freeze(allowance, { sight, facts, need }, { now: clock.now(), gasPerDay });
  if ((await deps.books.write(next)) === 'overtaken') return 'again';
  return next.attempt === null ? 'later' : 'soon';
}

/** Gives the chain the newest bytes, the same each time. Whether it takes them, the next look shows. */
async function deliver(deps: SendingDeps, chain: ApprovalChain, allowance: Allowance): Promise<Visit> {
  const { books, clock, gasPerDay } = deps;
  const bytes = toSend(allowance);
  if (bytes !== null) await chain.broadcast(bytes.raw).catch(() => {});
  if (unsignedCopy(allowance) !== null || bytes === null) {
    const reminder = remind(allowance, clock.now());
    if (reminder === allowance) return 'soon';
    await books.write(reminder);
    return 'later';
  }
  if (!isStuck(allowance, clock.now())) {
    const noted = sent(allowance, clock.now());
    if (noted !== allowance) await books.write(noted);
    return 'soon';
  }
  const facts = await readRaisedFacts(chain, allowance.owner, allowance.attempt!);
  const raised = raise(allowance, facts, { now: clock.now(), gasPerDay });
  await books.write(raised);
  return unsignedCopy(raised) === null ? 'later' : 'soon';
}

async function readRaisedFacts(chain: ApprovalChain, owner: Allowance['owner'], { want, withdrawal }: Attempt) {
  if (want !== null) return chain.readFacts(owner, want.token);
  return leftForGas(await chain.readTransferFacts(owner, withdrawal), withdrawal);
}
