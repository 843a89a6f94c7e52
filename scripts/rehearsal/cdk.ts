import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT_ROOT } from '../../lib/infra/build/source-hash.ts';
import { runCommand } from './child.ts';
import { contextArguments, REHEARSAL_CONFIG, type Choices } from './configuration.ts';
import type { Target } from './target.ts';

export interface CdkOptions {
  readonly target: Target;
  /** Takes the assembly and the outputs. */
  readonly directory: string;
  /** Hears now and then how far a stack has come. */
  readonly say: (line: string) => void;
}

/** Outputs of the service stack, by name. */
export type StackOutputs = Readonly<Record<string, string>>;

const CLI = join(PROJECT_ROOT, 'node_modules', 'aws-cdk', 'bin', 'cdk');
const TIMEOUT_MS = 20 * 60_000;
const PROGRESS_PAUSE_MS = 5_000;
/** `BursarData | 3/9 | 10:00:00 AM | CREATE_COMPLETE | AWS::KMS::Key | ...` */
const PROGRESS = /^(\S+) \| +(\d+\/\d+) \|/;

/** Prepares an account and region for the CDK; does nothing where that was done. */
export async function bootstrap(options: CdkOptions, account: string): Promise<void> {
  await cdk(options, ['bootstrap', `aws://${account}/${options.target.region}`]);
}

/** Deploys the real app (`bin/app.mjs`) as a deployer does. */
export async function deploy(options: CdkOptions, chosen: Choices = {}): Promise<StackOutputs> {
  const file = join(options.directory, 'outputs.json');
  const choices = ['--require-approval', 'never', '--progress', 'events', '--outputs-file', file];
  await cdk(options, ['deploy', '--all', ...choices, ...contextArguments(chosen)]);
  const outputs = JSON.parse(readFileSync(file, 'utf8')) as Readonly<Record<string, StackOutputs>>;
  const name = `${chosen.stackPrefix ?? REHEARSAL_CONFIG.stackPrefix}Service`;
  const service = outputs[name];
  if (service === undefined) throw new Error(`the deployment has no outputs of ${name}`);
  return service;
}

/** Takes both stacks of a deployment away, or the service stack alone. */
export async function destroy(
  options: CdkOptions,
  { which = '--all', chosen = {} }: { readonly which?: string; readonly chosen?: Choices } = {},
): Promise<void> {
  await cdk(options, ['destroy', which, '--force', ...contextArguments(chosen)]);
}

async function cdk({ target, directory, say }: CdkOptions, args: readonly string[]): Promise<void> {
  let saidAt = performance.now();
  const { code, output } = await runCommand({
    command: process.execPath,
    args: [CLI, ...args, '--output', join(directory, 'assembly')],
    env: target.env,
    cwd: PROJECT_ROOT,
    timeoutMs: TIMEOUT_MS,
    onLine: (line) => {
      const [, stack, done] = PROGRESS.exec(line) ?? [];
      if (stack === undefined || performance.now() - saidAt < PROGRESS_PAUSE_MS) return;
      saidAt = performance.now();
      say(`  ${stack} ${done}`);
    },
  });
  if (code !== 0) throw new Error(`cdk ${args[0]} ended with ${code ?? 'its timeout'}:\n${output}`);
}
