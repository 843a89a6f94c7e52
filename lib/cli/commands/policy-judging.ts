import { formatUsd, toMicroUsd } from '../../domain/money.ts';
import { hashPolicy, judge, judgeCounters, preparePolicy } from '../../domain/policy/index.ts';
import { formatFigure } from '../../domain/policy/refusal.ts';
import type { Command, Invocation } from '../program/command.ts';
import { readChoices } from '../payments/choices.ts';
import { collectReceipts } from '../payments/receipts.ts';
import { describedFacts, PAYMENT_OPTIONS } from '../policy/described-payment.ts';
import { readPolicyFile, SCOPE_OPTIONS, scopeOf } from '../policy/document.ts';
import { microUsdOf, simulate } from '../policy/simulation.ts';
import { ownerOf } from '../target/ids.ts';
import { clientOf } from '../target/target.ts';
import { formatTable } from '../terminal/layout.ts';
import { done, EXIT, type Outcome } from '../terminal/outcome.ts';
import { printable } from '../terminal/terminal.ts';

const SINCE_DEFAULT = '30d';
/** Receipts that a simulation goes through at most. */
const RECEIPTS_MAX = 50_000;
const SHOWN_MAX = 20;

async function runTest(invocation: Invocation): Promise<Outcome> {
  const { document } = await readPolicyFile(invocation.deps, invocation.positionals[0]!);
  const prepared = preparePolicy(scopeOf(invocation), document);
  const judged = judge([prepared], describedFacts(invocation));
  const verdict = judged.ok ? judgeCounters(judged.value.charges, new Map()) : judged;
  if (!verdict.ok) {
    const { code, rule, message, help } = verdict.error;
    const json = { verdict: 'REFUSED', code, rule, message, help: showHelp(help) };
    return { exitCode: EXIT.refused, json, text: `refused  ${printable(message)}\ncode     ${code}` };
  }
  const charges = judged.ok ? judged.value.charges : [];
  const counts = charges.map(({ rule, unit, quantity, max }) => ({
    rule: rule.name,
    adds: formatFigure(quantity, unit),
    of: formatFigure(max, unit),
  }));
  const lines = counts.map(({ rule, adds, of }) => `  ${rule}: ${adds} of ${of}`);
  const counted = lines.length === 0 ? '' : `\nit would count for\n${lines.map(printable).join('\n')}`;
  return done({ verdict: 'ALLOWED', counts }, `allowed, if it is the first${counted}`);
}

/** Amounts and instants as JSON can hold them. */
function showHelp(help: object): object {
  return Object.fromEntries(
    Object.entries(help).map(([name, value]) => [
      name,
      typeof value === 'bigint' ? formatUsd(toMicroUsd(value)) : value,
    ]),
  );
}

/** The columns that are cut where the table is too wide. */
const RULE = 2;
const WHY = 4;

async function runSimulate(invocation: Invocation): Promise<Outcome> {
  const { deps, target, options, positionals } = invocation;
  const { document } = await readPolicyFile(deps, positionals[0]!);
  const since = options.text('since') ?? SINCE_DEFAULT;
  const choices = readChoices({ ...options, text: (name) => (name === 'since' ? since : undefined) }, deps.now());
  const client = clientOf(deps, target, 'management');
  const found = await collectReceipts(client, ownerOf(target), { choices, limit: RECEIPTS_MAX });
  const { payments, refused, leftOut } = simulate(document, scopeOf(invocation), found.payments);
  const sum = refused.reduce((total, { receipt }) => total + microUsdOf(receipt.amountUsd), 0n);
  const refusedUsd = formatUsd(toMicroUsd(sum));
  const json = {
    hash: hashPolicy(document),
    since,
    payments,
    refusedUsd,
    refused: refused.map(({ receipt, refusal }) => ({
      processPaymentId: receipt.processPaymentId,
      createdAt: receipt.createdAt,
      amountUsd: receipt.amountUsd,
      code: refusal.code,
      rule: refusal.rule.name,
      message: refusal.message,
    })),
    leftOut,
    isWhole: found.rest === 'none',
  };
  const summary = `of ${payments} payments since ${since} it would have refused ${refused.length}, USD ${refusedUsd} in all`;
  const rows = json.refused
    .slice(0, SHOWN_MAX)
    .map((each) => [each.createdAt, each.amountUsd, each.rule, each.processPaymentId.slice(0, 8), each.message]);
  const layout = { columns: deps.terminal.columns, shrink: [RULE, WHY] };
  const head = ['WHEN', 'USD', 'RULE', 'PAYMENT', 'WHY'];
  const table = rows.length === 0 ? '' : `\n\n${formatTable([head, ...rows], layout)}`;
  const more = refused.length > SHOWN_MAX ? `\nand ${refused.length - SHOWN_MAX} more: --json has all` : '';
  const unread = json.isWhole ? '' : `\nonly the newest ${RECEIPTS_MAX} were looked at`;
  const without =
    leftOut.length === 0 ? '' : `\n\nleft out, since receipts do not keep what they look at: ${leftOut.join(', ')}`;
  return done(json, summary + table + more + unread + printable(without));
}

const shared = { operands: 'FILE', operandsMin: 1, operandsMax: 1 } as const;
const SCOPE = { scope: SCOPE_OPTIONS.scope };

export const policyTest: Command = {
  ...shared,
  name: 'policy test',
  summary: 'judges one payment by a policy, with nothing counted yet; sends nothing',
  options: { ...SCOPE, ...PAYMENT_OPTIONS },
  endpoint: 'none',
  role: 'none',
  examples: [
    [
      'bursar policy test limits.json --amount 0.25 --url https://api.example.com/report',
      'whether it would be allowed',
    ],
    ['bursar policy test limits.json --amount 0.25 --tool search --agent buyer', 'what the caller says counts as said'],
  ],
  run: runTest,
};

export const policySimulate: Command = {
  ...shared,
  name: 'policy simulate',
  summary: 'what a policy would have refused of what the user has paid',
  options: { ...SCOPE, since: { value: 'WHEN', help: `from when on, as of payments (default ${SINCE_DEFAULT})` } },
  role: 'ManagementRole or ObserverRole; with a token, the management scope',
  examples: [['bursar policy simulate limits.json', 'of the last thirty days']],
  notes: [
    'Payments are judged in their order, counters from nothing, by what receipts keep. Rules on the tool, the caller, the facilitator, the method, or on earlier prices and payees are left out, and named. Only the payments of one user are looked at.',
  ],
  run: runSimulate,
};
