import { FUNCTION_NAMES } from '../contract/operations.ts';

/** Everything that runs: the functions behind the API, the judge of tokens before it, the sweeper, and who tells events. */
export const DEPLOYED_FUNCTION_NAMES = [
  ...FUNCTION_NAMES,
  'authorize-jwt',
  'sweep-reservations',
  'publish-events',
] as const;
export type DeployedFunctionName = (typeof DEPLOYED_FUNCTION_NAMES)[number];
