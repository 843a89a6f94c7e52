import type { Charge } from '../../../lib/domain/payment/charge.ts';
import type { PaymentId } from '../../../lib/domain/ids.ts';
import type { EntryKey, Payment } from '../../../lib/domain/payment/payment.ts';
import { applyCall, type Books, type BooksCall, type BooksReply } from '../model-ledger.ts';
import { checkDenial, checkRecovered, checkState, checkStep } from './invariants.ts';
import { askPeople, peopleMoves, type People, type Questions } from './people.ts';
import type { Effect, ProcessNode, ProcessProgram } from './process.ts';
import { keyOf, type Answer } from './replay.ts';

/**
 * How much may go wrong on one path; the explorer tries every way to spend it. A crash is no fault of its own: a process that
 * is never chosen again is one that has crashed, and recovery is checked from every state.
 */
export interface FaultBudget {
  /** Requests whose answer is lost, whether or not they were applied. */
  readonly unknowns: number;
  /** Lost requests that may still arrive at any later time. */
  readonly ghosts: number;
  /** Requests to the books that are refused for now, and have definitely done nothing. */
  readonly throttles: number;
  readonly signerFailures: number;
  /** Signatures that are refused for now. */
  readonly signerThrottles: number;
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

export interface GlobalState {
  readonly books: Books;
  readonly processes: readonly ProcessNode[];
  readonly ghosts: readonly BooksCall[];
  readonly left: FaultBudget;
  /** Entries that were settled, and how often. */
  readonly settled: ReadonlyMap<EntryKey, number>;
  /** Payments whose intent was written when the gate was closed already. */
  readonly frozenOut: ReadonlySet<PaymentId>;
  /** What people were asked at the wallet's provider, where it asks any. */
  readonly questions: Questions;
}

/** How a state was reached; kept without the states themselves, of which there are millions. */
interface Link {
  readonly parent: Link | null;
  readonly label: string;
}

interface Participant {
  readonly name: string;
  readonly program: ProcessProgram;
  /** Whether nothing of what it asks for fails. */
  readonly isSteady: boolean;
  /** The payment whose outcome it answers with, if it answers with one. */
  readonly paymentId?: PaymentId;
  /** What its payment is to be counted for. */
  readonly charges?: readonly Charge[];
}

export interface ExploreOptions {
  readonly books: Books;
  readonly programs: readonly Participant[];
  readonly faults: FaultBudget;
  /** Who are asked before the wallet signs. @default nobody */
  readonly people?: People | undefined;
  /** Finishes the books as the sweeper does when every handler is gone, while delayed requests still arrive. */
  readonly recover: (books: Books, ghosts: readonly BooksCall[]) => Promise<Books>;
  readonly statesMax: number;
  readonly onProgress?: (states: number) => void;
}

const WRITES = new Set<BooksCall['method']>([
  'putIntent',
  'reserve',
  'takeOver',
  'decide',
  'supersede',
  'settle',
  'release',
  'change',
  // The other writes to the index only ever make a visit come again.
  'dropVisit',
  'handOver',
]);

/** Visits every reachable state breadth first, so that a violation comes with a shortest path to it. */
export async function explore(options: ExploreOptions): Promise<Exploration> {
  const root: GlobalState = {
    books: options.books,
    processes: options.programs.map(({ program }) => program.start),
    ghosts: [],
    left: options.faults,
    settled: new Map(),
    frozenOut: new Set(),
    questions: new Map(),
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
      const broken = checkState(state, options) ?? (await checkRecovery(options, state, recovered, numbers));
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
  for (const [label, questions] of peopleMoves(state.questions)) yield { label, result: { ...state, questions } };
  for (const [who, node] of state.processes.entries()) {
    if (node.outcome !== null) continue;
    const participant = options.programs[who]!;
    const { program } = participant;
    const advance = async (from: GlobalState, index: number, answer: Answer): Promise<GlobalState> =>
      withProcess(from, who, await program.next(node, { index, answer }));
    for (const { index, effect } of node.pending) {
      yield* effectMoves(options, state, participant, effect, (from, answer) => advance(from, index, answer));
    }
  }
}

type Advance = (from: GlobalState, answer: Answer) => Promise<GlobalState>;

async function* effectMoves(
  { people }: Pick<ExploreOptions, 'people'>,
  state: GlobalState,
  { name, isSteady }: Omit<Participant, 'program'>,
  effect: Effect,
  advance: Advance,
): AsyncGenerator<Move> {
  if (effect.kind === 'sleep') {
    yield { label: `${name} waits`, result: await advance(state, { kind: 'reply', value: undefined }) };
    return;
  }
  if (effect.kind === 'sign') {
    // Like KMS, no two signatures are alike: a released one shows whose it was.
    const value = `0x${effect.digest}${Buffer.from(name).toString('hex')}`;
    if (people !== undefined) {
      yield* askingMoves(people, state, { name, effect, value }, advance);
      return;
    }
    yield { label: `${name} signs`, result: await advance(state, { kind: 'reply', value }) };
    if (state.left.signerFailures > 0) {
      const left = { ...state.left, signerFailures: state.left.signerFailures - 1 };
      yield { label: `${name} fails to sign`, result: await advance({ ...state, left }, { kind: 'fails' }) };
    }
    if (state.left.signerThrottles > 0) {
      const left = { ...state.left, signerThrottles: state.left.signerThrottles - 1 };
      yield { label: `${name} may not sign now`, result: await advance({ ...state, left }, { kind: 'not_now' }) };
    }
    return;
  }
  if (effect.kind === 'look') {
    const { status } = state.questions.get(effect.reference)!;
    const value = { status, message: 'people are asked' };
    yield { label: `${name} looks whether people approved`, result: await advance(state, { kind: 'reply', value }) };
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
  if (isSteady) return;
  if (state.left.throttles > 0) {
    const spent = { ...state, left: { ...state.left, throttles: state.left.throttles - 1 } };
    yield { label: `${what}, throttled`, result: await advance(spent, { kind: 'not_now' }) };
  }
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

async function* askingMoves(
  people: People,
  state: GlobalState,
  {
    name,
    effect,
    value,
  }: { readonly name: string; readonly effect: Extract<Effect, { kind: 'sign' }>; readonly value: string },
  advance: Advance,
): AsyncGenerator<Move> {
  const asked = askPeople(people, state, effect, value);
  if (typeof asked === 'string') {
    yield { label: `${name} has people asked`, result: asked };
    return;
  }
  const { signerFailures } = state.left;
  for (const { label, questions, answer, fails } of asked) {
    if (fails && signerFailures === 0) continue;
    const left = { ...state.left, signerFailures: signerFailures - (fails ? 1 : 0) };
    yield { label: `${name} ${label}`, result: await advance({ ...state, left, questions }, answer) };
  }
}

function withProcess(state: GlobalState, who: number, process: ProcessNode): GlobalState {
  return { ...state, processes: state.processes.map((old, index) => (index === who ? process : old)) };
}

/** Applies a request, and says which rule it breaks where it breaks one. */
function applyChecked(
  state: GlobalState,
  call: BooksCall,
): { readonly state: GlobalState; readonly reply: BooksReply } | string {
  const { books, reply } = applyCall(state.books, call);
  const broken = checkStep(state.books, call, reply, books) ?? checkDenial(state.books, call, reply);
  if (broken !== null) return broken;
  let { settled, frozenOut } = state;
  if (call.method === 'settle' && reply === 'done') {
    const { entry } = call.args[0];
    settled = new Map(settled).set(entry, (settled.get(entry) ?? 0) + 1);
  }
  if (call.method === 'putIntent' && books !== state.books && isFrozenOut(books, call.args[0])) {
    frozenOut = new Set(frozenOut).add(call.args[0].id);
  }
  return { state: { ...state, books, settled, frozenOut }, reply };
}

/** Said without the code that is explored: the name of what is frozen stands at the end of its key. */
function isFrozenOut({ gate: { frozenAt, freezes } }: Books, { userId, offer: { payTo } }: Payment): boolean {
  return (
    frozenAt !== null || [...freezes.keys()].some((key) => key.endsWith(`#${userId}`) || key.endsWith(`#${payTo}`))
  );
}

function labelOf(call: BooksCall): string {
  const [first, second, third] = call.args as readonly unknown[];
  const of = (first ?? {}) as { readonly entry?: string; readonly id?: string } | string;
  const id = typeof of === 'string' ? of : (of.entry ?? of.id ?? '');
  const verdict = call.method === 'decide' ? `@${String(second)} ${(third as { status: string }).status}` : '';
  return `${call.method} ${id.slice(-14)}${verdict}`;
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
  return checkRecovered(await options.recover(state.books, state.ghosts));
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
function processKey({ id, outcome }: ProcessNode, numbers: Numbering): string {
  if (outcome === null) return id.toString(36);
  return outcome.kind === 'threw' ? 't' : `r${numbers(outcome.value ?? null)}`;
}

function booksKey(books: Books, numbers: Numbering): string {
  let key = books.gate.frozenAt === null ? '' : 'f';
  for (const frozen of books.gate.freezes.keys()) key += `${frozen}f`;
  for (const id of books.topUps.keys()) key += `${id}t`;
  for (const window of books.windows.values()) key += `${numbers(window).toString(36)}w`;
  for (const session of books.sessions.values()) key += `${numbers(session).toString(36)}.`;
  for (const id of [...books.payments.keys()].toSorted()) {
    key += `.${numbers(books.payments.get(id)).toString(36)}`;
    const visit = books.visits.get(id);
    key += visit === undefined ? '-' : `@${numbers(visit).toString(36)}`;
  }
  return key;
}

function keyOfState(state: GlobalState, numbers: Numbering): string {
  const { unknowns, ghosts, throttles, signerFailures, signerThrottles } = state.left;
  return [
    booksKey(state.books, numbers),
    state.processes.map((process) => processKey(process, numbers)).join(),
    state.ghosts.map((ghost) => numbers(ghost).toString(36)).join(),
    `${unknowns}${ghosts}${throttles}${signerFailures}${signerThrottles}`,
    numbers(state.settled).toString(36),
    [...state.frozenOut].toSorted().join(),
    numbers(state.questions).toString(36),
  ].join('|');
}

function traceOf(link: Link): readonly string[] {
  const labels: string[] = [];
  for (let at: Link | null = link; at !== null; at = at.parent) labels.push(at.label);
  return labels.toReversed();
}
