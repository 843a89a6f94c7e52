import type { CallInput } from '../../contract/client-types.ts';
import { SESSION_MINUTES_MAX, SESSION_MINUTES_MIN } from '../../domain/limits.ts';
import { formatCoin } from '../../domain/allowances/gas-budget.ts';
import { parseUsd } from '../../domain/money.ts';
import { usdOf, wholeNumberOf } from '../program/arguments.ts';
import type { CliDeps, Command, Invocation } from '../program/command.ts';
import { confirm } from '../terminal/confirmation.ts';
import { writeContext } from '../target/context.ts';
import { ownContext, ownerOf, requireSession } from '../target/ids.ts';
import { availableOf, createSession, deleteSession, getSession, listTopUps, type SessionView } from '../operations.ts';
import { done, usageError, type Outcome } from '../terminal/outcome.ts';
import { clientOf, type Target } from '../target/target.ts';
import { formatFacts, formatTable, wrap } from '../terminal/layout.ts';
import { printable } from '../terminal/terminal.ts';

const BUDGET_DEFAULT_USD = '10.00';
const BUDGET_MAX_DEFAULT_USD = '1000.00';
const MINUTES_DEFAULT = 60;

function pinsOf({ pinnedTo }: SessionView): Readonly<Record<string, string>> {
  if (pinnedTo === undefined) return {};
  return {
    'only for': Object.values(pinnedTo)
      .map((name) => printable(name ?? ''))
      .join(', '),
  };
}

function approvalsOf({ walletApprovals: allowed }: SessionView): Readonly<Record<string, string>> {
  if (allowed === undefined) return {};
  const { gasPerDay } = allowed;
  const cost =
    gasPerDay === null ? 'none are sent' : `at most ${formatCoin(BigInt(gasPerDay))} of gas a day and wallet`;
  return { approvals: `of Permit2, as far as its budget goes: ${cost}` };
}

function describe(session: SessionView): string {
  return formatFacts({
    session: session.paymentSessionId,
    user: session.userId,
    status: session.status,
    budget: session.limits === undefined ? 'no limit' : `USD ${session.limits.maxSpendAmount.value}`,
    left: session.availableLimits === undefined ? 'no limit' : `USD ${availableOf(session)}`,
    spent: `USD ${session.spentAmount.value}`,
    reserved: `USD ${session.reservedAmount.value}`,
    until: session.expiresAt,
    ...pinsOf(session),
    ...approvalsOf(session),
    ...(session.balanceCheck === undefined ? {} : { balance: 'of the wallet, looked at before each payment' }),
  });
}

async function remember(deps: CliDeps, target: Target, paymentSessionId: string | null): Promise<void> {
  const context = ownContext(target);
  if (context !== null) await writeContext(deps.state, target.contextName, { ...context, paymentSessionId });
}

/** A zero too few is refused by the API; one too many only here, before anything can be spent. */
function checkBudget({ env }: Pick<CliDeps, 'env'>, value: string, what = '--budget'): void {
  const most = env['BURSAR_MAX_BUDGET_USD'] || BUDGET_MAX_DEFAULT_USD;
  const [budget, limit] = [parseUsd(value), parseUsd(most)];
  if (!limit.ok) throw usageError(`BURSAR_MAX_BUDGET_USD must be ${limit.error.expected}. Received: ${most}`);
  if (!budget.ok) throw usageError(`${what} must be ${budget.error.expected}. Received: ${printable(value)}`);
  if (budget.value === 0n) throw usageError(`${what} must be above zero: nothing could be bought with it`);
  if (budget.value > limit.value) {
    throw usageError(
      `${what} ${value} is above the largest that is opened here, ${most}`,
      'where it is meant, set BURSAR_MAX_BUDGET_USD to more',
    );
  }
}

function pinnedBy(options: Invocation['options']): Pick<CallInput<'CreatePaymentSession'>, 'pinnedTo'> {
  const paymentInstrumentId = options.text('pin-wallet');
  const agentName = options.text('pin-agent');
  const caller = options.text('pin-caller');
  const pinnedTo = {
    ...(paymentInstrumentId === undefined ? {} : { paymentInstrumentId }),
    ...(agentName === undefined ? {} : { agentName }),
    ...(caller === undefined ? {} : { caller }),
  };
  return Object.keys(pinnedTo).length === 0 ? {} : { pinnedTo };
}

async function runCreate({ deps, target, options }: Invocation): Promise<Outcome> {
  const value = usdOf(options, 'budget') ?? BUDGET_DEFAULT_USD;
  checkBudget(deps, value);
  const expiryTimeInMinutes =
    wholeNumberOf(options, 'minutes', SESSION_MINUTES_MIN, SESSION_MINUTES_MAX) ?? MINUTES_DEFAULT;
  const session = await createSession(clientOf(deps, target, 'management'), ownerOf(target), {
    clientToken: `bursar-cli-${Buffer.from(deps.randomBytes(16)).toString('hex')}`,
    expiryTimeInMinutes,
    limits: { maxSpendAmount: { value, currency: 'USD' } },
    ...pinnedBy(options),
    ...(options.flag('approvals') ? { walletApprovals: { allowed: true } as const } : {}),
    ...(options.flag('check-balance') ? { balanceCheck: { required: true } as const } : {}),
  });
  await remember(deps, target, session.paymentSessionId);
  return done(session, `${describe(session)}\n\nnext: bursar pay URL`);
}

async function runShow({ deps, target, positionals }: Invocation): Promise<Outcome> {
  const id = requireSession(target, positionals[0]);
  const session = await getSession(clientOf(deps, target, 'management'), ownerOf(target), id);
  return done(session, describe(session));
}

async function runRevoke({ deps, target, options, positionals }: Invocation): Promise<Outcome> {
  const id = requireSession(target, positionals[0]);
  await confirm(deps, options, {
    text: `revoke ${id}? It cannot be opened again`,
    unasked: `nobody is there to confirm that ${id} is revoked`,
    undone: 'it was not revoked',
  });
  await deleteSession(clientOf(deps, target, 'management'), ownerOf(target), id);
  if (ownContext(target)?.paymentSessionId === id) await remember(deps, target, null);
  return done(
    { paymentSessionId: id, status: 'DELETED' },
    wrap(
      `${id} is revoked: nothing more is signed within it. What was signed already can still be settled.`,
      deps.terminal.columns,
    ),
  );
}

async function runTopUp({ deps, target, positionals }: Invocation): Promise<Outcome> {
  const [value = '', named] = positionals;
  const paymentSessionId = requireSession(target, named);
  checkBudget(deps, value, 'the amount');
  const { userId, paymentManagerArn } = ownerOf(target);
  const clientToken = `bursar-cli-${Buffer.from(deps.randomBytes(16)).toString('hex')}`;
  const amount = { value, currency: 'USD' } as const;
  const request = { paymentManagerArn, paymentSessionId, amount, clientToken };
  const { topUp } = await clientOf(deps, target, 'management').call('TopUpSession', request, { userId });
  return done(
    topUp,
    formatFacts({
      session: topUp.paymentSessionId,
      added: `USD ${topUp.amount.value}`,
      budget: `USD ${topUp.limit.value}, before USD ${topUp.previousLimit.value}`,
    }),
  );
}

async function runTopUps({ deps, target, positionals }: Invocation): Promise<Outcome> {
  const paymentSessionId = requireSession(target, positionals[0]);
  const topUps = await listTopUps(clientOf(deps, target, 'management'), ownerOf(target), paymentSessionId);
  if (topUps.length === 0) return done({ topUps }, 'its budget is the one that it was opened with');
  const rows = topUps.map((each) => [each.toppedUpAt, each.amount.value, each.limit.value, printable(each.toppedUpBy)]);
  return done({ topUps }, formatTable([['WHEN', 'USD', 'BUDGET', 'BY'], ...rows]));
}

const shared = { operandsMin: 0, role: 'ManagementRole; with a token, the management scope' } as const;

export const sessionCreate: Command = {
  ...shared,
  name: 'session create',
  summary: 'opens a budget with an expiry',
  operands: '',
  operandsMax: 0,
  options: {
    budget: {
      value: 'USD',
      help: `what may be spent in all (default ${BUDGET_DEFAULT_USD}, at most BURSAR_MAX_BUDGET_USD, ${BUDGET_MAX_DEFAULT_USD})`,
    },
    minutes: {
      value: 'N',
      help: `until it expires, ${SESSION_MINUTES_MIN} to ${SESSION_MINUTES_MAX} (default ${MINUTES_DEFAULT})`,
    },
    approvals: { help: 'payments within it may have Permit2 approved, which costs the wallet gas' },
    'check-balance': { help: 'pays within it only where the chain shows that the wallet holds the price' },
    'pin-wallet': { value: 'ID', help: 'pays from this wallet alone' },
    'pin-agent': { value: 'NAME', help: 'pays for calls alone that state this agent' },
    'pin-caller': { value: 'ARN', help: 'pays for this role alone; with tokens, for this client id' },
  },
  examples: [
    ['bursar session create', `USD ${BUDGET_DEFAULT_USD} for an hour`],
    ['bursar session create --budget 2.50 --minutes 15', 'USD 2.50 for a quarter of one'],
  ],
  notes: ['The session becomes the one that `pay`, `session show` and `session revoke` use unless told otherwise.'],
  run: runCreate,
};

export const sessionShow: Command = {
  ...shared,
  name: 'session show',
  summary: 'what is left of a budget, and until when',
  operands: '[ID]',
  operandsMax: 1,
  options: {},
  examples: [
    ['bursar session show', 'the session that was created last'],
    ['bursar session show payment-session-0123456789abcde', 'another one'],
  ],
  run: runShow,
};

export const sessionTopUp: Command = {
  ...shared,
  name: 'session topup',
  summary: 'raises a budget by an amount, and nothing else of the session',
  operands: 'USD [ID]',
  operandsMin: 1,
  operandsMax: 2,
  options: {},
  examples: [
    ['bursar session topup 5.00', 'USD 5.00 more for the session that was created last'],
    ['bursar session topup 5.00 payment-session-0123456789abcde', 'for another one'],
  ],
  notes: ['An agent cannot do this: what pays holds ProcessPaymentRole.'],
  run: runTopUp,
};

export const sessionTopUps: Command = {
  ...shared,
  name: 'session topups',
  summary: 'who raised a budget, when and by how much',
  operands: '[ID]',
  operandsMax: 1,
  options: {},
  examples: [['bursar session topups', 'of the session that was created last, the latest first']],
  run: runTopUps,
};

export const sessionRevoke: Command = {
  ...shared,
  name: 'session revoke',
  summary: 'ends a session before its time',
  operands: '[ID]',
  operandsMax: 1,
  options: { yes: { help: 'do not ask' } },
  examples: [
    ['bursar session revoke', 'the session that was created last; asks first'],
    ['bursar session revoke payment-session-0123456789abcde --yes', 'another one, without asking'],
  ],
  run: runRevoke,
};
