// `npm run bench:aws -- --endpoint URL --manager ARN --connector ID`: times a deployment, which costs what its calls cost (about
// 15 dollars a million) and moves no money: what it has signed for is a testnet's, and nobody submits it.
import { parseArgs } from 'node:util';
import { chainCredentials } from '../../../lib/cli/target/aws.ts';
import { openCallers, type Callers } from '../load/callers.ts';
import { percentile, runPhase, type PhaseFigures } from '../load/phases.ts';
import { readInitDurations } from './init-durations.ts';

const USAGE = `usage: npm run bench:aws -- --endpoint URL --manager ARN --connector ID [--kms-connector ID] [--calls N]
                           [--management-role ARN] [--paying-role ARN] [--log-group NAME] [--profile NAME]

  --endpoint URL         the deployment's, with its stage
  --manager ARN          a payment manager that takes signatures
  --connector ID         a SeedVault connector of it
  --kms-connector ID     an AwsKms connector of it: the same calls again, signed by KMS
  --calls N              one after another, from 10 to 100000 (default 1000)
  --management-role ARN  assumed to open wallet and session (default: the credentials as they are)
  --paying-role ARN      assumed to pay (default: the same)
  --log-group NAME       the paying function's, to read how long its starts took
  --profile NAME         of the AWS configuration`;

const CALLS_MIN = 10;
const CALLS_MAX = 100_000;
const LIMIT_USD = '10000.00';
const STEP_SECONDS = 10;
const STEPS: readonly number[] = [1, 4, 16, 32, 64, 128, 256, 512];
/** Answers that were not paid, past which a step counts as throttled. */
const THROTTLED_SHARE = 0.01;
/** CloudWatch shows what Lambda logged some seconds late. */
const LOGS_WAIT_MS = 15_000;
const SESSION_NAME = 'bench';

function readArguments() {
  const { values } = parseArgs({
    options: {
      endpoint: { type: 'string' },
      manager: { type: 'string' },
      connector: { type: 'string' },
      'kms-connector': { type: 'string' },
      calls: { type: 'string', default: '1000' },
      'management-role': { type: 'string' },
      'paying-role': { type: 'string' },
      'log-group': { type: 'string' },
      profile: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const { endpoint, manager, connector } = values;
  const calls = Number(values.calls);
  const known = Number.isSafeInteger(calls) && calls >= CALLS_MIN && calls <= CALLS_MAX;
  if (values.help || endpoint === undefined || manager === undefined || connector === undefined || !known) {
    console.error(USAGE);
    process.exit(values.help ? 0 : 2);
  }
  return { ...values, endpoint, manager, connector, calls };
}

type Arguments = ReturnType<typeof readArguments>;

function regionOf(manager: string): string {
  const region = manager.split(':')[3];
  if (region === undefined || region === '') throw new Error(`--manager must be an ARN. Received: ${manager}`);
  return region;
}

async function openTarget(args: Arguments, region: string) {
  const sourceOf = (roleArn: string | undefined) =>
    chainCredentials({
      region,
      profile: args.profile ?? null,
      assume: roleArn === undefined ? null : { roleArn, sessionName: SESSION_NAME },
    });
  const [own, management, processPayment] = await Promise.all(
    [undefined, args['management-role'], args['paying-role']].map((role) => sourceOf(role)()),
  );
  return { own: own!, management: management!, processPayment: processPayment! };
}

/** As many calls as were asked for, one after another, in one session. */
async function runSerially(name: string, callers: Callers, calls: number): Promise<PhaseFigures> {
  const sessionId = await callers.openSession(LIMIT_USD);
  let left = calls;
  const end = new AbortController();
  const next = () => {
    left -= 1;
    if (left === 0) end.abort();
    return { sessionId, clientToken: `bench-payment-${crypto.randomUUID()}` };
  };
  return runPhase(
    { name, callers: 1, seconds: Number.POSITIVE_INFINITY, next, twice: () => false },
    callers,
    new Map(),
    end.signal,
  );
}

/** More and more callers in one session, until it answers some of them that it is too much. */
async function findThrottle(callers: Callers): Promise<readonly PhaseFigures[]> {
  const sessionId = await callers.openSession(LIMIT_USD);
  const steps: PhaseFigures[] = [];
  for (const count of STEPS) {
    const next = () => ({ sessionId, clientToken: `bench-payment-${crypto.randomUUID()}` });
    const phase = {
      name: `one session, ${count} at once`,
      callers: count,
      seconds: STEP_SECONDS,
      next,
      twice: () => false,
    };
    const step = await runPhase(phase, callers, new Map());
    steps.push(step);
    console.log(describe(step));
    if (step.paid < (1 - THROTTLED_SHARE) * step.latencies.length) break;
  }
  return steps;
}

function describe({ name, seconds, paid, busy, denied, failures, latencies }: PhaseFigures): string {
  const at = (share: number): string => `${percentile(latencies, share).toFixed(1)} ms`;
  const others = `${busy} told to come back, ${denied} denied, ${failures.length} failed`;
  const first = failures[0] === undefined ? '' : ` (${failures[0]})`;
  return `${name}: ${paid} paid, ${(paid / seconds).toFixed(1)} a second, p50 ${at(0.5)}, p99 ${at(0.99)}; ${others}${first}`;
}

async function main(): Promise<void> {
  const args = readArguments();
  const region = regionOf(args.manager);
  const { own, management, processPayment } = await openTarget(args, region);
  const credentials = {
    controlPlane: own,
    management,
    processPayment,
    observer: own,
    token: own,
    treasury: own,
    backup: own,
  };
  const openWith = (connectorId: string): Promise<Callers> =>
    openCallers({
      endpoint: args.endpoint,
      region,
      credentials,
      paymentManagerArn: args.manager,
      paymentConnectorIds: {
        SeedVault: connectorId,
        AwsKms: connectorId,
        CoinbaseCDP: connectorId,
        StripePrivy: connectorId,
      },
    });
  const startedAt = Date.now();
  console.log(`${new Date(startedAt).toISOString()}, ${region}, ${args.endpoint}`);
  const seed = await openWith(args.connector);
  console.log(describe(await runSerially('one after another, signed in process', seed, args.calls)));
  const kms = args['kms-connector'];
  if (kms !== undefined) {
    console.log(describe(await runSerially('one after another, signed by KMS', await openWith(kms), args.calls)));
  }
  const steps = await findThrottle(seed);
  const best = Math.max(...steps.map(({ paid, seconds }) => paid / seconds));
  console.log(`one session: at most ${best.toFixed(1)} payments a second`);
  if (args['log-group'] === undefined) return;
  await new Promise((resolve) => {
    setTimeout(resolve, LOGS_WAIT_MS);
  });
  const inits = await readInitDurations(region, own, args['log-group'], startedAt);
  const middle = `p50 ${percentile(inits, 0.5).toFixed(0)} ms, p99 ${percentile(inits, 0.99).toFixed(0)} ms`;
  console.log(inits.length === 0 ? 'no starts were logged' : `${inits.length} starts, init ${middle}`);
}

await main();
