import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { endProcess, runCommand, tailOf } from './child.ts';
import {
  cleanEnvironment,
  DEFAULT_REGION,
  DUMMY_CREDENTIALS,
  EMULATOR_ACCOUNT,
  fetchAt,
  targetOfEndpoint,
  type Target,
} from './target.ts';
import { findFreePort } from '../../lib/local/loopback/server.ts';

export interface EmulatorOptions {
  /** A Python with the pinned packages. */
  readonly python: string;
  /** An empty directory, removed by the caller. */
  readonly directory: string;
}

export interface Emulator {
  readonly target: Target;
  /** What it said last, without secrets. */
  log(): string;
  close(): Promise<void>;
}

const START_TIMEOUT_MS = 60_000;
const PROBE_PAUSE_MS = 100;
const CERTIFICATE_TIMEOUT_MS = 30_000;

/**
 * Starts `ministack` on a loopback port with signatures and IAM policies enforced, and TLS, which bucket policies demand.
 * It ends with this process at the latest.
 *
 * @throws Error with its last lines where it does not answer in time
 */
export async function startEmulator({ python, directory }: EmulatorOptions): Promise<Emulator> {
  const [certificate, key] = [join(directory, 'certificate.pem'), join(directory, 'key.pem')];
  const script = join(import.meta.dirname, 'certificate.py');
  const made = await runCommand({
    command: python,
    args: [script, certificate, key],
    env: cleanEnvironment(),
    cwd: directory,
    timeoutMs: CERTIFICATE_TIMEOUT_MS,
  });
  if (made.code !== 0) throw new Error(`no certificate could be made: ${made.output}`);

  const port = await findFreePort();
  const child = spawn(python, [join(import.meta.dirname, 'emulator.py')], {
    cwd: directory,
    env: { ...cleanEnvironment(), ...environmentOf({ port, directory, certificate, key }) },
    // It ends itself and the functions, its own children, where its input does: with this process, however that ends.
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  });
  const log = tailOf(child);
  const close = (): Promise<void> => endProcess(child);
  let failure: Error | null = null;
  child.once('error', (error) => (failure = error));
  const target = targetOfEndpoint('emulator', `https://127.0.0.1:${port}`, certificate);
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (!(await answers(target))) {
    if (failure !== null || child.exitCode !== null || performance.now() > deadline) {
      await close();
      throw new Error(`ministack does not start: ${String(failure ?? '')} ${log()}`);
    }
    await wait(PROBE_PAUSE_MS);
  }
  return { target, log, close };
}

function environmentOf(where: {
  readonly port: number;
  readonly directory: string;
  readonly certificate: string;
  readonly key: string;
}): NodeJS.ProcessEnv {
  const temporary = join(where.directory, 'tmp');
  mkdirSync(temporary);
  return {
    BIND_HOST: '127.0.0.1',
    GATEWAY_PORT: `${where.port}`,
    // So that it answers for the addresses of APIs that the stack's outputs name.
    MINISTACK_HOST: `${DEFAULT_REGION}.amazonaws.com`,
    MINISTACK_ACCOUNT_ID: EMULATOR_ACCOUNT,
    AUTH: 'true',
    USE_SSL: 'true',
    MINISTACK_SSL_CERT: where.certificate,
    MINISTACK_SSL_KEY: where.key,
    // The functions inherit this.
    NODE_EXTRA_CA_CERTS: where.certificate,
    AWS_ACCESS_KEY_ID: DUMMY_CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: DUMMY_CREDENTIALS.secretAccessKey,
    IOT_MTLS_ENABLED: '0',
    SFTP_ENABLED: '0',
    STATE_DIR: join(where.directory, 'state'),
    S3_DATA_DIR: join(where.directory, 's3'),
    TMPDIR: temporary,
    LOG_LEVEL: 'INFO',
    PYTHONDONTWRITEBYTECODE: '1',
  };
}

async function answers(target: Target): Promise<boolean> {
  try {
    return (await fetchAt(target)(`${target.endpoint}/_ministack/health`)).ok;
  } catch {
    return false;
  }
}
