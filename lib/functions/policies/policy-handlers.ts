import type { Result } from '../../domain/result.ts';
import { ok } from '../../domain/result.ts';
import type { Refusal } from '../../domain/refusal.ts';
import type { Deployment } from '../../domain/ids.ts';
import type { PolicyOwner } from '../../domain/ports/policies.ts';
import type { OperationInput } from '../../contract/requests.ts';
import type { Principal } from '../../domain/tenants/principal.ts';
import { toPolicyChangesView, toPolicyFields, toPolicyView } from '../../api/views/policies.ts';
import {
  deletePolicy,
  getPolicy,
  listPolicyChanges,
  putPolicy,
  type PoliciesDeps,
} from '../../service/tenants/policies.ts';

type Plane = 'Control' | 'Data';
type Owned<P extends Plane> = OperationInput<`Get${P}Policy`>;

type Members = { readonly policy: OperationInput<'PutDataPolicy'>['policy']; readonly ifHash?: string | undefined };
type Asked<P extends Plane> = { readonly input: Owned<P>; readonly principal: Principal; readonly caller: string };

/** The four operations on policies, the same for both roles that keep them but for whose they may touch. */
export function createPolicyHandlers<P extends Plane>(
  deps: PoliciesDeps & { readonly deployment: Deployment },
  findOwner: (principal: Principal, input: Owned<P>) => Promise<Result<PolicyOwner, Refusal>>,
) {
  return {
    put: async ({ input, principal, caller: by }: Asked<P> & { readonly input: Members }) => {
      const owner = await findOwner(principal, input);
      if (!owner.ok) return owner;
      const put = await putPolicy(deps, owner.value, { document: input.policy, ifHash: input.ifHash, by });
      if (!put.ok) return put;
      const log = toPolicyFields(owner.value, put.value.hash);
      return ok({ body: toPolicyView(deps.deployment, put.value), log });
    },
    get: async ({ input, principal }: Asked<P>) => {
      const owner = await findOwner(principal, input);
      if (!owner.ok) return owner;
      const found = await getPolicy(deps, owner.value);
      return found.ok ? ok({ body: toPolicyView(deps.deployment, found.value) }) : found;
    },
    remove: async ({ input, principal, caller: by }: Asked<P> & { readonly input: Pick<Members, 'ifHash'> }) => {
      const owner = await findOwner(principal, input);
      if (!owner.ok) return owner;
      const removed = await deletePolicy(deps, owner.value, { ifHash: input.ifHash, by });
      if (!removed.ok) return removed;
      return ok({ body: { status: 'DELETED' as const }, log: toPolicyFields(owner.value, null) });
    },
    changes: async ({
      input,
      principal,
    }: Asked<P> & { readonly input: Pick<OperationInput<'ListDataPolicyChanges'>, 'page'> }) => {
      const owner = await findOwner(principal, input);
      if (!owner.ok) return owner;
      return ok({ body: toPolicyChangesView(await listPolicyChanges(deps, owner.value, input.page)) });
    },
  };
}
