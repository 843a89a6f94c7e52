/** Something to be timed. Its result is not looked at. */
export type Work = () => unknown;

export interface Interleaved {
  /** Median microseconds of one call, by contender. */
  readonly micros: ReadonlyMap<string, number>;
  /** Median over the rounds of one contender's time over another's in the same round. */
  ratio(of: string, over: string): number;
}

/** Enough for the compiler to settle on what it compiles. */
const WARM_UP_CALLS = 400;

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const high = sorted[middle];
  if (high === undefined) throw new Error('no values to take the median of');
  return sorted.length % 2 === 1 ? high : (sorted[middle - 1]! + high) / 2;
}

/**
 * Times contenders in turns, so that a slow moment of the machine meets all of them; each round starts with another one.
 * Timed are batches of calls, one after the other; the calls before the first round are not.
 */
export async function interleave(
  contenders: ReadonlyMap<string, Work>,
  { rounds, callsPerRound }: { readonly rounds: number; readonly callsPerRound: number },
): Promise<Interleaved> {
  const samples = new Map([...contenders.keys()].map((name) => [name, [] as number[]]));
  for (const work of contenders.values()) await callTimes(work, WARM_UP_CALLS);
  const names = [...contenders.keys()];
  for (let round = 0; round < rounds; round += 1) {
    for (let turn = 0; turn < names.length; turn += 1) {
      const name = names[(round + turn) % names.length]!;
      const started = performance.now();
      await callTimes(contenders.get(name)!, callsPerRound);
      samples.get(name)!.push(((performance.now() - started) * 1_000) / callsPerRound);
    }
  }
  return toInterleaved(samples);
}

/** Medians and per-round ratios of samples that were taken in the same rounds. */
export function toInterleaved(samples: ReadonlyMap<string, readonly number[]>): Interleaved {
  const of = (name: string): readonly number[] => {
    const taken = samples.get(name);
    if (taken === undefined) throw new Error(`nothing was measured under the name ${name}`);
    return taken;
  };
  return {
    micros: new Map([...samples].map(([name, taken]) => [name, median(taken)])),
    ratio: (name, over) => median(of(name).map((value, round) => value / of(over)[round]!)),
  };
}

async function callTimes(work: Work, calls: number): Promise<void> {
  for (let call = 0; call < calls; call += 1) await work();
}
