import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { countPaymentUse, type PaymentUse } from './payment-units.ts';
import { againstPeer, type Row } from './row.ts';

const PRICES_FILE = join(import.meta.dirname, 'prices.json');
const IN_PROCESS_MAX_USD = 13;
const KMS_MAX_USD = 28;
const MILLION = 1_000_000;
const BYTES_PER_GB = 1_000_000_000;

const PRICE_NAMES = [
  'restApiPerMillionRequests',
  'lambdaPerMillionRequests',
  'lambdaArmPerGbSecond',
  'writeUnitsPerMillion',
  'readUnitsPerMillion',
  'logsPerGb',
  'tracesPerMillion',
  'kmsEccSignPerMillion',
  'managedWalletOperation',
  'kmsKeyMonth',
  'alarmMetricMonth',
  'metricMonth',
  'secretMonth',
  'lambdaArmProvisionedPerGbSecond',
  'dashboardMonth',
  'eventsPerMillion',
  'cardFixedFee',
] as const;
const ASSUMPTION_NAMES = [
  'sweepBilledMs',
  'functionMemoryMib',
  'billedMsInProcess',
  'billedMsOfKmsSign',
  'logBytes',
  'traceShare',
  'eventsPerInvocation',
  'publishBilledMs',
  'publisherMemoryMib',
] as const;

export interface PriceList {
  readonly region: string;
  readonly recordedOn: string;
  /** In US dollars. Estimates of cost, not money that anybody holds. */
  readonly usd: Readonly<Record<(typeof PRICE_NAMES)[number], number>>;
  readonly assumed: Readonly<Record<(typeof ASSUMPTION_NAMES)[number], number>>;
}

/** P18: what a million payments cost at list prices, by the units that P10 counts. */
export async function measureCost(): Promise<Row[]> {
  const list = readPrices();
  const use = await countPaymentUse();
  return [
    toRow(
      'cost of a million, signing in process',
      costsOf(list, use, list.assumed.billedMsInProcess, 0),
      list,
      IN_PROCESS_MAX_USD,
    ),
    toRow(
      'cost of a million, signing in KMS',
      costsOf(
        list,
        use,
        list.assumed.billedMsInProcess + list.assumed.billedMsOfKmsSign,
        list.usd.kmsEccSignPerMillion,
      ),
      list,
      KMS_MAX_USD,
    ),
  ];
}

/** Dollars of a million payments, by what they are paid for. The sweeper's visit to each payment is in them. */
export function costsOf(list: PriceList, use: PaymentUse, billedMs: number, signing: number): Record<string, number> {
  const { usd, assumed } = list;
  const { success, visit } = use;
  const gbSeconds = (billedMs / 1_000) * (assumed.functionMemoryMib / 1_024);
  return {
    gateway: usd.restApiPerMillionRequests,
    Lambda: usd.lambdaPerMillionRequests + gbSeconds * MILLION * usd.lambdaArmPerGbSecond,
    writes: (success.writeUnits + visit.writeUnits) * usd.writeUnitsPerMillion,
    reads: (success.readUnits + visit.readUnits) * usd.readUnitsPerMillion,
    logs: ((assumed.logBytes * MILLION) / BYTES_PER_GB) * usd.logsPerGb,
    traces: assumed.traceShare * usd.tracesPerMillion,
    signing,
    events: costOfEvents(list),
  };
}

/** Dollars of a million events, one for each payment: putting them, and running the function that does. */
function costOfEvents({ usd, assumed }: PriceList): number {
  const gbSeconds = (assumed.publishBilledMs / 1_000) * (assumed.publisherMemoryMib / 1_024);
  const invocation = usd.lambdaPerMillionRequests + gbSeconds * MILLION * usd.lambdaArmPerGbSecond;
  return usd.eventsPerMillion + invocation / assumed.eventsPerInvocation;
}

function toRow(name: string, costs: Record<string, number>, list: PriceList, max: number): Row {
  const total = Object.values(costs).reduce((sum, cost) => sum + cost, 0);
  const managed = list.usd.managedWalletOperation * MILLION;
  const parts = Object.entries(costs).map(([part, cost]) => `${part} ${cost.toFixed(2)}`);
  return againstPeer({
    id: 'P18',
    name,
    ours: { value: total, unit: 'USD' },
    peer: { value: managed, unit: 'USD' },
    peerName: `AgentCore, ${list.usd.managedWalletOperation} an operation`,
    ratio: total / managed,
    target: { kind: 'ours_at_most', value: max },
    note: `${list.region}, prices of ${list.recordedOn}: ${parts.join(', ')}`,
  });
}

export function readPrices(): PriceList {
  const file = JSON.parse(readFileSync(PRICES_FILE, 'utf8')) as {
    readonly region: string;
    readonly recordedOn: string;
    readonly prices: Readonly<Record<string, { readonly usd?: unknown }>>;
    readonly assumptions: Readonly<Record<string, { readonly value?: unknown }>>;
  };
  return {
    region: file.region,
    recordedOn: file.recordedOn,
    usd: readNumbers(PRICE_NAMES, (name) => file.prices[name]?.usd),
    assumed: readNumbers(ASSUMPTION_NAMES, (name) => file.assumptions[name]?.value),
  };
}

function readNumbers<const N extends string>(names: readonly N[], read: (name: N) => unknown): Record<N, number> {
  const entries = names.map((name) => {
    const value = read(name);
    if (typeof value !== 'number' || !(value >= 0)) throw new Error(`prices.json has no number for ${name}`);
    return [name, value] as const;
  });
  return Object.fromEntries(entries) as Record<N, number>;
}
