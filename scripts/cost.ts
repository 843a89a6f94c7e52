import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXPIRY_SHARDS, SWEEP_SHARDS } from '../lib/domain/limits.ts';
import { METRICS } from '../lib/telemetry/metric-names.ts';
import { synth } from '../lib/infra/build/synth.ts';
import { costsOf, readPrices, type PriceList } from './bench/cost-rows.ts';
import { countPaymentUse } from './bench/payment-units.ts';

// Prints what a deployment costs at list prices: idle, from the synthesized default, and per million payments, from counted
// units. `--write` puts it into docs/operating.md, `--check` fails where that is out of date.

const DOC = join(import.meta.dirname, '..', 'docs', 'operating.md');
const BEGIN = '<!-- npm run cost -- --write -->';
const END = '<!-- end of what npm run cost wrote -->';
const MILLION = 1_000_000;
const SECONDS_A_MONTH = 30 * 24 * 60 * 60;
const SWEEPS_A_MONTH = 30 * 24 * 60;
/** Two queries for each shard of payments, one for each of sessions. A query of an empty index costs half a unit. */
const READ_UNITS_OF_IDLE_SWEEP = (2 * SWEEP_SHARDS + EXPIRY_SHARDS) / 2;

interface Resource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
}

async function readResources(): Promise<readonly Resource[]> {
  const templates = await synth();
  return templates.flatMap((path) => {
    // Written by our own synthesis.
    const { Resources } = JSON.parse(readFileSync(path, 'utf8')) as { Resources: Record<string, Resource> };
    return Object.values(Resources);
  });
}

function usd(amount: number): string {
  return amount.toFixed(2);
}

/** An alarm is billed by the metrics that it looks at. */
function metricsOf({ Properties = {} }: Resource): number {
  const metrics = Properties['Metrics'];
  return Array.isArray(metrics) ? metrics.filter((metric: object) => 'MetricStat' in metric).length : 1;
}

function idleRows(resources: readonly Resource[], { usd: price, assumed }: PriceList): string[] {
  const of = (type: string) => resources.filter(({ Type }) => Type === type);
  const alarmMetrics = of('AWS::CloudWatch::Alarm').reduce((sum, alarm) => sum + metricsOf(alarm), 0);
  const sweeper = of('AWS::Lambda::Function').find(({ Properties = {} }) =>
    String(Properties['Description']).startsWith('sweep-reservations'),
  );
  const memoryGb = Number(sweeper?.Properties?.['MemorySize']) / 1_024;
  const sweeps =
    (SWEEPS_A_MONTH / MILLION) * price.lambdaPerMillionRequests +
    SWEEPS_A_MONTH * (assumed.sweepBilledMs / 1_000) * memoryGb * price.lambdaArmPerGbSecond +
    ((SWEEPS_A_MONTH * READ_UNITS_OF_IDLE_SWEEP) / MILLION) * price.readUnitsPerMillion;
  const parts: [string, number][] = [
    [`keys of KMS: ${of('AWS::KMS::Key').length}`, of('AWS::KMS::Key').length * price.kmsKeyMonth],
    [`alarms, on ${alarmMetrics} metrics`, alarmMetrics * price.alarmMetricMonth],
    [
      `dashboards: ${of('AWS::CloudWatch::Dashboard').length}`,
      of('AWS::CloudWatch::Dashboard').length * price.dashboardMonth,
    ],
    ['metrics that the sweeper writes while nothing is paid: 2', 2 * price.metricMonth],
    ['the sweeper, every minute, while no payment waits for it', sweeps],
    ['the seed of one SeedVault connector, in Secrets Manager; each further one as much', price.secretMonth],
    ['tables, API, all other functions, queues, rules', 0],
  ];
  const total = parts.reduce((sum, [, amount]) => sum + amount, 0);
  const perHourOfPayments = metricSets() * price.metricMonth;
  const provisioned = 0.5 * SECONDS_A_MONTH * price.lambdaArmProvisionedPerGbSecond;
  const further = [
    `| further, in a month of payments in every hour: ${metricSets()} metrics of one operation, agent, token and reason each | ${usd(perHourOfPayments)} |`,
    `| further, with \`provisionedConcurrency\`: an instance with 512 MiB on arm64 | ${usd(provisioned)} |`,
  ];
  return [
    ...parts.map(([part, amount]) => `| ${part} | ${usd(amount)} |`),
    `| **together** | **${usd(total)}** |`,
    ...further,
  ];
}

/** What is written under at least one set of dimensions, with one value of each. */
function metricSets(): number {
  return Object.values(METRICS).reduce((sum, { dimensions }) => sum + dimensions.length, 0);
}

/**
 * Dollars that the sampling rule's reservoir adds: one request of each second is traced, which is most of them where a million
 * come over a month, as they come by chance.
 */
function reservoirCost({ assumed, usd: price }: PriceList): number {
  const perSecond = MILLION / SECONDS_A_MONTH;
  const first = (1 - Math.exp(-perSecond)) / perSecond;
  return first * (1 - assumed.traceShare) * price.tracesPerMillion;
}

function millionRows(list: PriceList, use: Awaited<ReturnType<typeof countPaymentUse>>): string[] {
  const { assumed, usd: price } = list;
  const inProcess = costsOf(list, use, assumed.billedMsInProcess, 0);
  const withKms = costsOf(list, use, assumed.billedMsInProcess + assumed.billedMsOfKmsSign, price.kmsEccSignPerMillion);
  const total = (costs: Record<string, number>) => Object.values(costs).reduce((sum, cost) => sum + cost, 0);
  return [
    ...Object.entries(inProcess).map(([name, cost]) => `| ${name} | ${usd(cost)} | ${usd(withKms[name] ?? 0)} |`),
    `| **together** | **${usd(total(inProcess))}** | **${usd(total(withKms))}** |`,
    `| further, spread evenly over a month: traces of the first request of each second | ${usd(reservoirCost(list))} | ${usd(reservoirCost(list))} |`,
    `| AgentCore payments, ${price.managedWalletOperation} for each wallet operation | ${usd(price.managedWalletOperation * MILLION)} | |`,
    `| a card's fixed fee of ${usd(price.cardFixedFee)} | ${usd(price.cardFixedFee * MILLION)} | |`,
  ];
}

async function formatCosts(): Promise<string> {
  const [resources, use] = await Promise.all([readResources(), countPaymentUse()]);
  const list = readPrices();
  const { success, visit } = use;
  return [
    `List prices of ${list.region}, recorded on ${list.recordedOn} in \`scripts/bench/prices.json\` with their sources and with what is assumed; free tiers are left out.`,
    '',
    '| idle, a month | US dollars |',
    '| --- | --- |',
    ...idleRows(resources, list),
    '',
    `A payment takes ${success.writeUnits + visit.writeUnits} write units and ${success.readUnits + visit.readUnits} read units, counted, the sweeper's visit included.`,
    '',
    '| a million payments, US dollars | signing in process | signing in KMS |',
    '| --- | --- | --- |',
    ...millionRows(list, use),
  ].join('\n');
}

function replaceIn(text: string, block: string): string {
  const [before, rest = ''] = text.split(BEGIN);
  const [, after] = rest.split(END);
  if (before === undefined || after === undefined)
    throw new Error(`${DOC} has no place for the costs: ${BEGIN} ... ${END}`);
  return `${before}${BEGIN}\n${block}\n${END}${after}`;
}

const [mode] = process.argv.slice(2);
const block = await formatCosts();
const doc = readFileSync(DOC, 'utf8');
if (mode === '--write') writeFileSync(DOC, replaceIn(doc, block));
else if (mode === '--check' && replaceIn(doc, block) !== doc) {
  process.stderr.write('docs/operating.md has other costs: run npm run cost -- --write\n');
  process.exitCode = 1;
} else process.stdout.write(`${block}\n`);
