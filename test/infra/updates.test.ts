import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addStacks } from '../../lib/infra/app.ts';
import { bundle, type BundleResult } from '../../lib/infra/build/bundle.ts';
import { readContext } from '../../lib/infra/build/synth.ts';
import type { BursarConfig } from '../../lib/infra/config/config.ts';
import { DEFAULT_CONFIG } from '../../lib/infra/config/defaults.ts';
import { ALL_OPTIONS, EXISTING_TABLES } from './options.ts';
import { afterUpdate, updateProblems, type Deployed, type StackTemplate } from './update-model.ts';

const outdir = mkdtempSync(join(tmpdir(), 'bursar-updates-'));
afterAll(() => rmSync(outdir, { recursive: true, force: true }));

const ROLE = 'arn:aws:iam::000000000000:role/named';
/** Another value of every choice, with what it needs beside it. */
const CHANGES: { readonly [K in Exclude<keyof BursarConfig, 'stackPrefix'>]: Partial<BursarConfig> } = {
  ...(Object.fromEntries(Object.entries(ALL_OPTIONS).map(([name, value]) => [name, { [name]: value }])) as {
    [K in keyof typeof ALL_OPTIONS]: Partial<BursarConfig>;
  }),
  region: { region: 'us-east-1' },
  defaultSessionLimitUsd: { defaultSessionLimitUsd: null },
  allowedNetworks: { allowedNetworks: ['eip155:8453'] },
  rpcUrls: { rpcUrls: { ...DEFAULT_CONFIG.rpcUrls, 'eip155:8453': 'https://node.example' } },
  logRetentionDays: { logRetentionDays: 30 },
  retainData: { retainData: false },
  functionMemoryMib: { functionMemoryMib: 1_024 },
  sweeperMemoryMib: { sweeperMemoryMib: 512 },
  controlPlanePrincipals: { controlPlanePrincipals: [ROLE] },
  managementPrincipals: { managementPrincipals: [ROLE] },
  processPaymentPrincipals: { processPaymentPrincipals: [ROLE] },
  observerPrincipals: { observerPrincipals: [ROLE] },
  bindUserToRoleSession: {
    bindUserToRoleSession: true,
    managementPrincipals: [ROLE],
    processPaymentPrincipals: [ROLE],
  },
  throttleRequestsPerSecond: { throttleRequestsPerSecond: 10 },
  throttleBurstRequests: { throttleBurstRequests: 10 },
  ownApiGatewayAccount: { ownApiGatewayAccount: false },
  dashboards: { dashboards: false },
  traceSamplingRate: { traceSamplingRate: 0 },
  canaryDeployment: { canaryDeployment: false },
  awsTransport: { awsTransport: 'sdk' },
  oauth: { oauth: false },
  walletPage: { walletPage: false },
  domainName: { domainName: 'pay.example.com', certificateArn: ALL_OPTIONS.certificateArn! },
  certificateArn: { domainName: 'pay.example.com', certificateArn: ALL_OPTIONS.certificateArn! },
  trailRules: { trailRules: true, alarmEmail: 'ops@example.com' },
  existingTables: { existingTables: EXISTING_TABLES },
} as { readonly [K in Exclude<keyof BursarConfig, 'stackPrefix'>]: Partial<BursarConfig> };

let functions: BundleResult['functions'];
let standard: Deployed;
beforeAll(async () => {
  ({ functions } = await bundle({ log: () => {} }));
  standard = deployed('default', {});
});

/** The templates as the CLI deploys them, with account and region left open. */
function deployed(name: string, choices: Partial<BursarConfig>): Deployed {
  const app = new App({ outdir: join(outdir, name), analyticsReporting: false, context: readContext() });
  const { data, service } = addStacks(app, { config: { ...DEFAULT_CONFIG, ...choices }, functions });
  const assembly = app.synth();
  const templateOf = (stack: string) =>
    JSON.parse(readFileSync(assembly.getStackByName(stack).templateFullPath, 'utf8')) as StackTemplate;
  return { data: templateOf(data.stackName), service: templateOf(service.stackName), left: new Set() };
}

/** Switches to each state in turn. */
function problemsOfGoing(states: readonly Deployed[]): string[] {
  let [now] = states;
  return states.slice(1).flatMap((next) => {
    const problems = updateProblems(now!, next);
    now = afterUpdate(now!, next);
    return problems;
  });
}

describe('a deployment with the defaults', () => {
  test('has another value in this test for every choice but the name, which makes a second deployment', () => {
    const { stackPrefix: _name, ...others } = DEFAULT_CONFIG;
    expect(Object.keys(CHANGES).toSorted()).toEqual(Object.keys(others).toSorted());
    for (const [name, change] of Object.entries(CHANGES)) {
      expect({ ...DEFAULT_CONFIG, ...change }[name as keyof BursarConfig], name).not.toEqual(
        DEFAULT_CONFIG[name as keyof BursarConfig],
      );
    }
  });

  test.each(Object.entries(CHANGES))('takes another %s, gives it up and takes it again', (name, change) => {
    const other = deployed(name, change);
    expect(problemsOfGoing([standard, other, standard, other])).toEqual([]);
  });

  test('takes every option at once, and gives them up', () => {
    const everything = deployed('everything', ALL_OPTIONS);
    expect(problemsOfGoing([standard, everything, standard, everything])).toEqual([]);
  });
});

interface Spoilable {
  readonly Resources: Record<string, { Type: string; Properties: Record<string, unknown> }>;
  readonly Outputs: Record<string, { Value: unknown }>;
}

describe('the model of an update sees', () => {
  const spoilt = (spoil: (service: Spoilable, data: Spoilable) => void): string[] => {
    const copy = structuredClone({ data: standard.data, service: standard.service });
    spoil(copy.service as unknown as Spoilable, copy.data as unknown as Spoilable);
    return updateProblems(standard, copy);
  };
  const idOf = (part: string) => Object.keys(standard.service.Resources).find((id) => id.startsWith(part))!;

  test('a version without a change of its function', () => {
    const id = idOf('ProcessPaymentFunctionCurrentVersion');
    expect(spoilt(({ Resources: all }) => (all['Other'] = all[id]!))).toEqual([
      `Other: a version for ${idOf('ProcessPaymentFunction')} exists`,
    ]);
  });

  test('a changed function without a version', () => {
    const id = idOf('ProcessPaymentFunction');
    expect(spoilt(({ Resources: all }) => (all[id]!.Properties['MemorySize'] = 1))).toEqual([
      `${id} changes and ${idOf('ProcessPaymentFunctionCurrentVersion')} stays`,
    ]);
  });

  test('an export that goes or changes', () => {
    const found = spoilt((_service, { Outputs: outputs }) => {
      const [first, second] = Object.keys(outputs);
      delete outputs[first!];
      outputs[second!]!.Value = 'other';
    });
    expect(found).toEqual([
      expect.stringMatching(/^export .* goes while/),
      expect.stringMatching(/^export .* changes while/),
    ]);
  });

  test('a fixed name that is taken, and one that is kept by its replacement', () => {
    const id = idOf('ProcessPaymentRole');
    expect(spoilt(({ Resources: all }) => (all['Other'] = all[id]!))).toEqual([
      expect.stringMatching(/^Other takes AWS::IAM::Role .*process-payment.* holds$/),
    ]);
    const group = Object.keys(standard.service.Resources).find((each) => each.startsWith('WebAclLogsGroup'))!;
    expect(spoilt(({ Resources: all }) => (all[group]!.Type = 'AWS::IAM::Role'))).toEqual([
      expect.stringContaining('was AWS::Logs::LogGroup and becomes'),
    ]);
    expect(spoilt(({ Resources: all }) => (all[id]!.Properties['Path'] = '/other/'))).toContainEqual(
      expect.stringMatching(/is replaced and keeps AWS::IAM::Role/),
    );
  });

  test('a table that is replaced', () => {
    const found = spoilt((_service, { Resources: all }) => {
      const id = Object.keys(all).find((each) => each.startsWith('BooksTable'))!;
      all[id]!.Properties['KeySchema'] = [];
    });
    expect(found.join('\n')).toMatch(/BooksTable\w+ is replaced, and what it holds is left behind/);
  });
});
