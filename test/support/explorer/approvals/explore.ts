import { newAllowance, type Allowance } from '../../../../lib/domain/allowances/allowance.ts';
import { ask } from '../../../../lib/domain/allowances/steps.ts';
import { askToWithdraw } from '../../../../lib/domain/allowances/withdrawal-steps.ts';
import type { PaymentId } from '../../../../lib/domain/ids.ts';
import { toBaseUnits, toMicroUsd } from '../../../../lib/domain/money.ts';
import type { Hex, Payment } from '../../../../lib/domain/payment/payment.ts';
import { coinOf } from '../../../../lib/domain/tokens/coin.ts';
import { toCoinTransfer } from '../../../../lib/protocols/treasury/offers.ts';
import { OPEN_GATE } from '../../model-ledger.ts';
import { addMs, toEpochMs, toEpochSeconds } from '../../../../lib/domain/time.ts';
import { signApproval } from '../../../../lib/service/allowances/signing.ts';
import { visitAllowance } from '../../../../lib/service/allowances/sending.ts';
import type { Exploration } from '../explore.ts';
import {
  createReplay,
  keyOf,
  type Answer,
  type ReplayedBody,
  type ReplayedProgram,
  type ReplayNode,
} from '../replay.ts';
import { instrument, network, sessionWith, START_MS } from '../tenant.ts';
import {
  applyEffect,
  finalized,
  foreignBlock,
  FORM,
  mayLag,
  nextBlocks,
  portsOf,
  type ApprovalEffect,
  type ApprovalState,
} from './chain-model.ts';

/** Who works on one wallet's approval at a time, and what may go wrong on one path. */
export interface ApprovalScenario {
  readonly name: string;
  /** Looks of each sender, and how long after the request they begin. */
  readonly senders: readonly { readonly looks: number; readonly afterMs: number }[];
  readonly signers: number;
  /** Requests whose answer is lost, whether or not they were applied. */
  readonly unknowns: number;
  /** Writes whose answer is lost, and that may be applied at any later time. */
  readonly ghosts: number;
  /** Transactions of the wallet that are not ours. */
  readonly foreign: number;
  /** Of a withdrawal of the coin, how long after the request its time is over. @default - an approval is asked for */
  readonly withdrawalMs?: number;
  /** Answers of nodes that do not show yet what is in a block that is not final. @default 0 */
  readonly lags?: number;
  /** The same of a final block, which is shown within a minute: fewer than are asked within it and after it. @default 0 */
  readonly finalLags?: number;
}

const KEY = { network: network.id, owner: instrument.wallet!.address } as const;
const GAS_PER_DAY = 10n ** 15n;
const AMOUNT = 500n;
const HOME: Hex = '0x209693Bc6afc0C5328bA36FaF03C514EF312287C';
const session = sessionWith(0n, 'withdrawal-000000000000001');
/** By then every copy that waits is stuck, and its fee is raised. */
const ROUND_MS = 200_000;
const ROUNDS_MAX = 12;

interface GlobalState extends ApprovalState {
  readonly processes: readonly ReplayNode<ApprovalEffect>[];
  readonly delayed: readonly Allowance[];
  readonly left: Required<Pick<ApprovalScenario, 'unknowns' | 'ghosts' | 'foreign' | 'lags' | 'finalLags'>> & {
    /** Whether it matters when blocks become final. */
    readonly finality: boolean;
  };
}

interface Participant {
  readonly name: string;
  readonly program: ReplayedProgram<ApprovalEffect>;
}

function visiting(looks: number, withdrawalMs: number | undefined): ReplayedBody<ApprovalEffect> {
  return async (world) => {
    const { books, chain, outcomes } = portsOf(world);
    const chains = new Map([[KEY.network, chain]]);
    const need = async () => ({ most: null, signed: 0n });
    const payments = { readPayment: async () => paymentOf(withdrawalMs) };
    const deps = { books, chains, outcomes, payments, readNeed: need, gasPerDay: GAS_PER_DAY, clock: world.clock };
    for (let look = 0; look < looks; look += 1) await visitAllowance(deps, KEY).catch(() => 'later');
  };
}

const signing =
  (withdrawalMs: number | undefined): ReplayedBody<ApprovalEffect> =>
  async (world) => {
    const { books, sign } = portsOf(world);
    const signer = {
      type: 'SeedVault',
      sign: (_key: unknown, message: { digest: Uint8Array }) => sign(message),
    } as const;
    await signApproval(
      {
        books,
        registry: { readInstrument: async () => instrument },
        ledger: { readGate: async () => OPEN_GATE },
        signers: { SeedVault: signer } as never,
        form: FORM,
        withdrawals: {
          ledger: { readPayment: async () => paymentOf(withdrawalMs), readSession: async () => session },
          form: FORM,
          destinations: new Set([HOME]),
        },
        allowedNetworks: new Set([KEY.network]),
        gasPerDay: GAS_PER_DAY,
        clock: world.clock,
      },
      KEY,
    );
  };

/** What the books have decided: a withdrawal of the wallet's coin. */
function paymentOf(withdrawalMs = 0): Payment {
  const { managerId, userId, instrumentId } = instrument;
  const coin = coinOf(KEY.network);
  const offer = toCoinTransfer({
    network: KEY.network,
    asset: coin.address,
    token: coin,
    amount: toBaseUnits(AMOUNT),
    payTo: HOME,
    maxTimeoutSeconds: 1,
  });
  const [at, until] = [toEpochMs(START_MS), toEpochSeconds((START_MS + withdrawalMs) / 1_000)];
  return {
    id: 'withdrawal-of-coin' as PaymentId,
    managerId,
    userId,
    instrumentId,
    sessionId: session.sessionId,
    agentName: null,
    resource: null,
    requestHash: '0x',
    offer,
    amount: toMicroUsd(0n),
    terms: { transferMethod: 'transaction', from: KEY.owner, nonce: '0x', validAfter: until, validBefore: until },
    attempt: 1,
    owner: '0x',
    leaseUntil: at,
    status: 'SIGNED',
    createdAt: at,
    decidedAt: at,
    signatures: [],
    denial: null,
    budget: null,
  };
}

function firstState(withdrawalMs: number | undefined): ApprovalState {
  const { managerId, userId, instrumentId } = instrument;
  const askedAt = toEpochMs(START_MS);
  const known = newAllowance({ ...KEY, managerId, userId, instrumentId });
  const start = { kept: new Set<Hex>(), pool: [], mined: [], nonce: 7, finalNonce: 7, outcome: null };
  if (withdrawalMs !== undefined) {
    const { id: paymentId } = paymentOf();
    const until = addMs(askedAt, withdrawalMs);
    const asked = { paymentId, to: HOME, amount: AMOUNT, askedAt, until, hindrance: null };
    return { item: askToWithdraw(known, asked), ...start };
  }
  const want = { token: network.usdc.address, most: AMOUNT, least: 100n, askedAt, sessionId: null };
  return { item: ask(known, want), ...start };
}

/** Visits every state that the processes of a scenario can reach, breadth first. */
export async function exploreApprovals(
  { senders, signers, unknowns, ghosts, foreign, withdrawalMs, lags = 0, finalLags = 0 }: ApprovalScenario,
  { statesMax }: { readonly statesMax: number },
): Promise<Exploration> {
  let lastId = 0;
  const ids = () => (lastId += 1);
  const participants: Participant[] = [];
  for (const [at, { looks, afterMs }] of senders.entries()) {
    const program = await createReplay(visiting(looks, withdrawalMs), { startMs: START_MS + afterMs, ids });
    participants.push({ name: `sender ${at}`, program });
  }
  for (let at = 0; at < signers; at += 1)
    participants.push({
      name: `signer ${at}`,
      program: await createReplay(signing(withdrawalMs), { startMs: START_MS, ids }),
    });
  const root: GlobalState = {
    ...firstState(withdrawalMs),
    processes: participants.map(({ program }) => program.start),
    delayed: [],
    left: { unknowns, ghosts, foreign, lags, finalLags, finality: lags > 0 },
  };
  const seen = new Set([keyOfState(root)]);
  const finished = new Set<string>();
  let transitions = 0;
  let frontier: { readonly state: GlobalState; readonly trace: readonly string[] }[] = [
    { state: root, trace: ['start'] },
  ];
  while (frontier.length > 0) {
    const next: typeof frontier = [];
    for (const { state, trace } of frontier) {
      const rule = checkState(state) ?? (await checkFinished(state, finished, withdrawalMs));
      if (rule !== null) return { states: seen.size, transitions, violation: { rule, trace } };
      for await (const { label, to } of moves(participants, state)) {
        transitions += 1;
        const key = keyOfState(to);
        if (seen.has(key)) continue;
        if (seen.size >= statesMax) throw new Error(`more than ${statesMax} states: the exploration is not exhaustive`);
        seen.add(key);
        next.push({ state: to, trace: [...trace, label] });
      }
    }
    frontier = next;
  }
  return { states: seen.size, transitions, violation: null };
}

interface Move {
  readonly label: string;
  readonly to: GlobalState;
}

async function* moves(participants: readonly Participant[], state: GlobalState): AsyncGenerator<Move> {
  const { left } = state;
  for (const block of nextBlocks(state)) yield { label: 'a block with a copy', to: { ...state, ...block } };
  if (left.foreign > 0)
    yield {
      label: 'a block with a foreign transaction',
      to: { ...state, ...foreignBlock(state), left: { ...left, foreign: left.foreign - 1 } },
    };
  const final = finalized(state);
  if (final !== null && left.finality) yield { label: 'the blocks are final', to: { ...state, ...final } };
  for (const [at, next] of state.delayed.entries()) {
    const delayed = state.delayed.filter((_, index) => index !== at);
    yield {
      label: 'a delayed write arrives',
      to: { ...state, ...applied(state, { kind: 'write', next }).state, delayed },
    };
  }
  for (const [who, node] of state.processes.entries()) {
    const { name, program } = participants[who]!;
    for (const { index, effect } of node.pending) {
      const advance = async (from: GlobalState, answer: Answer): Promise<GlobalState> => {
        const process = await program.next(node, { index, answer });
        return { ...from, processes: from.processes.map((old, other) => (other === who ? process : old)) };
      };
      yield* movesOf(state, { what: `${name}: ${effect.kind}`, name, effect }, advance);
    }
  }
}

function applied(state: GlobalState, effect: Parameters<typeof applyEffect>[1]) {
  const { state: changed, reply } = applyEffect(state, effect);
  return { state: { ...state, ...changed }, reply };
}

const LOSABLE: ReadonlySet<ApprovalEffect['kind']> = new Set(['write', 'broadcast', 'outcome']);

async function* movesOf(
  state: GlobalState,
  { what, name, effect }: { readonly what: string; readonly name: string; readonly effect: ApprovalEffect },
  advance: (from: GlobalState, answer: Answer) => Promise<GlobalState>,
): AsyncGenerator<Move> {
  if (effect.kind === 'sleep' || effect.kind === 'sign') {
    const value = effect.kind === 'sleep' ? undefined : `${effect.digest}${name}`;
    yield { label: what, to: await advance(state, { kind: 'reply', value }) };
    return;
  }
  const { state: changed, reply } = applied(state, effect);
  yield { label: what, to: await advance(changed, { kind: 'reply', value: reply }) };
  const lag = mayLag(state, effect);
  if (lag !== null && state.left[lag] > 0) {
    const left = { ...state.left, [lag]: state.left[lag] - 1 };
    yield {
      label: `${what} of a node that lags`,
      to: await advance({ ...state, left }, { kind: 'reply', value: null }),
    };
  }
  if (state.left.unknowns === 0 || !LOSABLE.has(effect.kind)) return;
  const left = { ...state.left, unknowns: state.left.unknowns - 1 };
  yield { label: `${what}, lost on the way`, to: await advance({ ...state, left }, { kind: 'unknown' }) };
  yield { label: `${what}, whose reply is lost`, to: await advance({ ...changed, left }, { kind: 'unknown' }) };
  if (left.ghosts === 0 || effect.kind !== 'write') return;
  const late = { ...state, delayed: [...state.delayed, effect.next], left: { ...left, ghosts: left.ghosts - 1 } };
  yield { label: `${what}, delayed`, to: await advance(late, { kind: 'unknown' }) };
}

/** One approval at most, of what was asked for, by bytes that were kept before. */
function checkState({ mined, pool, kept, item, outcome }: GlobalState): string | null {
  if (outcome !== null && mined.length === 0) return 'told: a withdrawal is told to be on the chain, and is not';
  if (mined.length > 1) return `twice: ${mined.length} approvals are on the chain for one request`;
  const unkept = pool.find(({ raw }) => !kept.has(raw));
  if (unkept !== undefined) return 'unkept: bytes left that the books never held';
  if (pool.some(({ amount }) => amount !== AMOUNT))
    return 'amount: an approval is of another amount than was asked for';
  if (item.gas.wei > GAS_PER_DAY) return 'gas: the approvals cost more than a day may';
  return null;
}

/** Whatever the state, a sender and a signer that come later bring the one transaction to the chain. */
async function checkFinished(
  state: GlobalState,
  known: Set<string>,
  withdrawalMs: number | undefined,
): Promise<string | null> {
  const key = keyOf([stateKey(state), state.delayed]);
  if (known.has(key)) return null;
  known.add(key);
  let now: ApprovalState = state;
  for (let round = 1; round <= ROUNDS_MAX; round += 1) {
    const options = { startMs: START_MS + round * ROUND_MS, ids: () => 0 };
    for (const [name, body] of [
      ['late sender', visiting(1, withdrawalMs)],
      ['late signer', signing(withdrawalMs)],
      ['later sender', visiting(1, withdrawalMs)],
    ] as const) {
      now = await runAlone(now, name, await createReplay(body, options));
      // Nothing that was sent before these began arrives after the first of them.
      if (round === 1)
        for (const next of state.delayed) now = { ...now, ...applyEffect(now, { kind: 'write', next }).state };
    }
    now = nextBlocks(now)[0] ?? now;
    now = finalized(now) ?? now;
  }
  if (withdrawalMs !== undefined) return checkWithdrawn(now, withdrawalMs);
  if (now.item.want !== null || now.item.attempt !== null) return 'unfinished: the approval is under way for ever';
  if (now.mined.length !== 1) return `twice: ${now.mined.length} approvals came of one request`;
  const { end } = now.item;
  if (end?.kind !== 'approved') return `end: it came to ${end?.kind ?? 'nothing'} although it is on the chain`;
  return null;
}

/** On the chain once and told so, or where its time was over before it was signed, neither. */
function checkWithdrawn({ item, mined, outcome }: ApprovalState, withdrawalMs: number): string | null {
  if (item.withdrawal !== null || item.attempt !== null) return 'unfinished: the withdrawal is under way for ever';
  if (mined.length === 0 && withdrawalMs < ROUND_MS) return outcome === null ? null : 'told: nothing left the wallet';
  if (mined.length !== 1) return `twice: ${mined.length} transfers came of one request`;
  return outcome?.transaction === mined[0]?.hash ? null : 'told: the transfer on the chain is not told';
}

async function runAlone(
  state: ApprovalState,
  name: string,
  program: ReplayedProgram<ApprovalEffect>,
): Promise<ApprovalState> {
  let now = state;
  let node = program.start;
  while (node.pending.length > 0) {
    const { index, effect } = node.pending[0]!;
    let value: unknown;
    if (effect.kind === 'sign') value = `${effect.digest}${name}`;
    else if (effect.kind !== 'sleep') ({ state: now, reply: value } = applyEffect(now, effect));
    node = await program.next(node, { index, answer: { kind: 'reply', value } });
  }
  return now;
}

function stateKey({ item, pool, mined, nonce, finalNonce, outcome }: ApprovalState): unknown {
  const hashes = mined.map(({ hash }) => hash);
  return [item, pool.map(({ hash }) => hash).toSorted(), hashes, nonce, finalNonce, outcome?.transaction ?? null];
}

function keyOfState(state: GlobalState): string {
  const processes = state.processes.map(({ id, pending }) => (pending.length === 0 ? '-' : id));
  return keyOf([stateKey(state), processes, state.delayed, state.left]);
}
