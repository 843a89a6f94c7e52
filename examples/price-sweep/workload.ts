import { createPayingFetch } from '../../lib/client/index.ts';
import { formatUsd, toMicroUsd, type MicroUsd } from '../../lib/domain/money.ts';
import type { LocalStack } from '../../lib/local/stack.ts';
import { toBarChart } from '../workload/bar-chart.ts';
import type { Played } from '../workload/main-program.ts';
import { spendOn, spentOn, sumUsd } from '../workload/spend-report.ts';
import { openBudget } from '../workload/world.ts';

const BUDGET_USD = '1.00';
/** Costs 0.02. */
const SOURCE = 'forecast-mpp';
const PURCHASES = 40;
/** What the same would cost otherwise, by invented and usual prices: a month of a subscription, and a card's fee for each charge. */
const SUBSCRIPTION_USD = '20.00';
const CARD_FEE = { fixed: sumUsd(['0.30']), percent: 29n, of: 1_000n };

/** Forty forecasts for two cents each, beside what a subscription and a card would have cost. */
export async function playSweep(stack: LocalStack): Promise<Played> {
  const budget = await openBudget(stack, 'sweep', BUDGET_USD);
  const fetchPaid = createPayingFetch({ ...budget, agentName: 'forecaster' });
  const tasks = await spendOn([{ name: `${PURCHASES} forecasts` }], budget, async () => {
    for (let index = 0; index < PURCHASES; index += 1) {
      const response = await fetchPaid(budget.urlOf(SOURCE), { purchaseId: `forecast-${index}` });
      if (!response.ok) throw new Error(`forecast ${index} answered ${response.status}`);
      await response.arrayBuffer();
    }
    return 'complete';
  });
  const paid = spentOn(tasks[0]!);
  const ways = [
    { label: 'payments by x402 and MPP', amount: paid },
    { label: 'a card, with its fees', amount: withCardFees(paid) },
    { label: 'a month of a subscription', amount: sumUsd([SUBSCRIPTION_USD]) },
  ];
  const bars = ways.map(({ label, amount }) => ({ label, value: Number(amount), text: `USD ${formatUsd(amount)}` }));
  return {
    report: { workload: 'price sweep', budgetUsd: BUDGET_USD, tasks },
    findings: bars.map(({ label, text }) => `${label}: ${text}`),
    chart: toBarChart(`${PURCHASES} forecasts for two cents each`, bars),
  };
}

function withCardFees(paid: MicroUsd): MicroUsd {
  const share = (paid * CARD_FEE.percent) / CARD_FEE.of;
  return toMicroUsd(paid + share + CARD_FEE.fixed * BigInt(PURCHASES));
}
