import type { Readable, Writable } from 'node:stream';
import type { AccountReader } from '../target/account.ts';
import type { CallerIdentity, ChainRequest, Credentials, CredentialSource } from '../target/aws.ts';
import type { FileStore } from '../terminal/files.ts';
import type { Options, OptionSpec } from '../terminal/options.ts';
import type { Outcome } from '../terminal/outcome.ts';
import type { Target } from '../target/target.ts';
import type { Terminal } from '../terminal/terminal.ts';

/** The world outside: everything that a test puts in its own. */
export interface CliDeps {
  readonly terminal: Terminal;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Of the directory that has `.bursar`: what the tool keeps for itself. */
  readonly state: FileStore;
  /** Of the directory that the caller is in: what the command line names. */
  readonly files: FileStore;
  /** Of this release, such as `0.1.0`. */
  readonly version: string;
  /** The login name of the person at the terminal: the user of calls where none is named. */
  readonly userName: string;
  readonly fetch: typeof fetch;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly randomBytes: (size: number) => Uint8Array;
  /** Fires when the user wants to stop. */
  readonly interrupted: AbortSignal;
  /** The standard chain of AWS: environment, profile, single sign-on, roles of the machine. */
  readonly awsCredentials: (request: ChainRequest) => CredentialSource;
  readonly callerIdentity: (region: string, credentials: Credentials) => Promise<CallerIdentity>;
  /** Names of the metrics that reached CloudWatch lately. */
  readonly recentMetrics: (
    of: { readonly region: string; readonly namespace: string },
    credentials: Credentials,
  ) => Promise<readonly string[]>;
  readonly account: AccountReader;
  /** For a program at the other end, where a command speaks a protocol with one: stdin and stdout. */
  readonly pipes: { readonly input: Readable; readonly output: Writable };
}

export interface Invocation {
  readonly deps: CliDeps;
  readonly options: Options;
  readonly positionals: readonly string[];
  readonly target: Target;
}

export interface Command {
  /** One or two words, such as `session create`. */
  readonly name: string;
  readonly summary: string;
  /** After the name in the usage line, such as `URL`. */
  readonly operands: string;
  readonly operandsMin: number;
  readonly operandsMax: number;
  readonly options: Readonly<Record<string, OptionSpec>>;
  /**
   * Whether it has something to do where no endpoint is known. `none`: it asks no deployment, and its target is nowhere.
   * @default 'required'
   */
  readonly endpoint?: 'required' | 'optional' | 'none';
  /** Whether it makes the context that is named. @default 'found' */
  readonly context?: 'found' | 'made';
  /** The role of the deployment whose credentials it needs. */
  readonly role: string;
  /** Lines, each with what it does. */
  readonly examples: readonly (readonly [command: string, what: string])[];
  /** Paragraphs of the help besides. */
  readonly notes?: readonly string[];
  /** Throws `CliError` for every expected end but success. */
  readonly run: (invocation: Invocation) => Promise<Outcome>;
}
