import { createHash } from 'node:crypto';
import { WORKLOAD_TOKEN_BYTES, WORKLOAD_TOKEN_LIFE_MS } from '../../domain/limits.ts';
import type { Randomness } from '../../domain/ports/services.ts';
import type { IdentityStore, WorkloadGrant, WorkloadTokens } from '../../domain/ports/registry.ts';
import type { Refusal } from '../../domain/refusal.ts';
import { ok, refuse, type Result } from '../../domain/result.ts';
import { addMs, type Clock } from '../../domain/time.ts';
import type { TokenVerifier } from '../../jwt/token-verifier.ts';

export interface WorkloadTokensDeps {
  readonly identities: Pick<IdentityStore, 'readWorkload'>;
  readonly workloadTokens: WorkloadTokens;
  readonly clock: Clock;
  readonly random: Randomness;
}

/** So that a leaked token is recognised for what it is, by people and by scanners. */
const PREFIX = 'bwt_';
const TOKEN = /^bwt_[A-Za-z0-9_-]{43}$/;

/**
 * Issues a token that stands for a workload, once and for fifteen minutes. Only its digest is kept.
 * @param userId whom the workload acts for, or `null` for itself
 */
export async function issueWorkloadToken(
  { identities, workloadTokens, clock, random }: WorkloadTokensDeps,
  workloadName: string,
  userId: string | null,
): Promise<Result<string, Refusal>> {
  const workload = await identities.readWorkload(workloadName);
  if (workload === null) return refuse({ reason: 'not_found', resource: 'workload identity' });
  const token = PREFIX + Buffer.from(random.bytes(WORKLOAD_TOKEN_BYTES)).toString('base64url');
  await workloadTokens.keep(digestOf(token), {
    workloadName,
    userId,
    workloadCreatedAt: workload.createdAt,
    expiresAt: addMs(clock.now(), WORKLOAD_TOKEN_LIFE_MS),
  });
  return ok(token);
}

/** The same for the user of a JWT of an issuer that some manager trusts. Throws where the issuer can't be asked. */
export async function issueWorkloadTokenForJwt(
  deps: WorkloadTokensDeps & { readonly verifier: TokenVerifier },
  workloadName: string,
  userToken: string,
): Promise<Result<string, Refusal>> {
  const claims = await deps.verifier.verify(userToken);
  if (!claims.ok) {
    const message = `The userToken is not accepted: ${claims.error.detail}`;
    return refuse({ reason: 'unauthorized', message });
  }
  return issueWorkloadToken(deps, workloadName, claims.value.sub);
}

/**
 * Uses a token up and says what it stood for. Every fault of a token has the same answer, so that trying tokens teaches nothing.
 * A token that is refused is used up nevertheless, except one that never was.
 */
export async function redeemWorkloadToken(
  { identities, workloadTokens, clock }: Omit<WorkloadTokensDeps, 'random'>,
  token: string,
): Promise<Result<WorkloadGrant, Refusal>> {
  const grant = TOKEN.test(token) ? await workloadTokens.redeem(digestOf(token)) : null;
  if (grant === null || grant.expiresAt <= clock.now()) return REFUSED;
  const workload = await identities.readWorkload(grant.workloadName);
  return workload?.createdAt === grant.workloadCreatedAt ? ok(grant) : REFUSED;
}

const REFUSED = refuse({
  reason: 'unauthorized',
  message: 'The workloadIdentityToken is not valid: it is unknown, was used before or has expired. Ask for a new one',
} as const);

function digestOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
