import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { ManagedPolicy, User } from 'aws-cdk-lib/aws-iam';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { addStacks } from '../../lib/infra/app.ts';
import { readContext } from '../../lib/infra/build/synth.ts';
import type { BursarConfig } from '../../lib/infra/config/config.ts';
import { DEFAULT_CONFIG } from '../../lib/infra/config/defaults.ts';
import { DEPLOYED_FUNCTION_NAMES } from '../../lib/infra/function-names.ts';
import { sizeProblems } from '../../lib/infra/template-sizes.ts';

const directory = mkdtempSync(join(tmpdir(), 'bursar-sizes-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
const stub = { path: join(directory, 'bundle'), bytes: 1 };
const functions = Object.fromEntries(DEPLOYED_FUNCTION_NAMES.map((name) => [name, stub]));
beforeAll(() => {
  mkdirSync(stub.path);
  writeFileSync(join(stub.path, 'index.mjs'), 'export const handler = null;');
});

const env = { account: '123456789012', region: 'us-east-1' };

function build(choices: Partial<BursarConfig>) {
  const app = new App({
    outdir: mkdtempSync(join(directory, 'out-')),
    analyticsReporting: false,
    context: readContext(),
  });
  return { app, ...addStacks(app, { config: { ...DEFAULT_CONFIG, ...choices }, functions, env }) };
}

const many = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));
const agents = (count: number) =>
  many(count, (index) => `arn:aws:iam::123456789012:role/agents/research-agent-${index}`);

test('thirty agents fit into the trust policy of their role', () => {
  expect(sizeProblems(build({ processPaymentPrincipals: agents(30) }).service)).toEqual([]);
});

test('what IAM would not take is refused at synthesis, with what to do', () => {
  const { app } = build({ processPaymentPrincipals: agents(60) });
  expect(() => app.synth()).toThrow(
    /the trust policy of BursarService\/ProcessPaymentRole\/Role\/Resource takes about \d+ characters, and IAM allows 2048: name fewer/,
  );
});

test('an environment that Lambda would not take is refused, and its longest variables are named', () => {
  const { app } = build({
    agentNames: many(50, (index) => `agent-${index}`.padEnd(64, 'x')),
    withdrawalAddresses: many(20, (index) => `0x${String(index).padStart(40, '0')}`),
  });
  expect(() => app.synth()).toThrow(
    /the environment of BursarService\/ProcessPayment\/Function\/Resource takes about \d+ bytes, and Lambda allows 4096: shorten AGENT_NAMES \(3260\), WITHDRAWAL_ADDRESSES/,
  );
});

test('an operator and an observer may be users, whose own policies have no room for their operations', () => {
  const { app, service } = build({});
  const own = new Stack(app, 'Own', { env });
  service.grantControl(new User(own, 'Operator'));
  service.grantManage(new User(own, 'Backend'));
  service.grantObserve(new User(own, 'Observer'));
  expect(own.node.findAll().filter((node) => node instanceof ManagedPolicy)).toHaveLength(4);
  expect(sizeProblems(own)).toEqual([]);
  app.synth();
});
