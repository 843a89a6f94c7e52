// `npm run bench -- memory`: what a payment takes and costs by the paying function's memory, which is its share of a CPU.
import { startAwsStub, type AwsStub } from '../aws-stub.ts';
import { buildPayingFunction, buildProgram } from '../build.ts';
import { figureOf, runProgram, type ChildReport } from '../child.ts';
import { formatColumns } from '../columns.ts';
import { readPrices } from '../cost-rows.ts';
import { median } from '../measure.ts';
import { paceProcess } from './pacer.ts';

/** Lambda gives one vCPU for so much. @see https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html */
const MIB_PER_CPU = 1_769;
const SETTINGS_MIB = [256, 384, 512, 768, 1_024, 1_280, 1_536, MIB_PER_CPU] as const;
const ROUNDS = 3;
const CALLS = 60;
/** Runs that may fail in all. */
const SPOILED_MAX = 6;
/** An assumption: what DynamoDB takes to answer in the function's region. The loopback takes nothing. */
const STORE_TRIP_MS = 4;
const MIB_PER_GB = 1_024;
const MILLION = 1_000_000;

export interface Setting {
  readonly memoryMib: number;
  /** Process start to the first answer. */
  readonly coldMs: number;
  /** Without the time in which it could have run and this machine was busy with others. */
  readonly warmMs: number;
  /** Lambda's price of a million warm payments, requests included. */
  readonly usdPerMillion: number;
}

/** @returns the exit code */
export async function measureMemorySettings(args: readonly string[]): Promise<number> {
  if (args.length > 0) {
    console.error('usage: npm run bench -- memory');
    return 2;
  }
  if (process.platform !== 'linux')
    throw new Error(`processes are paced by Linux's /proc; this is ${process.platform}`);
  const [bundle, driver] = [await buildPayingFunction(), await buildProgram('drive')];
  const stub = await startAwsStub({ delayMs: STORE_TRIP_MS });
  try {
    const settings = toSettings(await runInTurns(driver, bundle, stub));
    console.log(formatSettings(settings));
    const best = chooseSetting(settings);
    console.log(
      `\nleast price times time: ${best.memoryMib} MiB. Store trips take ${STORE_TRIP_MS} ms by assumption, ${ROUNDS} rounds, median.`,
    );
    console.log(
      `Prices of ${readPrices().recordedOn} for arm64 in ${readPrices().region}; the CPU is this machine's, not Lambda's.`,
    );
    return 0;
  } finally {
    await stub.close();
  }
}

type Samples = ReadonlyMap<number, { readonly coldMs: number[]; readonly warmMs: number[] }>;

/** Every round walks through all settings, so that a slow moment of the machine does not meet one alone. */
async function runInTurns(driver: string, bundle: string, stub: AwsStub): Promise<Samples> {
  let spoiled = 0;
  const run = async (memoryMib: number): Promise<ChildReport> => {
    try {
      return await runProgram(driver, {
        args: [bundle, String(CALLS)],
        env: stub.environment,
        whileRunning: (id) => paceProcess(id, memoryMib / MIB_PER_CPU),
      });
    } catch (error) {
      // A call to the store that is not answered in time fails the payment, and the stub knows no second attempts.
      spoiled += 1;
      if (spoiled > SPOILED_MAX) throw error;
      console.error(`${memoryMib} MiB: a payment failed, as happens on a busy machine; once more`);
      return run(memoryMib);
    }
  };
  const samples: Samples = new Map(SETTINGS_MIB.map((memoryMib) => [memoryMib, { coldMs: [], warmMs: [] }]));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [memoryMib, { coldMs, warmMs }] of samples) {
      const report = await run(memoryMib);
      coldMs.push(figureOf(report, 'doneMs'));
      warmMs.push(figureOf(report, 'warmMs') - figureOf(report, 'waitedMs'));
      console.error(`round ${round + 1}: ${memoryMib} MiB takes ${warmMs.at(-1)!.toFixed(1)} ms`);
    }
  }
  return samples;
}

function toSettings(samples: Samples): readonly Setting[] {
  const { usd } = readPrices();
  return [...samples].map(([memoryMib, taken]) => {
    const warmMs = median(taken.warmMs);
    // Lambda bills whole milliseconds.
    const gbSeconds = (memoryMib / MIB_PER_GB) * (Math.ceil(warmMs) / 1_000);
    const usdPerMillion = gbSeconds * MILLION * usd.lambdaArmPerGbSecond + usd.lambdaPerMillionRequests;
    return { memoryMib, coldMs: median(taken.coldMs), warmMs, usdPerMillion };
  });
}

/** The one with the least product of price and time: before it time falls faster than the price rises, after it slower. */
export function chooseSetting(settings: readonly Setting[]): Setting {
  const [best] = settings.toSorted((a, b) => a.usdPerMillion * a.warmMs - b.usdPerMillion * b.warmMs);
  if (best === undefined) throw new Error('no settings to choose from');
  return best;
}

function formatSettings(settings: readonly Setting[]): string {
  return formatColumns([
    ['memory', 'vCPU', 'start to first payment', 'warm payment', 'USD a million'],
    ...settings.map(({ memoryMib, coldMs, warmMs, usdPerMillion }) => [
      `${memoryMib} MiB`,
      (memoryMib / MIB_PER_CPU).toFixed(2),
      `${coldMs.toFixed(0)} ms`,
      `${warmMs.toFixed(1)} ms`,
      usdPerMillion.toFixed(2),
    ]),
  ]);
}
