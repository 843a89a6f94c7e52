import type { ChangeOutcome, ClientTokens, Remembered } from '../../domain/ports/registry.ts';
import type { Refusal } from '../../domain/refusal.ts';
import { ok, refuse, type Result } from '../../domain/result.ts';
import { hashCreation, tokenKeyOf } from './create-once.ts';
import { repeatOvertaken } from './overtaken-change.ts';

/** A change that was worked out from what is stored, and is not written yet. */
export interface PlannedChange {
  /** What the caller gets, and what a repetition under the same client token gets for ever. */
  readonly answer: object;
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
export async function changeOnce(
  deps: { readonly tokens: Pick<ClientTokens, 'find'> },
  request: { readonly scope: readonly string[]; readonly input: { readonly clientToken?: string | undefined } },
  plan: () => Promise<Result<PlannedChange, Refusal>>,
): Promise<Result<object, Refusal>> {
  const { clientToken } = request.input;
  const requestHash = hashCreation(request.input);
  const tokenKey = clientToken === undefined ? null : tokenKeyOf(request.scope, clientToken);
  return repeatOvertaken(async () => {
    const earlier = await findAnswer(deps, tokenKey, requestHash);
    if (earlier !== null) return earlier;
    const planned = await plan();
    // What stands in the way may be this very change, made by a duplicate since the token was looked up.
    if (!planned.ok) return (await findAnswer(deps, tokenKey, requestHash)) ?? planned;
    const { answer, write, inUse } = planned.value;
    const remembered = tokenKey === null ? null : { tokenKey, requestHash, answer: JSON.stringify(answer) };
    const outcome = await write(remembered);
    if (outcome === 'changed') return ok(answer);
    if (outcome === 'in_use' && inUse !== undefined) return refuse(inUse);
    return 'overtaken';
  });
}

/** What a client token was answered with, or that it means another request; `null` where it is not used up. */
export async function findAnswer(
  deps: { readonly tokens: Pick<ClientTokens, 'find'> },
  tokenKey: string | null,
  requestHash: string,
): Promise<Result<object, Refusal> | null> {
  const use = tokenKey === null ? null : await deps.tokens.find(tokenKey);
  if (use === null) return null;
  if (use.requestHash !== requestHash) return refuse({ reason: 'token_reused' });
  return use.answer === null ? null : ok(JSON.parse(use.answer) as object);
}
