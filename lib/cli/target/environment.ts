import { CONFIG_VARIABLES, PROGRAM_VARIABLES } from '../../infra/config/source.ts';
import { suggest } from '../program/suggestion.ts';
import { usageError } from '../terminal/outcome.ts';

/** Every variable that the command line reads, and what it means. */
export const CLI_VARIABLES = {
  BURSAR_ENDPOINT: 'the deployment with its stage, where --endpoint is not given',
  BURSAR_CONTEXT: 'the context, where --context is not given',
  BURSAR_MANAGER: 'the ARN of the payment manager, where --manager is not given',
  BURSAR_USER: 'for whom, where --user is not given',
  BURSAR_TOKEN: 'sent as a bearer token in place of AWS signatures; the user is then the token’s',
  BURSAR_MAX_BUDGET_USD: 'the largest budget that `session create` opens (default 1000.00)',
} as const;

/** Those of others that it obeys. */
export const FOREIGN_VARIABLES = {
  AWS_REGION: 'the region, where nothing else says it; AWS_DEFAULT_REGION after it',
  AWS_PROFILE: 'and all others of the standard chain of AWS',
  NO_COLOR: 'no colours, whatever it is set to',
} as const;

/** Refuses a `BURSAR_` variable that nothing reads: a slip of the pen would send a payment to another deployment. */
export function checkVariables(env: Readonly<Record<string, string | undefined>>): void {
  const known = [...PROGRAM_VARIABLES, ...CONFIG_VARIABLES];
  for (const name of Object.keys(env).filter((each) => each.startsWith('BURSAR_'))) {
    if (known.includes(name)) continue;
    const meant = suggest(name, known);
    throw usageError(
      `there is no variable ${name}${meant === null ? '' : `: did you mean ${meant}?`}`,
      '`bursar help environment` lists them; unset this one',
    );
  }
}
