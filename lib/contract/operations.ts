import { IDENTITY_OPERATIONS } from './operations/identities.ts';
import { MANAGER_OPERATIONS } from './operations/managers.ts';
import { PAYMENT_OPERATIONS } from './operations/payments.ts';
import type { OperationTable } from './operations/route.ts';

export {
  FUNCTION_NAMES,
  ROLE_NAMES,
  type FunctionName,
  type OperationRoute,
  type RoleName,
} from './operations/route.ts';

/** Where the operations that take tokens stand a second time. */
export const OAUTH_PREFIX = '/oauth';

/**
 * The one table of operations. Routes, functions, roles, the generated OpenAPI document, the CDK stack and the local host
 * all come from it: adding an operation is one entry, one schema and one handler.
 */
export const OPERATIONS = {
  ...MANAGER_OPERATIONS,
  ...IDENTITY_OPERATIONS,
  ...PAYMENT_OPERATIONS,
} as const satisfies OperationTable;

export type OperationName = keyof typeof OPERATIONS;
