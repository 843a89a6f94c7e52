import { refuse } from '../../lib/domain/result.ts';

const missing = async () => refuse({ reason: 'not_found', resource: 'policy' } as const);

/** Handlers of operations that a test of a function does not call. */
export const SESSIONS_UNASKED = {
  TopUpSession: missing,
  PutDataPolicy: missing,
  GetDataPolicy: missing,
  DeleteDataPolicy: missing,
  ListDataPolicyChanges: missing,
};
