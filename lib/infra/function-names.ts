import { FUNCTION_NAMES } from '../contract/operations.ts';

/** Everything that runs: the functions behind the API, the judge of tokens before it, who serves the page of wallets, the sweeper, who tells events, who sends approvals, and who gives back what ceilings leave. */
export const DEPLOYED_FUNCTION_NAMES = [
  ...FUNCTION_NAMES,
  'authorize-jwt',
  'serve-wallet-page',
  'sweep-reservations',
  'publish-events',
  'send-approvals',
  'true-up',
] as const;
export type DeployedFunctionName = (typeof DEPLOYED_FUNCTION_NAMES)[number];
