import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { CfnQueue } from 'aws-cdk-lib/aws-sqs';
import { AwsSolutionsChecks, NIST80053R5Checks, ServerlessChecks, type NagPack } from 'cdk-nag';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { addStacks } from '../../lib/infra/app.ts';
import { bundle } from '../../lib/infra/build/bundle.ts';
import type { BursarConfig } from '../../lib/infra/config/config.ts';
import { DEFAULT_CONFIG } from '../../lib/infra/config/defaults.ts';
import { LOCAL_ENVIRONMENT, readContext } from '../../lib/infra/build/synth.ts';
import { ACKNOWLEDGEMENTS, type Acknowledgement } from './acknowledgements.ts';
import { ALL_OPTIONS } from './options.ts';

interface Finding {
  readonly rule: string;
  /** What of the resource, where the rule says. */
  readonly detail: string | null;
  readonly path: string;
}

const outdir = mkdtempSync(join(tmpdir(), 'bursar-nag-'));
afterAll(() => rmSync(outdir, { recursive: true, force: true }));

const RULE = /^(?<rule>[^[]+)(\[(?<detail>.*)\])?$/s;

function check(app: App): Finding[] {
  const packs: NagPack[] = [new AwsSolutionsChecks(app), new ServerlessChecks(app), new NIST80053R5Checks(app)];
  return packs.flatMap((pack) =>
    pack.validateScope(app).violations.flatMap(({ ruleName, violatingResources }) => {
      const { rule, detail } = RULE.exec(ruleName)!.groups!;
      return violatingResources.map(({ constructPath }) => ({
        rule: rule!,
        detail: detail ?? null,
        path: constructPath!,
      }));
    }),
  );
}

async function build(name: string, choices: Partial<BursarConfig>): Promise<App> {
  const { functions } = await bundle({ log: () => {} });
  const app = new App({ outdir: join(outdir, name), analyticsReporting: false, context: readContext() });
  addStacks(app, { config: { ...DEFAULT_CONFIG, ...choices }, functions, env: LOCAL_ENVIRONMENT });
  return app;
}

function covers({ rule, paths, findings }: Acknowledgement, finding: Finding): boolean {
  if (rule !== finding.rule || !paths.includes(finding.path)) return false;
  const { detail } = finding;
  if (findings === undefined || detail === null) return findings === undefined && detail === null;
  return findings.some((known) => (typeof known === 'string' ? known === detail : known.test(detail)));
}

const unacknowledged = (findings: readonly Finding[]): Finding[] =>
  findings.filter((finding) => !ACKNOWLEDGEMENTS.some((acknowledgement) => covers(acknowledgement, finding)));

let byDefault: Finding[];
let withEverything: Finding[];
beforeAll(async () => {
  byDefault = check(await build('default', {}));
  withEverything = check(await build('all', ALL_OPTIONS));
});

test('AwsSolutions, Serverless and NIST 800-53 find nothing in the default stacks that is not acknowledged', () => {
  expect(byDefault.length).toBeGreaterThan(0);
  expect(unacknowledged(byDefault)).toEqual([]);
});

test('and nothing with every option', () => {
  expect(unacknowledged(withEverything)).toEqual([]);
});

test('every acknowledged path has a finding, so that none outlives what it was for', () => {
  const found = [...byDefault, ...withEverything];
  const idle = ACKNOWLEDGEMENTS.flatMap((acknowledgement) =>
    acknowledgement.paths
      .filter((path) => !found.some((finding) => finding.path === path && covers(acknowledgement, finding)))
      .map((path) => `${acknowledgement.rule} at ${path}`),
  );
  expect(idle).toEqual([]);
});

test('every acknowledgement has a reason', () => {
  for (const { reason } of ACKNOWLEDGEMENTS) expect(reason.length).toBeGreaterThan(20);
});

test('would see a queue in the clear, also beside one that is acknowledged', async () => {
  const app = await build('planted', {});
  const service = app.node.findChild('BursarService');
  const planted = new CfnQueue(service, 'Planted', { sqsManagedSseEnabled: false });
  const paths = unacknowledged(check(app)).map(({ path }) => path);
  expect(paths.length).toBeGreaterThan(0);
  expect(new Set(paths)).toEqual(new Set([planted.node.path]));
});
