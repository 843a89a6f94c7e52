import type { ChangeOutcome, ClientTokens, Remembered } from '../../domain/ports/registry.ts';
import type { Refusal } from '../../domain/refusal.ts';
import { ok, refuse, type Result } from '../../domain/result.ts';
import { hashCreation, tokenKeyOf } from './create-once.ts';
import { repeatOvertaken } from './overtaken-change.ts';

/**
 * Puts what a change made into the words of the face that was asked. Its JSON is remembered under the client token, so that a
 * repetition gets the same bytes for ever; the use case never looks into it.
 */
export type Render<T, A extends object> = (changed: T) => A;

/** A change that was worked out from what is stored, and is not written yet. */
export interface PlannedChange<T> {
  /** The resource as it is after the change. */
  readonly changed: T;
  /** Writes the change together with the client token, all or nothing. */
  readonly write: (remembered: Remembered | null) => Promise<ChangeOutcome | 'in_use'>;
  /** What `in_use` means. */
  readonly inUse?: Refusal;
}

/**
 * Changes a resource at most once for each client token: the same token and request get the first answer, whatever happened to the
 * resource since; another request under the token is refused. `plan` reads and decides; it runs again when somebody else was
 * faster, a bounded number of times.
 */
export async function changeOnce<T, A extends object>(
  deps: { readonly tokens: Pick<ClientTokens, 'find'> },
  request: { readonly scope: readonly string[]; readonly input: { readonly clientToken?: string | undefined } },
  render: Render<T, A>,
  plan: () => Promise<Result<PlannedChange<T>, Refusal>>,
): Promise<Result<A, Refusal>> {
  const { clientToken } = request.input;
  const requestHash = hashCreation(request.input);
  const tokenKey = clientToken === undefined ? null : tokenKeyOf(request.scope, clientToken);
  return repeatOvertaken(async () => {
    const earlier = await findAnswer<A>(deps, tokenKey, requestHash);
    if (earlier !== null) return earlier;
    const planned = await plan();
    // What stands in the way may be this very change, made by a duplicate since the token was looked up.
    if (!planned.ok) return (await findAnswer<A>(deps, tokenKey, requestHash)) ?? planned;
    const { changed, write, inUse } = planned.value;
    const answer = render(changed);
    const remembered = tokenKey === null ? null : { tokenKey, requestHash, answer: JSON.stringify(answer) };
    const outcome = await write(remembered);
    if (outcome === 'changed') return ok(answer);
    if (outcome === 'in_use' && inUse !== undefined) return refuse(inUse);
    return 'overtaken';
  });
}

/** What a client token was answered with by the operation of its scope, or that it means another request; `null` where it is not used up. */
export async function findAnswer<A extends object>(
  deps: { readonly tokens: Pick<ClientTokens, 'find'> },
  tokenKey: string | null,
  requestHash: string,
): Promise<Result<A, Refusal> | null> {
  const use = tokenKey === null ? null : await deps.tokens.find(tokenKey);
  if (use === null) return null;
  if (use.requestHash !== requestHash) return refuse({ reason: 'token_reused' });
  return use.answer === null ? null : ok(JSON.parse(use.answer) as A);
}
