import { untilChildEnds } from '../child-end.ts';
import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** A Python that can run the tests. */
export interface Interpreter {
  readonly path: string;
  /** Such as `3.11.7`. */
  readonly version: string;
}

export interface EnvironmentOptions {
  readonly interpreter: Interpreter;
  /** Holds `requirements.txt` and `constraints.txt`. */
  readonly requirementsDir: string;
  /** Keeps environments between runs, one for each set of versions. */
  readonly cacheDir: string;
  readonly say: (line: string) => void;
}

const CANDIDATES = ['python3.13', 'python3.12', 'python3.11', 'python3.10', 'python3', 'python'];
const VERSION_MIN = [3, 10] as const;
const PROBE = 'import json, platform, sys; print(json.dumps([sys.executable, platform.python_version()]))';
const PROBE_TIMEOUT_MS = 20_000;
const INSTALL_TIMEOUT_MS = 10 * 60_000;
const OUTPUT_MAX_CHARS = 4_000;

/**
 * Finds the newest Python that answers. A command that exists and fails, like a version manager's placeholder, is passed over.
 *
 * @throws Error that says what was looked for
 */
export async function findInterpreter(): Promise<Interpreter> {
  for (const command of CANDIDATES) {
    const found = await probe(command);
    if (found !== null) return found;
  }
  throw new Error(`there is no Python ${VERSION_MIN.join('.')} or newer. Looked for ${CANDIDATES.join(', ')} in PATH`);
}

async function probe(command: string): Promise<Interpreter | null> {
  let answer: unknown;
  try {
    const { stdout } = await promisify(execFile)(command, ['-I', '-c', PROBE], { timeout: PROBE_TIMEOUT_MS });
    answer = JSON.parse(stdout);
  } catch {
    return null;
  }
  if (!Array.isArray(answer)) return null;
  const [path, version] = answer.map(String);
  const [major = 0, minor = 0] = (version ?? '').split('.').map(Number);
  const isNewEnough = major > VERSION_MIN[0] || (major === VERSION_MIN[0] && minor >= VERSION_MIN[1]);
  return path !== undefined && version !== undefined && isNewEnough ? { path, version } : null;
}

/**
 * The path of a Python that has the pinned packages and no others. Installs them on first use, which needs a package index;
 * an environment that was left half made is never used.
 *
 * @throws Error where `venv` or `pip` does not work, with what they said
 */
export async function provideEnvironment(options: EnvironmentOptions): Promise<string> {
  const { interpreter, cacheDir, say } = options;
  const home = join(cacheDir, environmentName(options));
  const python = join(home, 'bin', 'python');
  if (existsSync(python)) {
    say(`the packages are there already, for Python ${interpreter.version}`);
    return python;
  }
  mkdirSync(cacheDir, { recursive: true });
  const draft = mkdtempSync(join(cacheDir, 'draft-'));
  // Also where this process is interrupted.
  process.once('exit', () => rmSync(draft, { recursive: true, force: true }));
  try {
    say(`making a virtual environment with Python ${interpreter.version}`);
    await run('venv', interpreter.path, ['-m', 'venv', '--clear', draft]);
    say('installing the pinned packages; the first time this takes a minute');
    const requirements = join(options.requirementsDir, 'requirements.txt');
    const quiet = ['--quiet', '--disable-pip-version-check', '--no-input', '--only-binary=:all:'];
    await run('pip', join(draft, 'bin', 'python'), ['-m', 'pip', 'install', ...quiet, '--requirement', requirements]);
    // The scripts in `bin` still name the draft; `python -m` needs none of them.
    renameSync(draft, home);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    // Somebody else's run may have been first with the same environment.
    if (!existsSync(python)) throw error;
  }
  return python;
}

/** Other versions of Python or of any package make another environment. */
function environmentName({ interpreter, requirementsDir }: EnvironmentOptions): string {
  const hash = createHash('sha256').update(`${interpreter.path}\0${interpreter.version}\0`);
  for (const name of ['requirements.txt', 'constraints.txt']) hash.update(readFileSync(join(requirementsDir, name)));
  return `${interpreter.version}-${hash.digest('hex').slice(0, 16)}`;
}

async function run(what: 'venv' | 'pip', command: string, args: readonly string[]): Promise<void> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: INSTALL_TIMEOUT_MS });
  let output = '';
  const read = (chunk: Buffer): void => {
    output = (output + chunk.toString('utf8')).slice(-OUTPUT_MAX_CHARS);
  };
  child.stdout.on('data', read);
  child.stderr.on('data', read);
  const { code } = await untilChildEnds(child);
  if (code !== 0) throw new Error(`Python's ${what} does not work here (exit ${code}): ${output.trim()}`);
}
