import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { CREATE_WAIT_MAX_MS, CREATE_WAIT_STEP_MS } from '../../domain/limits.ts';
import type { Randomness } from '../../domain/ports/services.ts';
import type { BeginOutcome } from '../../domain/ports/registry.ts';
import type { Refusal } from '../../domain/refusal.ts';
import { ok, refuse, type Result } from '../../domain/result.ts';
import type { Clock } from '../../domain/time.ts';

/**
 * The entropy of a new resource's id: of its client token where there is one, so that a retry meets the resource that the
 * first call made; random otherwise. `scope` names operation, tenant and user: a token means nothing outside it.
 */
export function idEntropy(random: Randomness, scope: readonly string[], clientToken: string | undefined): Uint8Array {
  return clientToken === undefined ? random.bytes(16) : digestToken(scope, clientToken);
}

function digestToken(scope: readonly string[], clientToken: string): Buffer {
  return createHash('sha256')
    .update(JSON.stringify([...scope, clientToken]))
    .digest();
}

/** The key under which a client token is kept: a digest, so that no store holds the token itself. */
export function tokenKeyOf(scope: readonly string[], clientToken: string): string {
  return digestToken(scope, clientToken).toString('hex');
}

/** Tells a retry from another request under the same token; the token itself does not count. */
export function hashCreation<T extends { readonly clientToken?: string | undefined }>(input: T): string {
  const { clientToken: _token, ...rest } = input;
  const canonical = canonicalize(rest);
  if (canonical === undefined) throw new Error('a validated request has no canonical form');
  return createHash('sha256').update(canonical).digest('hex');
}

export interface CreationDeps {
  readonly clock: Clock;
}

/**
 * Creates a resource in two steps, draft and completion, so that of any number of calls at the same time one does the work.
 * The others wait for it; after a bounded wait they answer "busy".
 */
export async function createOnce<T>(
  deps: CreationDeps,
  requestHash: string,
  steps: {
    readonly begin: () => Promise<BeginOutcome<T>>;
    readonly make: () => Promise<Result<T, Refusal>>;
    /** What it means that there is no place for the resource where it belongs. */
    readonly refuse: (why: 'missing' | 'full') => Refusal;
  },
): Promise<Result<T, Refusal>> {
  const giveUpAt = deps.clock.now() + CREATE_WAIT_MAX_MS;
  for (;;) {
    const outcome = await steps.begin();
    if (outcome.kind === 'begun') return steps.make();
    if (outcome.kind === 'no_place') return refuse(steps.refuse(outcome.why));
    if (outcome.requestHash !== requestHash) return refuse({ reason: 'token_reused' });
    if (outcome.kind === 'exists') return ok(outcome.resource);
    if (deps.clock.now() + CREATE_WAIT_STEP_MS > giveUpAt) return refuse({ reason: 'busy', what: 'creation' });
    await deps.clock.sleep(CREATE_WAIT_STEP_MS);
  }
}
