import type { StoryOutcome } from './story.ts';

const usdc = (units: bigint): string => {
  const digits = units.toString().padStart(7, '0');
  return `${digits.slice(0, -6)}.${digits.slice(-6).replace(/0{1,4}$/, '')}`;
};

/** The figures of the story as a table for people. */
export function formatSummary(outcome: StoryOutcome): string {
  const receipts = outcome.receipts.map(
    ({ processPaymentId, decision, amountUsd, budget }) =>
      `  ${processPaymentId}  ${decision.padEnd(7)} USD ${amountUsd.padStart(5)}  ${budget === null ? '' : `left ${budget.availableUsd}`}`,
  );
  const transfers = outcome.transfers.map(
    ({ hash, to, amount }) => `  ${usdc(amount).padStart(5)} USDC to ${to}\n        ${hash}`,
  );
  const balances = [...outcome.balances].map(
    ([name, { before, after }]) =>
      `  ${name.padEnd(16)} ${usdc(before).padStart(8)} -> ${usdc(after).padStart(8)} USDC`,
  );
  return [
    '',
    `spent      USD ${outcome.spentUsd}`,
    `left       USD ${outcome.availableUsd}`,
    '',
    'receipts',
    ...receipts,
    '',
    'transfers on chain',
    ...transfers,
    '',
    'balances',
    ...balances,
  ].join('\n');
}

/** Every figure that the story must end with; what is missing, in words. */
export function checkStory(outcome: StoryOutcome): readonly string[] {
  const problems: string[] = [];
  const expect = (what: string, actual: unknown, expected: unknown): void => {
    if (actual !== expected) problems.push(`${what} is ${String(actual)}, expected ${String(expected)}`);
  };
  const paid = outcome.receipts.filter(({ decision }) => decision === 'PAID');
  const denied = outcome.receipts.filter(({ decision }) => decision === 'DENIED');
  expect('the amount spent', outcome.spentUsd, '2.50');
  expect('the amount left', outcome.availableUsd, '7.50');
  expect('the number of contents', outcome.findings.filter(({ content }) => content !== null).length, 3);
  expect('the receipts of payments', paid.map(({ amountUsd }) => amountUsd).join(' '), '0.50 1.20 0.80');
  expect('the receipts of denials', denied.map(({ amountUsd }) => amountUsd).join(' '), '9.00');
  expect('the transfers on chain', outcome.transfers.map(({ amount }) => usdc(amount)).join(' '), '0.50 1.20 0.80');
  expect('the number of transactions', new Set(outcome.transfers.map(({ hash }) => hash)).size, 3);
  expect('the refusal', outcome.refusal?.code ?? 'none', 'bursar:budget_exceeded');
  const change = (name: string): string => {
    const balance = outcome.balances.get(name);
    return balance === undefined ? 'unknown' : `${balance.after - balance.before}`;
  };
  expect("the wallet's balance change", change('wallet'), '-2500000');
  expect("the first seller's balance change", change('market-data'), '500000');
  expect("the second seller's balance change", change('research-papers'), '1200000');
  expect("the third seller's balance change", change('analyst-report'), '800000');
  expect("the refused seller's balance change", change('full-archive'), '0');
  return problems;
}
