import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { bundle } from './bundle.ts';
import type { BursarConfig } from '../config/config.ts';
import { DEFAULT_CONFIG } from '../config/defaults.ts';
import { hashSources, PROJECT_ROOT } from './source-hash.ts';

export interface SynthOptions {
  /** Where assemblies are kept, one directory each. @default 'cdk.out/local' in the checkout */
  readonly outdir?: string;
  /** Choices that differ from the defaults. */
  readonly config?: Partial<BursarConfig>;
  /** @default LOCAL_ENVIRONMENT */
  readonly env?: { readonly account: string; readonly region: string };
  /** @default - says nothing */
  readonly log?: (line: string) => void;
}

/** The account and region of the local stack. */
export const LOCAL_ENVIRONMENT = { account: '000000000000', region: 'us-east-1' };

/** All that templates are made of besides the bundles: a change anywhere in it is another synthesis. */
export const SYNTH_SOURCES: readonly string[] = [
  'lib/infra',
  'lib/api',
  'lib/choices',
  'lib/contract',
  'lib/json',
  'lib/jwt',
  'lib/chains',
  'lib/domain',
  'lib/events',
  'lib/ledger',
  'lib/telemetry',
  'lib/wallets',
  'cdk.json',
  'package-lock.json',
];
/** Assemblies that are kept for going back and forth between two states of the sources. */
const ASSEMBLIES_KEPT_MAX = 8;
/** A stack that runs may still read from an older one, so it stays for this long after it was last asked for. */
const ASSEMBLY_LEASE_MS = 6 * 60 * 60 * 1_000;

/**
 * Bundles and synthesizes in this process, without the CLI and without network, and keeps the result: the same sources
 * and choices give the same directory in milliseconds. Safe to run more than once at a time.
 *
 * @returns the paths of the templates in order of deployment: data stack, service stack. The assets that their metadata
 * names (`aws:asset:path`) lie beside them
 */
export async function synth({
  outdir = join(PROJECT_ROOT, 'cdk.out', 'local'),
  config: choices = {},
  env = LOCAL_ENVIRONMENT,
  log = () => {},
}: SynthOptions = {}): Promise<string[]> {
  const config = { ...DEFAULT_CONFIG, ...choices };
  const { functions, digest } = await bundle({ log });
  const key = hashSources(PROJECT_ROOT, SYNTH_SOURCES, [digest, JSON.stringify({ config, env })]).slice(0, 32);
  const assembly = join(outdir, key);
  if (existsSync(join(assembly, 'manifest.json'))) {
    const now = new Date();
    utimesSync(assembly, now, now);
  } else {
    const partial = `${assembly}.${process.pid}.partial`;
    await synthesize(partial, { config, functions, env });
    publish(partial, assembly);
    prune(outdir, key);
  }
  return ['Data', 'Service'].map((name) => join(assembly, `${config.stackPrefix}${name}.template.json`));
}

async function synthesize(
  outdir: string,
  options: {
    readonly config: BursarConfig;
    readonly functions: Awaited<ReturnType<typeof bundle>>['functions'];
    readonly env: { readonly account: string; readonly region: string };
  },
): Promise<void> {
  // Loading CDK takes longer than everything else here, so only a miss pays for it.
  const [{ App }, { addStacks }] = await Promise.all([import('aws-cdk-lib'), import('../app.ts')]);
  const app = new App({
    outdir,
    analyticsReporting: false,
    // What the CLI reads from cdk.json, and what it adds so that a template names its assets.
    context: { ...readContext(), 'aws:cdk:enable-asset-metadata': true, 'aws:cdk:enable-path-metadata': true },
  });
  addStacks(app, options);
  app.synth();
}

/** The context that `cdk.json` gives to every synthesis. */
export function readContext(): Record<string, unknown> {
  // Our own file; its shape is checked where its members are used.
  const { context } = JSON.parse(readFileSync(join(PROJECT_ROOT, 'cdk.json'), 'utf8')) as {
    context: Record<string, unknown>;
  };
  return context;
}

/** Puts a finished assembly in its place, unless somebody else was faster with an equal one. */
function publish(partial: string, assembly: string): void {
  try {
    renameSync(partial, assembly);
  } catch (error) {
    rmSync(partial, { recursive: true, force: true });
    if (!existsSync(join(assembly, 'manifest.json'))) throw error;
  }
}

function prune(outdir: string, key: string): void {
  mkdirSync(outdir, { recursive: true });
  const old = readdirSync(outdir)
    .filter((name) => name !== key)
    .map((name) => ({ name, usedAt: statSync(join(outdir, name), { throwIfNoEntry: false })?.mtimeMs ?? 0 }))
    .sort((a, b) => b.usedAt - a.usedAt)
    .slice(ASSEMBLIES_KEPT_MAX - 1)
    .filter(({ usedAt }) => usedAt < Date.now() - ASSEMBLY_LEASE_MS);
  for (const { name } of old) rmSync(join(outdir, name), { recursive: true, force: true });
}
