import { setTimeout as wait } from 'node:timers/promises';
import { BursarError, isFinalDenial } from '../../lib/client/index.ts';
import { findNetwork } from '../../lib/domain/assets.ts';
import type { Account, Wallet } from './account.ts';
import type { Draw } from './plan.ts';

/** One payment that was asked for, and all that was ever answered. */
export interface TokenRecord {
  readonly clientToken: string;
  readonly sessionId: string;
  readonly wallet: Wallet;
  readonly version: '1' | '2';
  /** Micro-dollars, which are USDC's base units. */
  readonly amount: bigint;
  readonly payTo: `0x${string}`;
  /** Every different proof as it came. Bearer instruments, if of a chain without value: never printed. */
  readonly proofs: Set<string>;
  repliesWithProof: number;
  denials: number;
  /** Answers that nobody should get: neither an outcome nor a reason to ask again. */
  readonly unexpected: string[];
}

export interface Traffic {
  readonly records: readonly TokenRecord[];
  /** Requests that were repeated because their outcome was open. */
  readonly repeats: () => number;
  /** From now on a part of the payments goes to this session, too. */
  useSession(sessionId: string): void;
  /** Makes no new tokens any more, and waits until each has an outcome or is abandoned, or time is up. */
  drain(): Promise<void>;
  /** Asks for every token once more, until it has an outcome, or time is up. */
  replay(): Promise<void>;
}

const WORKERS = 8;
const AMOUNT_MAX = 250_000;
/** Tokens that wait for being asked again; less than a session's places, so that new payments still find one. */
const OPEN_MAX = 48;
const DRAIN_TIMEOUT_MS = 90_000;
const REFUSED_WAIT_MS = 100;
const BUSY_WAIT_MAX_MS = 3_000;
/** Most callers come back at some time within about a lease, as the paying function is kept busy by those who come too soon. */
const LATER_WAIT_MAX_MS = 16_000;
const SOON_SHARE = 0.3;
/** Callers that never come back: what they leave is the sweeper's. */
const ABANDONED_SHARE = 0.2;
const REPLAY_SHARE = 0.1;
const TWICE_SHARE = 0.15;
const LASTING_SESSION_SHARE = 0.7;
/** Bounds how long asking for every token once more takes at the end. */
const TOKENS_MAX = 6_000;
const PAY_TO = '0x209693Bc6afc0C5328bA36FaF03C514EF312287C';
const NETWORK = { '1': 'base-sepolia', '2': 'eip155:84532' } as const;
const USDC = findNetwork(NETWORK['2'])!.usdc;

interface Agents {
  readonly account: Account;
  readonly draw: Draw;
  readonly sessions: string[];
  readonly records: TokenRecord[];
  /** Tokens with an open outcome that will be asked for again. */
  readonly later: Set<Promise<void>>;
  readonly state: { making: boolean; giveUpAt: number; repeats: number };
}

/** Starts paying at once and goes on while the stack comes and goes. */
export function startTraffic(account: Account, draw: Draw, sessionId: string): Traffic {
  const agents: Agents = {
    account,
    draw,
    sessions: [sessionId],
    records: [],
    later: new Set(),
    state: { making: true, giveUpAt: Number.POSITIVE_INFINITY, repeats: 0 },
  };
  const running = Array.from({ length: WORKERS }, () => work(agents));
  return {
    records: agents.records,
    repeats: () => agents.state.repeats,
    useSession: (id) => void agents.sessions.push(id),
    drain: async () => {
      agents.state.making = false;
      agents.state.giveUpAt = performance.now() + DRAIN_TIMEOUT_MS;
      await Promise.all(running);
      await Promise.all(agents.later);
    },
    replay: async () => {
      const left = [...agents.records];
      const replayLeft = async (): Promise<void> => {
        for (let record = left.pop(); record !== undefined; record = left.pop()) await askUntilDecided(agents, record);
      };
      agents.state.giveUpAt = performance.now() + DRAIN_TIMEOUT_MS;
      await Promise.all(Array.from({ length: WORKERS }, replayLeft));
    },
  };
}

async function work(agents: Agents): Promise<void> {
  const { draw, records, later, state } = agents;
  while (state.making) {
    if (later.size >= OPEN_MAX) {
      await wait(REFUSED_WAIT_MS);
      continue;
    }
    const choice = draw();
    const known = records[Math.floor(draw() * records.length)];
    const replays = known !== undefined && (choice < REPLAY_SHARE || records.length >= TOKENS_MAX);
    const record = replays ? known : createRecord(agents);
    if (!replays) records.push(record);
    // Now and then two ask with one token at once.
    const askers = choice > 1 - TWICE_SHARE ? 2 : 1;
    await Promise.all(Array.from({ length: askers }, () => askOrSetAside(agents, record)));
  }
}

async function askOrSetAside(agents: Agents, record: TokenRecord): Promise<void> {
  const { draw, later, state } = agents;
  let answer = await ask(agents, record);
  while (answer === 'unreached' && state.making) {
    await wait(REFUSED_WAIT_MS);
    answer = await ask(agents, record);
  }
  if (answer === 'decided' || (state.making && draw() < ABANDONED_SHARE)) return;
  const waitMs = draw() < SOON_SHARE ? 0 : draw() * LATER_WAIT_MAX_MS;
  const asking = wait(waitMs)
    .then(() => askUntilDecided(agents, record))
    .finally(() => later.delete(asking));
  later.add(asking);
}

async function askUntilDecided(agents: Agents, record: TokenRecord): Promise<void> {
  const { draw, state } = agents;
  while (performance.now() < state.giveUpAt) {
    const answer = await ask(agents, record);
    if (answer === 'decided') return;
    state.repeats += 1;
    await wait(answer === 'unreached' ? REFUSED_WAIT_MS : draw() * BUSY_WAIT_MAX_MS);
  }
}

function createRecord({ account, draw, sessions }: Agents): TokenRecord {
  const [first] = sessions;
  return {
    clientToken: `nemesis-payment-${crypto.randomUUID()}`,
    sessionId: (draw() < LASTING_SESSION_SHARE ? first : sessions.at(-1))!,
    wallet: account.wallets[Math.floor(draw() * account.wallets.length)]!,
    version: draw() < 0.5 ? '1' : '2',
    amount: BigInt(1 + Math.floor(draw() * AMOUNT_MAX)),
    payTo: PAY_TO,
    proofs: new Set(),
    repliesWithProof: 0,
    denials: 0,
    unexpected: [],
  };
}

/** Asks once. `open`: nobody can say whether it was paid; only the same token may be asked for again. */
async function ask({ account }: Agents, record: TokenRecord): Promise<'decided' | 'open' | 'unreached'> {
  try {
    // Whether it was replayed is all that may differ between two answers.
    const { replayed: _replayed, ...output } = await account.agent.processPayment({
      paymentManagerArn: account.managerArn,
      userId: account.userId,
      paymentSessionId: record.sessionId,
      paymentInstrumentId: record.wallet.instrumentId,
      paymentType: 'CRYPTO_X402',
      paymentInput: { cryptoX402: { version: record.version, payload: requirementOf(record) } },
      clientToken: record.clientToken,
    });
    record.proofs.add(JSON.stringify(output));
    record.repliesWithProof += 1;
    return 'decided';
  } catch (error) {
    if (!(error instanceof BursarError)) return isRefusedConnection(error) ? 'unreached' : 'open';
    if (error.status === 429 || error.status >= 500) return 'open';
    if (isFinalDenial(error)) record.denials += 1;
    else record.unexpected.push(`${error.status} ${error.errorName} ${error.code ?? ''}`);
    return 'decided';
  }
}

/** Nothing was sent, so nothing can have happened. */
function isRefusedConnection(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && 'code' in cause && cause.code === 'ECONNREFUSED';
}

/** One entry of a seller's `accepts`. */
function requirementOf({ version, amount, payTo }: TokenRecord): object {
  return {
    scheme: 'exact',
    network: NETWORK[version],
    [version === '1' ? 'maxAmountRequired' : 'amount']: `${amount}`,
    asset: USDC.address,
    payTo,
    maxTimeoutSeconds: 300,
    ...(version === '1'
      ? { resource: 'https://seller.example/data', description: 'data', mimeType: 'application/json' }
      : {}),
    extra: { name: USDC.domainName, version: USDC.domainVersion },
  };
}
