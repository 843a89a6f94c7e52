import { DeleteRuleCommand, EventBridgeClient, PutRuleCommand } from '@aws-sdk/client-eventbridge';
import { deploy, destroy, type CdkOptions, type StackOutputs } from './cdk.ts';
import type { Checks } from './checks.ts';
import { STACK_NAMES, type Choices } from './configuration.ts';
import { readStack, type DeployedResource } from './inventory.ts';
import { sdkOptionsOf, type Target } from './target.ts';

export interface LifeCycle {
  readonly target: Target;
  readonly checks: Checks;
  readonly cdk: CdkOptions;
  /** Pays through a deployment, which must work whatever became of it. */
  readonly pay: (outputs: StackOutputs) => Promise<void>;
  readonly step: <T>(name: string, work: () => Promise<T>) => Promise<T>;
}

/** Names the region and changes what every function and the stage have of their own: new versions of everything. */
const UPDATE: Choices = { logRetentionDays: '30', functionMemoryMib: '768', payingMemoryMib: '1024' };
const TOGGLES: readonly Choices[] = [
  { oauth: 'false' },
  { dashboards: 'false', canaryDeployment: 'false' },
  { alarmEmail: 'nobody@example.com', repeatWindowSeconds: '5' },
];
const SECOND_PREFIX = 'BursarRehearsalB';
const RULE = 'bursar-rehearsal-consumer';

/** What every rehearsal does with a deployment that works: an update of nearly everything, after which it still works. */
export async function rehearseUpdate({ target, checks, cdk, pay, step }: LifeCycle): Promise<void> {
  const before = await versionsOf(target);
  const outputs = await step('an update', () => deploy(cdk, { ...UPDATE, region: target.region }));
  await checkSettled(target, checks, 'the update');
  const after = await versionsOf(target);
  checks.equals(
    'an update of the functions publishes new versions',
    after.filter((id) => before.includes(id)),
    [],
  );
  await step('payments after the update', () => pay(outputs));
}

/** The longer parts of a deployment's life, for the night. */
export async function rehearseLife(life: LifeCycle): Promise<void> {
  const { target, checks, cdk, pay, step } = life;
  await step('back to the defaults', () => deploy(cdk));
  const before = await resourcesOf(target);
  await step('a deployment without a change', () => deploy(cdk));
  checks.equals('a deployment without a change changes nothing', await resourcesOf(target), before);
  for (const choices of TOGGLES) {
    const name = Object.keys(choices).join(', ');
    await step(`on: ${name}`, () => deploy(cdk, choices));
    await step(`off: ${name}`, () => deploy(cdk));
    await checkSettled(target, checks, name);
  }
  await rehearseSecondPrefix(life);
  const outputs = await deploy(cdk);
  await rehearseConsumer(life, outputs);
  const again = await step('the service stack again', () => deploy(cdk));
  await step('payments after it was made again', () => pay(again));
}

async function rehearseSecondPrefix({ target, checks, cdk, step }: LifeCycle): Promise<void> {
  const chosen = { stackPrefix: SECOND_PREFIX };
  const first = await resourcesOf(target);
  await step('a second deployment beside the first', () => deploy(cdk, chosen));
  checks.equals('a second deployment leaves the first alone', await resourcesOf(target), first);
  await step('the second deployment goes', () => destroy(cdk, { chosen }));
  checks.equals('and so does its end', await resourcesOf(target), first);
}

/** Somebody's rule on the bus must not keep the service stack from going. */
async function rehearseConsumer({ target, cdk, step }: LifeCycle, outputs: StackOutputs): Promise<void> {
  const events = new EventBridgeClient(sdkOptionsOf(target));
  const rule = { Name: RULE, EventBusName: outputs['EventBusName']! };
  try {
    await events.send(
      new PutRuleCommand({ ...rule, EventPattern: JSON.stringify({ 'detail-type': ['payment.signed'] }) }),
    );
    await step('the service stack goes, with a rule of somebody on the bus', () =>
      destroy(cdk, { which: STACK_NAMES[1] }),
    );
    await events.send(new DeleteRuleCommand(rule));
  } finally {
    events.destroy();
  }
}

async function checkSettled(target: Target, checks: Checks, what: string): Promise<void> {
  const unfinished = (await readResources(target)).filter(
    ({ status }) => status !== 'CREATE_COMPLETE' && status !== 'UPDATE_COMPLETE',
  );
  checks.equals(`all is settled after ${what}`, unfinished, []);
}

async function versionsOf(target: Target): Promise<string[]> {
  const resources = await readResources(target);
  return resources.filter(({ type }) => type === 'AWS::Lambda::Version').map(({ logicalId }) => logicalId);
}

async function resourcesOf(target: Target): Promise<string[]> {
  return (await readResources(target)).map(({ logicalId, physicalId }) => `${logicalId} ${physicalId}`).toSorted();
}

async function readResources(target: Target): Promise<readonly DeployedResource[]> {
  const stacks = await Promise.all(STACK_NAMES.map((name) => readStack(target, name)));
  return stacks.flatMap(({ resources }) => resources);
}
