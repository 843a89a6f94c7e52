import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DEPLOYED_FUNCTION_NAMES } from '../../lib/infra/function-names.ts';
import { listFiles, PROJECT_ROOT } from '../../lib/infra/build/source-hash.ts';
import { readContext, synth, SYNTH_SOURCES } from '../../lib/infra/build/synth.ts';

const outdir = mkdtempSync(join(tmpdir(), 'bursar-synth-'));
afterAll(() => rmSync(outdir, { recursive: true, force: true }));

/** Makes every connection and every name look-up of a process an error. */
const NO_NETWORK = `data:text/javascript,${encodeURIComponent(`
  import net from 'node:net';
  import dns from 'node:dns';
  const refuse = (what) => () => { throw new Error('no network: ' + what); };
  net.Socket.prototype.connect = refuse('connect');
  dns.lookup = refuse('lookup');
  dns.promises.lookup = refuse('lookup');
`)}`;

function runApp(
  directory: string,
  env: Record<string, string> = {},
): { readonly ok: boolean; readonly output: string } {
  try {
    const output = execFileSync(process.execPath, ['--import', NO_NETWORK, 'bin/app.ts'], {
      cwd: PROJECT_ROOT,
      encoding: 'utf8',
      stdio: 'pipe',
      env: { PATH: process.env['PATH'] ?? '', HOME: outdir, CDK_OUTDIR: directory, ...env },
    });
    return { ok: true, output };
  } catch (error) {
    return { ok: false, output: String((error as { stderr?: unknown }).stderr) };
  }
}

const readJson = (path: string): Record<string, unknown> =>
  JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;

let templates: string[];
beforeAll(async () => {
  templates = await synth({ outdir });
});

test('gives the templates in order of deployment, with the assets beside them', () => {
  expect(templates.map((path) => path.slice(dirname(path).length))).toEqual([
    '/BursarData.template.json',
    '/BursarService.template.json',
  ]);
  const resources = Object.values(readJson(templates[1]!)['Resources'] as object) as readonly {
    Type: string;
    Metadata?: Record<string, string>;
  }[];
  const assets = resources
    .filter(({ Type }) => Type === 'AWS::Lambda::Function')
    .map(({ Metadata }) => Metadata?.['aws:asset:path']);
  // Nobody sends approvals unasked, or asks what was taken of ceilings that nobody may take of.
  expect(assets).toHaveLength(DEPLOYED_FUNCTION_NAMES.length - 2);
  for (const asset of assets) expect(existsSync(join(dirname(templates[0]!), asset!, 'index.mjs'))).toBe(true);
});

test('looks at every folder that templates are made of, so that none of them goes stale', () => {
  const imported = listFiles(PROJECT_ROOT, ['lib/infra']).flatMap((file) =>
    [...readFileSync(join(PROJECT_ROOT, file), 'utf8').matchAll(/from '((?:\.\.?\/)+[^']+)'/g)].map(([, path = '']) =>
      join(dirname(file), path).split('/').slice(0, 2).join('/'),
    ),
  );
  expect(new Set(imported).size).toBeGreaterThan(4);
  for (const folder of new Set(imported)) expect(SYNTH_SOURCES).toContain(folder);
});

test('synthesizes equal sources and choices once, and other choices apart', async () => {
  expect(await synth({ outdir })).toEqual(templates);
  const other = await synth({ outdir, config: { logRetentionDays: 30 } });
  expect(dirname(other[0]!)).not.toBe(dirname(templates[0]!));
  expect(await synth({ outdir, env: { account: '111111111111', region: 'eu-west-1' } })).not.toEqual(templates);
  expect(readdirSync(outdir).filter((name) => name.endsWith('.partial'))).toEqual([]);
});

test('synth is offline, needs no credentials and no look-ups, and takes choices from the environment', () => {
  const directory = join(outdir, 'app');
  const { ok, output } = runApp(directory, { BURSAR_STACK_PREFIX: 'Staging' });
  expect(output).not.toContain('no network');
  expect(ok).toBe(true);
  const manifest = readJson(join(directory, 'manifest.json'));
  expect(manifest).not.toHaveProperty('missing');
  const stacks = Object.entries(manifest['artifacts'] as Record<string, { type: string; environment?: string }>)
    .filter(([, { type }]) => type === 'aws:cloudformation:stack')
    .map(([name, { environment }]) => [name, environment]);
  // Deploys to whichever account and region the CLI is set to.
  expect(stacks).toEqual([
    ['StagingData', 'aws://unknown-account/unknown-region'],
    ['StagingService', 'aws://unknown-account/unknown-region'],
  ]);
});

test('the offline check would see a connection', () => {
  const script = `import('node:http').then(({ get }) => get('http://127.0.0.1:9'))`;
  const run = (): string =>
    execFileSync(process.execPath, ['--import', NO_NETWORK, '-e', script], { encoding: 'utf8', stdio: 'pipe' });
  expect(run).toThrow(/no network/);
});

test('the app refuses a wrong choice by name', () => {
  const { ok, output } = runApp(join(outdir, 'refused'), { BURSAR_LOG_RETENTION_DAYS: '31' });
  expect(ok).toBe(false);
  expect(output).toContain('environment BURSAR_LOG_RETENTION_DAYS is "31": expected one of');
});

test('synthesizes without a warning', () => {
  const files = readdirSync(dirname(templates[0]!)).filter((name) => name.endsWith('.metadata.json'));
  expect(files).toHaveLength(2);
  for (const file of files) {
    expect(readFileSync(join(dirname(templates[0]!), file), 'utf8')).not.toMatch(/aws:cdk:(warning|error)/);
  }
});

test('nothing of a deployment depends on where it was synthesized', () => {
  for (const path of templates) expect(readFileSync(path, 'utf8')).not.toContain(PROJECT_ROOT);
});

test('CDK’s recommended flags are set now, since setting one later changes what is deployed', () => {
  const recommended = readJson(join(PROJECT_ROOT, 'node_modules/aws-cdk-lib/recommended-feature-flags.json'));
  const set = readContext();
  const differing = Object.keys(recommended).filter(
    (flag) => JSON.stringify(set[flag]) !== JSON.stringify(recommended[flag]),
  );
  // A weak reference would let the data stack change what the service stack still uses.
  expect(differing).toEqual(['@aws-cdk/core:defaultCrossStackReferences']);
});
