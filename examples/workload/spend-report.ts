import { formatUsd, parseUsd, toMicroUsd, type MicroUsd } from '../../lib/domain/money.ts';
import type { Budget } from './world.ts';

/** What one task came to. */
export interface TaskSpend {
  readonly task: string;
  readonly purchases: readonly { readonly url: string; readonly paidUsd: string }[];
  /** Codes of what was refused. */
  readonly refused: readonly string[];
  readonly answer: string;
}

export interface SpendReport {
  readonly workload: string;
  readonly budgetUsd: string;
  readonly tasks: readonly TaskSpend[];
}

/** Runs tasks one after the other, and asks the books after each what it cost. */
export async function spendOn<T extends { readonly name: string }>(
  tasks: readonly T[],
  budget: Budget,
  run: (task: T) => Promise<string>,
): Promise<readonly TaskSpend[]> {
  const spent: TaskSpend[] = [];
  const seen = new Set<string>();
  for (const task of tasks) {
    const answer = await run(task);
    const receipts = (await budget.receipts()).filter(({ processPaymentId }) => !seen.has(processPaymentId));
    for (const { processPaymentId } of receipts) seen.add(processPaymentId);
    spent.push({
      task: task.name,
      purchases: receipts.flatMap(({ decision, amountUsd: paidUsd, resource }) =>
        decision === 'PAID' ? [{ url: resource?.url ?? 'unknown', paidUsd }] : [],
      ),
      refused: receipts.flatMap(({ denial }) => (denial === null ? [] : [denial.code])),
      answer,
    });
  }
  return spent;
}

export function sumUsd(amounts: readonly string[]): MicroUsd {
  return amounts.map(toAmount).reduce((sum, each) => toMicroUsd(sum + each), toMicroUsd(0n));
}

export const spentOn = ({ purchases }: TaskSpend): MicroUsd => sumUsd(purchases.map(({ paidUsd }) => paidUsd));

function toAmount(usd: string): MicroUsd {
  const amount = parseUsd(usd);
  if (!amount.ok) throw new Error(`${usd} is no amount`);
  return amount.value;
}

const ROUND_UP = (dividend: bigint, divisor: bigint): MicroUsd => toMicroUsd((dividend + divisor - 1n) / divisor);

/** A table with a line for each task, and what a task costs on average. */
export function formatReport({ workload, budgetUsd, tasks }: SpendReport): string {
  const width = Math.max(...tasks.map(({ task }) => task.length), 'all of them'.length);
  const line = (name: string, bought: string, paid: string, refused: string): string =>
    `${name.padEnd(width)}  ${bought.padStart(6)}  ${paid.padStart(9)}  ${refused}`.trimEnd();
  const total = sumUsd(tasks.flatMap(({ purchases }) => purchases.map(({ paidUsd }) => paidUsd)));
  const bought = tasks.reduce((sum, { purchases }) => sum + purchases.length, 0);
  const perTask = ROUND_UP(total, BigInt(tasks.length));
  return [
    `${workload}: USD ${formatUsd(total)} of ${budgetUsd}`,
    line('task', 'bought', 'USD', 'refused'),
    ...tasks.map((each) =>
      line(each.task, `${each.purchases.length}`, formatUsd(spentOn(each)), each.refused.join(', ')),
    ),
    line('all of them', `${bought}`, formatUsd(total), ''),
    line('a task', '', formatUsd(perTask), ''),
  ].join('\n');
}
