import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { App, Environment } from 'aws-cdk-lib';
import { addStacks } from './app.ts';
import type { DataStack } from './data-stack.ts';
import type { BursarConfig } from './config/config.ts';
import { DEFAULT_CONFIG } from './config/defaults.ts';
import type { ServiceStack } from './service-stack.ts';

export type { BursarConfig } from './config/config.ts';
export { DEFAULT_CONFIG } from './config/defaults.ts';
export { DataStack } from './data-stack.ts';
export { ServiceStack } from './service-stack.ts';

/** The package's own directory, once it is built: this file is two levels down, in `lib/infra`. */
const PACKAGE = join(import.meta.dirname, '..', '..');

export interface BursarOptions {
  /** Choices that differ from the defaults. */
  readonly config?: Partial<BursarConfig>;
  /** @default - whichever account and region the CLI deploys to */
  readonly env?: Environment;
}

/**
 * Adds Bursar to an app: the data stack and the service stack, with the functions that the package brings. The app must have no
 * stacks yet, since Bursar's stacks need feature flags, which it sets where the app says nothing of them.
 */
export function addBursar(app: App, { config, env }: BursarOptions = {}): { data: DataStack; service: ServiceStack } {
  const { context } = JSON.parse(readFileSync(join(PACKAGE, 'cdk.json'), 'utf8')) as {
    context: Record<string, unknown>;
  };
  for (const [flag, value] of Object.entries(context)) {
    if (app.node.tryGetContext(flag) === undefined) app.node.setContext(flag, value);
  }
  const directory = join(PACKAGE, 'functions');
  const functions = Object.fromEntries(readdirSync(directory).map((name) => [name, { path: join(directory, name) }]));
  return addStacks(app, { config: { ...DEFAULT_CONFIG, ...config }, functions, ...(env === undefined ? {} : { env }) });
}
