import { isDeepStrictEqual } from 'node:util';
import { BursarError } from '../../lib/client/index.ts';

/** Counts what holds and stops at the first thing that does not. */
export interface Checks {
  readonly passed: number;
  /** @throws CheckFailed */
  holds(name: string, condition: boolean): void;
  /** Shows both sides where they differ, so neither may hold a secret. @throws CheckFailed */
  equals(name: string, actual: unknown, expected: unknown): void;
  /** Resolves where the call is refused with this status and error name, or code. @throws CheckFailed */
  refuses(
    name: string,
    call: Promise<unknown>,
    expected: { status: number; error?: string; code?: string },
  ): Promise<void>;
}

export class CheckFailed extends Error {
  override readonly name = 'CheckFailed';
}

export function createChecks(say: (line: string) => void): Checks {
  let passed = 0;
  const pass = (name: string): void => {
    passed += 1;
    say(`  ok  ${name}`);
  };
  const equals = (name: string, actual: unknown, expected: unknown): void => {
    if (isDeepStrictEqual(actual, expected)) return pass(name);
    throw new CheckFailed(`${name}: expected ${JSON.stringify(expected)}, found ${JSON.stringify(actual)}`);
  };
  return {
    get passed() {
      return passed;
    },
    holds: (name, condition) => {
      if (!condition) throw new CheckFailed(`${name}: does not hold`);
      pass(name);
    },
    equals,
    refuses: async (name, call, expected) => {
      const error: unknown = await call.then(
        () => null,
        (refusal: unknown) => refusal,
      );
      if (error === null) throw new CheckFailed(`${name}: it was answered`);
      if (!(error instanceof BursarError)) throw error;
      const found = {
        status: error.status,
        ...(expected.error === undefined ? {} : { error: error.errorName }),
        ...(expected.code === undefined ? {} : { code: error.code }),
      };
      equals(name, found, expected);
    },
  };
}
