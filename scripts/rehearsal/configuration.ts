import type { BursarConfig } from '../../lib/infra/config/config.ts';

/**
 * What a rehearsal deploys differently from `cdk deploy --all` without arguments: names of its own, so that it never touches
 * a deployment that is in use, and nothing that outlives it. test/infra/rehearsal-config.test.ts lists what that changes.
 */
export const REHEARSAL_CONFIG = {
  stackPrefix: 'BursarRehearsal',
  retainData: false,
} as const satisfies Partial<BursarConfig>;

/** Choices of one deployment beside those of every rehearsal, as the command line takes them. */
export type Choices = Readonly<Partial<Record<keyof BursarConfig, string>>>;

/** The arguments that give these choices to the CDK's command line. */
export function contextArguments(choices: Choices = {}): string[] {
  return Object.entries({ ...REHEARSAL_CONFIG, ...choices }).flatMap(([name, value]) => [
    '--context',
    `bursar:${name}=${value}`,
  ]);
}

/** In order of deployment. */
export const STACK_NAMES = [`${REHEARSAL_CONFIG.stackPrefix}Data`, `${REHEARSAL_CONFIG.stackPrefix}Service`] as const;
