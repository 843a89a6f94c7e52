import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { parseArgs } from 'node:util';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { bundle } from '../lib/infra/build/bundle.ts';
import { findInterpreter, provideEnvironment } from './python/environment.ts';
import { assumeCallers } from './rehearsal/callers.ts';
import { bootstrap, deploy, destroy, type CdkOptions, type StackOutputs } from './rehearsal/cdk.ts';
import { createChecks, type Checks } from './rehearsal/checks.ts';
import { REHEARSAL_CONFIG, STACK_NAMES } from './rehearsal/configuration.ts';
import { drivePayments } from './rehearsal/drive.ts';
import { driveTokens } from './rehearsal/drive-tokens.ts';
import { rehearseLife, rehearseUpdate } from './rehearsal/life-cycle.ts';
import { recentLogs } from './rehearsal/logs.ts';
import { startEmulator, type Emulator } from './rehearsal/emulator.ts';
import { readStack, type DeployedStack } from './rehearsal/inventory.ts';
import { checkDestroyed, checkWalletsSurvive, deleteSecretsKey, deleteSeeds } from './rehearsal/leftovers.ts';
import { checkSweeper } from './rehearsal/sweeper.ts';
import { sdkOptionsOf, targetOfAws, targetOfEndpoint, type Target } from './rehearsal/target.ts';

const USAGE = `usage: npm run deploy:rehearsal -- [--endpoint URL | --aws [--yes]] [--keep] [--long]

Bootstraps, deploys the real app under names of its own, drives the deployed API, updates it and destroys everything again.

  without a choice  to an emulator on this machine (ministack, from PyPI): needs Python 3.10 with venv and pip
  --endpoint URL    to something that answers for AWS there, with dummy credentials; https
  --aws             to the account and region of the standard credential chain
  --yes             does not ask before it deploys into an account
  --keep            leaves everything up
  --long            also deploys without a change, with options on and off, beside a second deployment, and again`;

const NOT_SHOWN_BY_EMULATOR = [
  "conditions of IAM that ministack does not know; KMS's condition keys are this rehearsal's own",
  'CodeDeploy, X-Ray and alarms of several metrics, whose resources are recorded and not made',
  'throttling, WAF, VPCs, access logs, metrics from logs, and what anything costs',
  "API Gateway's limits, and its answers in our error shapes, which ministack does not read from the API's definition",
  'the arm64 runtime, cold starts, concurrency and time-outs of functions',
  'point-in-time recovery, deletion protection and encryption at rest',
];

const KEEP_ALIVE_MS = 60_000;

const started = performance.now();
const say = (line: string): void => {
  process.stdout.write(`${((performance.now() - started) / 1000).toFixed(1).padStart(6)} s  ${line}\n`);
};

interface Rehearsal {
  readonly target: Target;
  readonly account: string;
  readonly checks: Checks;
  readonly cdk: CdkOptions;
  readonly emulator: Emulator | null;
}

async function step<T>(name: string, work: () => Promise<T>): Promise<T> {
  const began = performance.now();
  say(name);
  const result = await work();
  say(`${name}: done in ${((performance.now() - began) / 1000).toFixed(1)} s`);
  return result;
}

function readChoices() {
  const { values } = parseArgs({
    options: {
      endpoint: { type: 'string' },
      aws: { type: 'boolean', default: false },
      yes: { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
      long: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.aws && values.endpoint !== undefined) throw new Error('--aws and --endpoint exclude each other');
  if (values.endpoint !== undefined && !values.endpoint.startsWith('https://')) {
    throw new Error(`--endpoint is ${values.endpoint}: expected an https URL, which the policies demand`);
  }
  return values;
}

async function openTarget(
  { aws, endpoint }: { readonly aws: boolean; readonly endpoint?: string | undefined },
  directory: string,
): Promise<{ target: Target; emulator: Emulator | null }> {
  if (aws) {
    const sts = new STSClient({});
    const region = await sts.config.region();
    sts.destroy();
    return { target: targetOfAws(region), emulator: null };
  }
  if (endpoint !== undefined) {
    return {
      target: targetOfEndpoint('endpoint', endpoint, process.env['NODE_EXTRA_CA_CERTS'] ?? null),
      emulator: null,
    };
  }
  const interpreter = await findInterpreter();
  const python = await provideEnvironment({
    interpreter,
    requirementsDir: join(import.meta.dirname, 'rehearsal'),
    cacheDir: join(import.meta.dirname, '..', '.cache', 'python'),
    say,
  });
  const emulator = await startEmulator({ python, directory });
  return { target: emulator.target, emulator };
}

async function readAccount(target: Target): Promise<string> {
  const sts = new STSClient(sdkOptionsOf(target));
  const { Account } = await sts.send(new GetCallerIdentityCommand({}));
  sts.destroy();
  if (Account === undefined) throw new Error('STS does not say which account this is');
  return Account;
}

async function confirm({ target, account }: Rehearsal, yes: boolean): Promise<boolean> {
  say(
    `${target.kind === 'aws' ? 'ACCOUNT' : 'account'} ${account}, region ${target.region}, stacks ${STACK_NAMES.join(' and ')}`,
  );
  if (target.kind !== 'aws' || yes) return true;
  const ask = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await ask.question('Deploy into this account, drive it and destroy it again? Type its number: ');
  ask.close();
  return answer.trim() === account;
}

async function drive({ target, checks }: Rehearsal, outputs: StackOutputs, service: DeployedStack) {
  try {
    const callers = await assumeCallers(target, outputs);
    await step('payments with signatures', () => drivePayments(callers, checks));
    if (target.kind === 'emulator') await step('payments with tokens', () => driveTokens(callers, checks));
    else say('payments with tokens: not here, since they need an issuer that the functions reach');
    await step('the sweeper', () => checkSweeper(target, service, checks));
  } catch (error) {
    const logs = await recentLogs(target, service).catch((failure: unknown) => String(failure));
    process.stderr.write(`what the functions logged last:\n${logs}\n`);
    throw error;
  }
}

async function payAgain({ target, checks }: Rehearsal, outputs: StackOutputs): Promise<void> {
  await drivePayments(await assumeCallers(target, outputs), checks, 'Again');
}

async function rehearse(
  rehearsal: Rehearsal,
  { keep, long }: { readonly keep: boolean; readonly long: boolean },
): Promise<StackOutputs> {
  const { target, account, checks, cdk } = rehearsal;
  await step('bundle', () => bundle({ log: say }));
  await step('cdk bootstrap', () => bootstrap(cdk, account));
  try {
    const outputs = await step('cdk deploy --all', () => deploy(cdk));
    const [data, service] = [await readStack(target, STACK_NAMES[0]), await readStack(target, STACK_NAMES[1])];
    const resources = [...data.resources, ...service.resources];
    const unfinished = resources.filter(({ status }) => status !== 'CREATE_COMPLETE' && status !== 'UPDATE_COMPLETE');
    checks.equals(`${resources.length} resources are there`, unfinished, []);
    await drive(rehearsal, outputs, service);
    const life = { target, checks, cdk, step, pay: (now: StackOutputs) => payAgain(rehearsal, now) };
    await rehearseUpdate(life);
    if (long) await rehearseLife(life);
    if (keep) return outputs;
    await step('cdk destroy --all', () => destroy(cdk));
    await step('what is left', () => checkLeft(rehearsal, resources));
    return outputs;
  } catch (error) {
    // An emulator ends with us; an account must not keep what a failure left behind, unless somebody wants to look at it.
    if (target.kind === 'aws' && !keep) {
      await step('cdk destroy --all', () => destroy(cdk)).catch(() => say(`left behind: ${STACK_NAMES.join(', ')}`));
    }
    throw error;
  }
}

async function checkLeft({ target, checks }: Rehearsal, resources: DeployedStack['resources']): Promise<void> {
  await checkDestroyed(target, resources, checks);
  const { keyIds } = await checkWalletsSurvive(target, checks);
  await deleteSeeds(target);
  await deleteSecretsKey(target, resources);
  if (target.kind !== 'aws') return;
  say(`wallet keys are left, at a dollar a month: ${keyIds.join(', ')}`);
  say(
    `only a role named ${REHEARSAL_CONFIG.stackPrefix}-${target.region}-manage-instruments may delete them; see docs/operating.md`,
  );
}

/** For an emulator, until somebody interrupts: it cannot outlive this process. */
async function leaveUp({ target, emulator }: Rehearsal, outputs: StackOutputs): Promise<void> {
  say(`left up: ${outputs['Endpoint']}`);
  if (emulator === null) return;
  say(`export AWS_ENDPOINT_URL=${target.endpoint} AWS_CA_BUNDLE=${target.caPath} NODE_EXTRA_CA_CERTS=${target.caPath}`);
  say('export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_REGION=us-east-1');
  say('Ctrl-C ends it');
  await new Promise(() => setInterval(() => {}, KEEP_ALIVE_MS));
}

function sayClosing({ target, checks }: Rehearsal): void {
  if (target.kind !== 'aws') {
    say(`not shown by an emulator:\n          - ${NOT_SHOWN_BY_EMULATOR.join('\n          - ')}`);
  }
  process.stdout.write(`rehearsal: ${checks.passed} checks passed\n`);
}

async function main(): Promise<number> {
  const choices = readChoices();
  if (choices.help) {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  const directory = mkdtempSync(join(tmpdir(), 'bursar-rehearsal-'));
  process.on('exit', () => rmSync(directory, { recursive: true, force: true }));
  const { target, emulator } = await step('target', () => openTarget(choices, directory));
  const checks = createChecks(say);
  try {
    const account = await readAccount(target);
    const rehearsal = { target, account, checks, cdk: { target, directory, say }, emulator };
    if (!(await confirm(rehearsal, choices.yes))) throw new Error('nothing was done');
    const outputs = await rehearse(rehearsal, choices);
    sayClosing(rehearsal);
    if (choices.keep) await leaveUp(rehearsal, outputs);
  } catch (error) {
    if (emulator !== null) process.stderr.write(`the emulator's last lines:\n${emulator.log()}\n`);
    throw error;
  } finally {
    await emulator?.close();
  }
  return 0;
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1));
try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`deploy:rehearsal failed: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
