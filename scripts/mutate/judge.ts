import { appendFileSync, readFileSync } from 'node:fs';
import { TestRunner, type RunnerTestCase, type RunnerTestFile } from 'vitest';

// Runs inside Vitest: one process tries all mutants of a room on files that it loads once a pass.

/** What is tried, and what earlier processes of the same run have found. */
export interface Trial {
  readonly mutants: readonly string[];
  readonly resolved: readonly string[];
  /** Test files in which a mutant has left something behind: after each one that is noticed, the file is run unchanged. */
  readonly careful: readonly string[];
}

/** Lines of the report, in order. */
export type Report =
  | { readonly at: 'begin'; readonly mutant: string; readonly test: string }
  | { readonly at: 'noticed'; readonly mutant: string; readonly timedOut: boolean; readonly test: string }
  | { readonly at: 'reached'; readonly mutants: readonly string[] }
  | { readonly at: 'red'; readonly test: string; readonly message: string }
  | { readonly at: 'left_behind'; readonly file: string }
  | { readonly at: 'done' };

interface Hits {
  readonly [mutant: string]: number;
}

/** What Stryker's switches read and count. */
interface Switches {
  activeMutant: string | undefined;
  currentTestId: string | undefined;
  hitCount: number | undefined;
  hitLimit: number;
  mutantCoverage: { static: Hits; perTest: Record<string, Hits> };
}

/** A pass over one test file. */
type Pass =
  | { readonly kind: 'dry' | 'each' | 'check' }
  /** The mutant is switched on before the file is loaded, and the first red test ends the pass. */
  | { readonly kind: 'whole'; readonly mutant: string };

/** A loop that goes round so many times more often than without the mutant has no end. */
const HITS_FACTOR = 20;
const HITS_MIN = 1_000;
const ENDLESS = /timed out|Hit count limit reached/;

const trial = JSON.parse(readFileSync(process.env['MUTATE_TRIAL'] ?? '', 'utf8')) as Trial;
const wanted = new Set(trial.mutants);
const resolved = new Set(trial.resolved);

/** Where Stryker's switches look, in every file. */
const NAMESPACE = '__stryker__';
const shared = globalThis as unknown as Record<string, Switches | undefined>;
const switches = (shared[NAMESPACE] ??= {
  activeMutant: undefined,
  currentTestId: undefined,
  hitCount: undefined,
  hitLimit: HITS_MIN,
  mutantCoverage: { static: {}, perTest: {} },
});

function report(line: Report): void {
  appendFileSync(process.env['MUTATE_REPORT'] ?? '', `${JSON.stringify(line)}\n`);
}

function turnOn(mutant: string | undefined, hits = 0): void {
  switches.activeMutant = mutant;
  switches.hitCount = mutant === undefined ? undefined : 0;
  switches.hitLimit = Math.max(HITS_MIN, hits * HITS_FACTOR);
}

/**
 * First each file is run unchanged, to see which test reaches which mutant. Then each test is repeated for each of its mutants,
 * without loading anything anew. Mutants that act while files are loaded, and those of a test that cannot be repeated, get a
 * pass of the whole file each. What a mutant leaves behind would end the next one as well: so a test, and a file, are run once
 * more unchanged at the end, and what was noticed counts only where that is green.
 */
export default class Judge extends TestRunner {
  #pass: Pass = { kind: 'dry' };
  #file = '';
  #fileIndex = -1;
  readonly #next: Pass[] = [];
  #perTest = new Map<string, Hits>();
  #static: Hits = {};
  /** By test: what each repetition switches on. */
  #turns: readonly (string | undefined)[] = [];
  #noticed = new Map<string, boolean>();
  #broken = false;
  #failed: 'green' | 'red' | 'endless' = 'green';
  readonly #whole = new Set<string>();

  constructor(config: ConstructorParameters<typeof TestRunner>[0]) {
    super(config);
    // All files run in this process, and every pass begins with modules of its own.
    config.isolate = true;
  }

  onBeforeCollect(paths: readonly string[]): void {
    this.#fileIndex += 1;
    const next = this.#next.shift();
    this.#pass = next ?? { kind: 'dry' };
    [this.#file = ''] = paths;
    this.#failed = 'green';
    this.#noticed = next?.kind === 'whole' || next?.kind === 'check' ? this.#noticed : new Map();
    if (next === undefined) {
      this.#whole.clear();
      this.#perTest = new Map();
      switches.mutantCoverage = Object.assign(switches.mutantCoverage ?? {}, { static: {}, perTest: {} });
    }
    if (this.#pass.kind === 'whole') {
      report({ at: 'begin', mutant: this.#pass.mutant, test: this.#file });
      turnOn(this.#pass.mutant, this.#static[this.#pass.mutant]);
    } else turnOn(undefined);
  }

  override async onBeforeRunTask(test: RunnerTestCase): Promise<void> {
    await super.onBeforeRunTask(test);
    this.#broken = false;
    if (this.#pass.kind === 'whole' && this.#failed !== 'green') test.mode = 'skip';
    if (this.#pass.kind !== 'each') return;
    const reached = Object.keys(this.#perTest.get(test.id) ?? {}).filter(
      (id) => this.#isOpen(id) && !this.#isStatic(id),
    );
    if (reached.length === 0) test.mode = 'skip';
    this.#turns = [undefined, ...reached, undefined];
    this.#noticed = new Map();
    test.repeats = this.#turns.length - 1;
  }

  override onBeforeTryTask(test: RunnerTestCase, options: { readonly retry: number; readonly repeats: number }): void {
    super.onBeforeTryTask(test, options);
    // An assertion of an earlier turn may wait for what its mutant never lets come, and would be waited for in this one too.
    test.promises = [];
    if (this.#pass.kind === 'dry') {
      switches.currentTestId = test.id;
      return;
    }
    if (this.#pass.kind !== 'each') return;
    // The end of the repetitions: as `context.skip()` would.
    if (this.#broken) throw Object.assign(new Error('not repeatable'), { code: 'VITEST_PENDING', taskId: test.id });
    const mutant = this.#turns[options.repeats];
    if (mutant !== undefined) report({ at: 'begin', mutant, test: test.name });
    turnOn(mutant, mutant === undefined ? 0 : this.#perTest.get(test.id)?.[mutant]);
  }

  override async onAfterRetryTask(
    test: RunnerTestCase,
    options: { readonly retry: number; readonly repeats: number },
  ): Promise<void> {
    await super.onAfterRetryTask(test, options);
    switches.currentTestId = undefined;
    const { result } = test;
    const failed = result?.state === 'fail' && !this.#broken;
    const endless = result?.errors?.some(({ message }) => ENDLESS.test(message ?? '')) ?? false;
    if (this.#pass.kind === 'dry') {
      this.#perTest.set(test.id, switches.mutantCoverage.perTest[test.id] ?? {});
      if (failed) report({ at: 'red', test: test.name, message: result.errors?.[0]?.message ?? '' });
      return;
    }
    if (failed && this.#failed === 'green') this.#failed = endless ? 'endless' : 'red';
    if (this.#pass.kind !== 'each' || result === undefined || this.#broken) return;
    const mutant = this.#turns[options.repeats];
    turnOn(undefined);
    if (failed && mutant !== undefined) this.#noticed.set(mutant, endless);
    if (failed && mutant === undefined) {
      this.#broken = true;
      for (const id of this.#turns) if (id !== undefined) this.#whole.add(id);
    } else if (options.repeats > 0 && options.repeats === this.#turns.length - 1) this.#count(test.name);
    result.errors = [];
    result.attempts = [];
  }

  override onAfterRunFiles(files: RunnerTestFile[]): void {
    super.onAfterRunFiles(files);
    turnOn(undefined);
    const red = this.#failed !== 'green' || files.some(({ result }) => result?.state === 'fail');
    if (this.#pass.kind === 'dry') this.#plan();
    else if (this.#pass.kind === 'each') this.#planWhole();
    else if (this.#pass.kind === 'whole') this.#afterWhole(this.#pass.mutant, red);
    else if (!red) this.#count(this.#file);
    else this.#leave();
    this.#goOn();
    for (const file of files) file.tasks = [];
  }

  #isOpen(mutant: string): boolean {
    return wanted.has(mutant) && !resolved.has(mutant);
  }

  #isStatic(mutant: string): boolean {
    return mutant in this.#static;
  }

  #plan(): void {
    this.#static = { ...switches.mutantCoverage.static };
    const reached = [this.#static, ...this.#perTest.values()].flatMap((hits) => Object.keys(hits));
    report({ at: 'reached', mutants: [...new Set(reached)] });
    if (reached.some((id) => this.#isOpen(id))) this.#next.push({ kind: 'each' });
  }

  #planWhole(): void {
    this.#noticed = new Map();
    const mutants = [...Object.keys(this.#static), ...this.#whole].filter((id) => this.#isOpen(id));
    if (mutants.length === 0) return;
    this.#next.push(...[...new Set(mutants)].map((mutant): Pass => ({ kind: 'whole', mutant })), { kind: 'check' });
  }

  #afterWhole(mutant: string, red: boolean): void {
    if (!red) return;
    this.#noticed.set(mutant, this.#failed === 'endless');
    if (trial.careful.includes(this.#file)) this.#next.unshift({ kind: 'check' });
  }

  /** What was noticed was noticed by the mutants alone. */
  #count(test: string): void {
    for (const [mutant, timedOut] of this.#noticed) {
      resolved.add(mutant);
      report({ at: 'noticed', mutant, timedOut, test });
    }
    this.#noticed = new Map();
  }

  /** Nothing can be judged any more in this process. A single mutant began where all was well, and counts. */
  #leave(): never {
    if (this.#noticed.size === 1) this.#count(this.#file);
    report({ at: 'left_behind', file: this.#file });
    process.kill(process.pid, 'SIGKILL');
    throw new Error('killed');
  }

  /** Vitest's own loop goes over this list: the next pass is the same file once more. */
  #goOn(): void {
    const { files } = (this as unknown as { workerState: { ctx: { files: { filepath: string }[] } } }).workerState.ctx;
    const current = files[this.#fileIndex];
    if (current === undefined) throw new Error('Vitest keeps its list of files elsewhere in this release');
    if (this.#next.length > 0) files.splice(this.#fileIndex + 1, 0, current);
    // Nothing is left to try in the other files.
    else if (trial.mutants.every((id) => resolved.has(id))) files.splice(this.#fileIndex + 1);
    if (this.#fileIndex === files.length - 1) report({ at: 'done' });
  }
}
