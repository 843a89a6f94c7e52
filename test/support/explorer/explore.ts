import type { PaymentId } from '../../../lib/domain/ids.ts';
import { parseEntryKey, type EntryKey, type Payment } from '../../../lib/domain/payment/payment.ts';
import { assertSessionBalances } from '../../../lib/domain/payment/session.ts';
import { applyCall, type Books, type LedgerCall } from '../model-ledger.ts';
import { keyOf, type Answer, type Effect, type ProcessNode, type ProcessProgram } from './process.ts';

/** How much may go wrong on one path; the explorer tries every way to spend it. */
export interface FaultBudget {
  readonly crashes: number;
  /** Requests whose answer is lost, whether or not they were applied. */
  readonly unknowns: number;
  /** Lost requests that may still arrive at any later time. */
  readonly ghosts: number;
  readonly signerFailures: number;
}

/** Something that no execution may do, with the steps that did it. */
export interface Violation {
  readonly rule: string;
  readonly trace: readonly string[];
}

export interface Exploration {
  readonly states: number;
  readonly transitions: number;
  readonly violation: Violation | null;
}

interface ProcessState {
  readonly node: ProcessNode;
  readonly crashed: boolean;
}

interface GlobalState {
  readonly books: Books;
  readonly processes: readonly ProcessState[];
  readonly ghosts: readonly LedgerCall[];
  readonly left: FaultBudget;
  /** Entries that were settled, and how often. */
  readonly settled: ReadonlyMap<EntryKey, number>;
}

/** How a state was reached; kept without the states themselves, of which there are millions. */
interface Link {
  readonly parent: Link | null;
  readonly label: string;
}

export interface ExploreOptions {
  readonly books: Books;
  readonly programs: readonly { readonly name: string; readonly program: ProcessProgram }[];
  readonly faults: FaultBudget;
  /** Finishes the books as the sweeper does when every handler is gone. */
  readonly recover: (books: Books) => Promise<Books>;
  readonly statesMax: number;
  readonly onProgress?: (states: number) => void;
}

const WRITES = new Set<LedgerCall['method']>([
  'putIntent',
  'reserve',
  'takeOver',
  'decide',
  'supersede',
  'settle',
  'release',
]);

/** Visits every reachable state breadth first, so that a violation comes with a shortest path to it. */
export async function explore(options: ExploreOptions): Promise<Exploration> {
  const root: GlobalState = {
    books: options.books,
    processes: options.programs.map(({ program }) => ({ node: program.start, crashed: false })),
    ghosts: [],
    left: options.faults,
    settled: new Map(),
  };
  const numbers = createNumbering();
  const seen = new Set<string>([keyOfState(root, numbers)]);
  const recovered = new Set<string>();
  let frontier: { readonly state: GlobalState; readonly link: Link }[] = [
    { state: root, link: { parent: null, label: 'start' } },
  ];
  let transitions = 0;
  while (frontier.length > 0) {
    const next: typeof frontier = [];
    for (const { state, link } of frontier) {
      const broken = checkState(state) ?? (await checkRecovery(options, state, recovered, numbers));
      if (broken !== null) {
        return { states: seen.size, transitions, violation: { rule: broken, trace: traceOf(link) } };
      }
      for await (const move of moves(options, state)) {
        transitions += 1;
        if (typeof move.result === 'string') {
          const violation = { rule: move.result, trace: [...traceOf(link), move.label] };
          return { states: seen.size, transitions, violation };
        }
        const key = keyOfState(move.result, numbers);
        if (seen.has(key)) continue;
        if (seen.size >= options.statesMax)
          throw new Error(`more than ${options.statesMax} states: the exploration is not exhaustive`);
        seen.add(key);
        next.push({ state: move.result, link: { parent: link, label: move.label } });
      }
    }
    frontier = next;
    options.onProgress?.(seen.size);
  }
  return { states: seen.size, transitions, violation: null };
}

interface Move {
  readonly label: string;
  /** The state it leads to, or the rule it breaks. */
  readonly result: GlobalState | string;
}

async function* moves(options: ExploreOptions, state: GlobalState): AsyncGenerator<Move> {
  for (const [at, ghost] of state.ghosts.entries()) {
    const ghosts = state.ghosts.filter((_, index) => index !== at);
    const applied = applyChecked(state, ghost);
    const result = typeof applied === 'string' ? applied : { ...applied.state, ghosts };
    yield { label: `the delayed ${labelOf(ghost)} arrives`, result };
  }
  for (const [who, { node, crashed }] of state.processes.entries()) {
    if (crashed || node.outcome !== null) continue;
    const { name, program } = options.programs[who]!;
    const advance = async (from: GlobalState, index: number, answer: Answer): Promise<GlobalState> =>
      withProcess(from, who, { node: await program.next(node, { index, answer }), crashed: false });
    if (state.left.crashes > 0) {
      const left = { ...state.left, crashes: state.left.crashes - 1 };
      yield { label: `${name} crashes`, result: withProcess({ ...state, left }, who, { node, crashed: true }) };
    }
    for (const { index, effect } of node.pending) {
      yield* effectMoves(state, name, effect, (from, answer) => advance(from, index, answer));
    }
  }
}

type Advance = (from: GlobalState, answer: Answer) => Promise<GlobalState>;

async function* effectMoves(state: GlobalState, name: string, effect: Effect, advance: Advance): AsyncGenerator<Move> {
  if (effect.kind === 'sleep') {
    yield { label: `${name} waits`, result: await advance(state, { kind: 'reply', value: undefined }) };
    return;
  }
  if (effect.kind === 'sign') {
    // Like KMS, no two signatures are alike: a released one shows whose it was.
    const value = `0x${effect.digest}${Buffer.from(name).toString('hex')}`;
    yield { label: `${name} signs`, result: await advance(state, { kind: 'reply', value }) };
    if (state.left.signerFailures > 0) {
      const left = { ...state.left, signerFailures: state.left.signerFailures - 1 };
      yield { label: `${name} fails to sign`, result: await advance({ ...state, left }, { kind: 'fails' }) };
    }
    return;
  }
  const { call } = effect;
  const what = `${name}: ${labelOf(call)}`;
  const applied = applyChecked(state, call);
  if (typeof applied === 'string') {
    yield { label: what, result: applied };
    return;
  }
  yield { label: what, result: await advance(applied.state, { kind: 'reply', value: applied.reply }) };
  if (state.left.unknowns === 0) return;
  const left = { ...state.left, unknowns: state.left.unknowns - 1 };
  yield { label: `${what}, lost on the way`, result: await advance({ ...state, left }, { kind: 'unknown' }) };
  if (!WRITES.has(call.method)) return;
  yield {
    label: `${what}, applied but the reply is lost`,
    result: await advance({ ...applied.state, left }, { kind: 'unknown' }),
  };
  if (left.ghosts === 0) return;
  const delayed = { ...state, left: { ...left, ghosts: left.ghosts - 1 }, ghosts: [...state.ghosts, call] };
  yield { label: `${what}, delayed`, result: await advance(delayed, { kind: 'unknown' }) };
}

function withProcess(state: GlobalState, who: number, process: ProcessState): GlobalState {
  return { ...state, processes: state.processes.map((old, index) => (index === who ? process : old)) };
}

/** Applies a request, and says which rule it breaks where it breaks one. */
function applyChecked(
  state: GlobalState,
  call: LedgerCall,
): { readonly state: GlobalState; readonly reply: never } | string {
  const { books, reply } = applyCall(state.books, call);
  let settled = state.settled;
  if (call.method === 'release' && reply === 'done') {
    const { paymentId, attempt } = parseEntryKey(call.args[0].entry);
    const payment = state.books.payments.get(paymentId);
    const open = payment?.attempt === attempt && (payment.status === 'PENDING' || payment.status === 'SIGNED');
    if (open) return `I6: released ${call.args[0].entry} while its payment is ${payment.status}`;
  }
  if (call.method === 'settle' && reply === 'done') {
    const { entry } = call.args[0];
    settled = new Map(settled).set(entry, (settled.get(entry) ?? 0) + 1);
  }
  return { state: { ...state, books, settled }, reply: reply as never };
}

function labelOf(call: LedgerCall): string {
  const [first, second, third] = call.args as readonly unknown[];
  const of = first as { readonly entry?: string; readonly id?: string } | string;
  const id = typeof of === 'string' ? of : (of.entry ?? of.id ?? '');
  const verdict = call.method === 'decide' ? `@${String(second)} ${(third as { status: string }).status}` : '';
  return `${call.method} ${id.slice(-14)}${verdict}`;
}

/** The invariants of the books that hold in every state. Returns the one that does not. */
function checkState(state: GlobalState): string | null {
  const { session, payments } = state.books;
  if (session === null) return null;
  try {
    assertSessionBalances(session);
  } catch (error) {
    return (error as Error).message;
  }
  for (const payment of payments.values()) {
    const problem = checkPayment(state, payment);
    if (problem !== null) return problem;
  }
  return checkReleasedProofs(state) ?? checkClosedPayments(state);
}

function checkPayment(state: GlobalState, payment: Payment): string | null {
  const own: EntryKey = `${payment.id}#${payment.attempt}`;
  let settledTimes = 0;
  for (const [entry, times] of state.settled) {
    const { paymentId, attempt } = parseEntryKey(entry);
    if (paymentId !== payment.id) continue;
    if (attempt !== payment.attempt || payment.status !== 'SIGNED') return `I4: ${entry} is settled but was not signed`;
    settledTimes += times;
  }
  const open = state.books.session?.open.has(own) === true;
  if (payment.status === 'SIGNED' && settledTimes + (open ? 1 : 0) !== 1) {
    return `I4: ${own} is SIGNED and counted ${settledTimes + (open ? 1 : 0)} times`;
  }
  // One that was closed in favour of other terms may hold its reservation until somebody gives it back.
  if (payment.denial?.reason === 'budget_exceeded' && open)
    return `a false denial: ${own} is DENIED while its reservation is held`;
  return null;
}

/** I9: a payment of which somebody was told that it never paid and never will is never signed. */
function checkClosedPayments(state: GlobalState): string | null {
  for (const { node } of state.processes) {
    if (node.outcome?.kind !== 'returned') continue;
    const result = node.outcome.value as { ok?: boolean; error?: { reason: string; payment?: Payment } } | undefined;
    if (result?.ok !== false || result.error?.reason !== 'other_terms') continue;
    const told = result.error.payment;
    const stored = told === undefined ? undefined : state.books.payments.get(told.id);
    if (told?.status === 'DENIED' && stored?.status !== 'DENIED') {
      return `I9: the purchase was called unpaid while its payment is ${stored?.status ?? 'missing'}`;
    }
  }
  return null;
}

/** I5 and I7: a proof leaves only for a SIGNED payment, and all that leave for one payment are the same. */
function checkReleasedProofs(state: GlobalState): string | null {
  for (const { node } of state.processes) {
    if (node.outcome?.kind !== 'returned') continue;
    const result = node.outcome.value as { ok?: boolean; value?: Payment } | undefined;
    if (result?.ok !== true || result.value === undefined) continue;
    const stored = state.books.payments.get(result.value.id);
    if (stored?.status !== 'SIGNED') return `I5: a proof left while its payment is ${stored?.status ?? 'missing'}`;
    const proofOf = ({ signatures, terms }: Payment) => keyOf([signatures, terms]);
    if (proofOf(stored) !== proofOf(result.value)) return 'I7: a proof left that differs from the stored one';
  }
  return null;
}

/** I8: whatever the state, once every handler is gone and the sweeper has run, nothing is held and the sums are exact. */
async function checkRecovery(
  options: ExploreOptions,
  state: GlobalState,
  known: Set<string>,
  numbers: Numbering,
): Promise<string | null> {
  const key = `${booksKey(state.books, numbers)}|${state.ghosts.map(numbers).join()}`;
  if (known.has(key)) return null;
  known.add(key);
  let books = await options.recover(state.books);
  for (const ghost of state.ghosts) books = applyCall(books, ghost).books;
  books = await options.recover(books);
  const { session, payments } = books;
  if (session === null) return null;
  let signed = 0n;
  for (const payment of payments.values()) if (payment.status === 'SIGNED') signed += payment.amount;
  if (session.open.size > 0) return `I8: ${[...session.open.keys()].join()} is held for ever`;
  if (session.budget.spent !== signed) return `I8: spent is ${session.budget.spent} but ${signed} was signed`;
  return null;
}

/** Small numbers for equal values, so that the set of visited states holds short keys. */
function createNumbering(): (value: unknown) => number {
  const byKey = new Map<string, number>();
  const byObject = new WeakMap<object, number>();
  return (value) => {
    const known = typeof value === 'object' && value !== null ? byObject.get(value) : undefined;
    if (known !== undefined) return known;
    const key = keyOf(value);
    const number = byKey.get(key) ?? byKey.size;
    byKey.set(key, number);
    if (typeof value === 'object' && value !== null) byObject.set(value, number);
    return number;
  };
}

type Numbering = ReturnType<typeof createNumbering>;

/** Ended processes are told apart by their outcome alone: how they came to it no longer matters. */
function processKey({ node, crashed }: ProcessState, numbers: Numbering): string {
  if (crashed) return 'x';
  if (node.outcome === null) return node.id.toString(36);
  return node.outcome.kind === 'threw' ? 't' : `r${numbers(node.outcome.value ?? null)}`;
}

function booksKey(books: Books, numbers: Numbering): string {
  let key = numbers(books.session).toString(36);
  for (const id of [...books.payments.keys()].toSorted()) {
    key += `.${numbers(books.payments.get(id as PaymentId)).toString(36)}`;
  }
  return key;
}

function keyOfState(state: GlobalState, numbers: Numbering): string {
  const { crashes, unknowns, ghosts, signerFailures } = state.left;
  return [
    booksKey(state.books, numbers),
    state.processes.map((process) => processKey(process, numbers)).join(),
    state.ghosts.map((ghost) => numbers(ghost).toString(36)).join(),
    `${crashes}${unknowns}${ghosts}${signerFailures}`,
    numbers(state.settled).toString(36),
  ].join('|');
}

function traceOf(link: Link): readonly string[] {
  const labels: string[] = [];
  for (let at: Link | null = link; at !== null; at = at.parent) labels.push(at.label);
  return labels.toReversed();
}
