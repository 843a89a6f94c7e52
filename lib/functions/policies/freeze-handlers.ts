import { toChangedFreeze, toFreezeFields, toFreezeView, toGateView } from '../../api/views/gate.ts';
import type { NamedPart as AskedPart } from '../../contract/fields/freeze-subject.ts';
import type { OperationInput } from '../../contract/requests.ts';
import type { Refusal } from '../../domain/refusal.ts';
import { ok, refuse, type Result } from '../../domain/result.ts';
import { assetBySymbol, type TokenTable } from '../../domain/tokens/table.ts';
import type { EpochMs } from '../../domain/time.ts';
import {
  freezeDeployment,
  freezePart,
  getGate,
  listFreezes,
  thawDeployment,
  thawPart,
  type FreezingDeps,
  type NamedPart,
} from '../../service/tenants/gate.ts';

interface Asked<N extends 'FreezeGate' | 'ThawGate' | 'CreateFreeze' | 'EndFreeze'> {
  readonly input: OperationInput<N>;
  readonly caller: string;
}

const managerOf = (manager: NamedPart['manager']): AskedPart => ({ manager, names: { scope: 'manager' } });

/** A part with its token's contract in place of the symbol. */
function toPart(tokens: TokenTable, { manager, names }: AskedPart): Result<NamedPart, Refusal> {
  if (names.scope !== 'asset') return ok({ manager, names });
  const { scope, network, token } = names;
  const asset = token.startsWith('0x') ? token : assetBySymbol(tokens, network, token)?.address;
  if (asset !== undefined) return ok({ manager, names: { scope, network, asset } });
  const message = `must be a token that the deployment knows on ${network}, by its symbol, or the address of its contract. Received: ${token}`;
  return refuse({ reason: 'invalid_request', problems: [{ name: 'subject.asset.token', message }] });
}

/** The operations on the gate: the operator's, on the deployment and on managers, and the backend's, on parts of a manager. */
export function createFreezeHandlers(deps: FreezingDeps & { readonly tokenTable: TokenTable }) {
  const { deployment, tokenTable: tokens } = deps;
  const freeze = async (asked: AskedPart, by: string) => {
    const part = toPart(tokens, asked);
    const frozen = part.ok ? await freezePart(deps, part.value, by) : part;
    if (!frozen.ok) return frozen;
    return ok({
      body: toChangedFreeze({ deployment, tokens }, frozen.value),
      log: toFreezeFields(frozen.value.subject),
    });
  };
  const thaw = async ({ since, ...asked }: AskedPart & { readonly since: EpochMs }, by: string) => {
    const part = toPart(tokens, asked);
    const thawed = part.ok ? await thawPart(deps, { ...part.value, since }, by) : part;
    if (!thawed.ok) return thawed;
    return ok({
      body: toChangedFreeze({ deployment, tokens }, thawed.value),
      log: toFreezeFields(thawed.value.subject),
    });
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
      const freezes = listed.value.map(({ subject, since }) => toFreezeView({ deployment, tokens }, subject, since));
      return ok({ body: { freezes } });
    },
  };
}
