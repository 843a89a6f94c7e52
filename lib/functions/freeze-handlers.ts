import { toChangedFreeze, toFreezeFields, toFreezeView, toGateView } from '../api/views/gate.ts';
import type { OperationInput } from '../contract/requests.ts';
import { ok } from '../domain/result.ts';
import {
  freezeDeployment,
  freezePart,
  getGate,
  listFreezes,
  thawDeployment,
  thawPart,
  type FreezingDeps,
  type NamedPart,
} from '../service/tenants/gate.ts';

interface Asked<N extends 'FreezeGate' | 'ThawGate' | 'CreateFreeze' | 'EndFreeze'> {
  readonly input: OperationInput<N>;
  readonly caller: string;
}

const managerOf = (manager: NamedPart['manager']): NamedPart => ({ manager, names: { scope: 'manager' } });

/** The operations on the gate: the operator's, on the deployment and on managers, and the backend's, on parts of a manager. */
export function createFreezeHandlers(deps: FreezingDeps) {
  const { deployment } = deps;
  const freeze = async (part: NamedPart, by: string) => {
    const frozen = await freezePart(deps, part, by);
    if (!frozen.ok) return frozen;
    return ok({ body: toChangedFreeze(deployment, frozen.value), log: toFreezeFields(frozen.value.subject) });
  };
  const thaw = async (part: Parameters<typeof thawPart>[1], by: string) => {
    const thawed = await thawPart(deps, part, by);
    if (!thawed.ok) return thawed;
    return ok({ body: toChangedFreeze(deployment, thawed.value), log: toFreezeFields(thawed.value.subject) });
  };
  const gate = async () => toGateView(deployment, await getGate(deps));
  return {
    GetGate: async () => ok({ body: await gate() }),
    FreezeGate: async ({ input: { manager }, caller }: Asked<'FreezeGate'>) => {
      if (manager === undefined) return ok({ body: toGateView(deployment, await freezeDeployment(deps, caller)) });
      const frozen = await freeze(managerOf(manager), caller);
      return frozen.ok ? ok({ ...frozen.value, body: await gate() }) : frozen;
    },
    ThawGate: async ({ input: { manager, frozenAt: since }, caller }: Asked<'ThawGate'>) => {
      if (manager === undefined) return ok({ body: toGateView(deployment, await thawDeployment(deps, since, caller)) });
      const thawed = await thaw({ ...managerOf(manager), since }, caller);
      return thawed.ok ? ok({ ...thawed.value, body: await gate() }) : thawed;
    },
    CreateFreeze: ({ input, caller }: Asked<'CreateFreeze'>) => freeze(input, caller),
    EndFreeze: ({ input: { frozenAt: since, ...part }, caller }: Asked<'EndFreeze'>) =>
      thaw({ ...part, since }, caller),
    ListFreezes: async ({ input: { manager } }: { readonly input: OperationInput<'ListFreezes'> }) => {
      const listed = await listFreezes(deps, manager);
      if (!listed.ok) return listed;
      const freezes = listed.value.map(({ subject, since }) => toFreezeView(deployment, subject, since));
      return ok({ body: { freezes } });
    },
  };
}
