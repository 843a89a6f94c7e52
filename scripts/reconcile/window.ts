import { VALIDITY_CAP_SECONDS } from '../../lib/domain/limits.ts';

/**
 * How long before the restored instant a comparison begins. A payment that was signed within the longest life of an authorization
 * before it may be settled after it; twice as long leaves room for clocks.
 */
export const AUTHORIZATION_LEAD_MS = 2 * VALIDITY_CAP_SECONDS * 1_000;
