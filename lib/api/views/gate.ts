import type { Answer } from '../../contract/client-types.ts';
import { findNetwork } from '../../domain/assets.ts';
import { formatManagerArn, type Deployment } from '../../domain/ids.ts';
import { freezeKey, parseFreezeKey, publicNames, type FreezeSubject } from '../../domain/payment/freeze.ts';
import type { Gate } from '../../domain/payment/gate.ts';
import type { TokenTable } from '../../domain/tokens/table.ts';
import { formatInstant, type EpochMs } from '../../domain/time.ts';
import type { LogFields } from '../../telemetry/log-fields.ts';

type FreezeView = Answer<'CreateFreeze'>['freeze'];
type GateState = Pick<Gate, 'floor' | 'frozenAt' | 'freezes'>;

export function toGateView(deployment: Deployment, { frozenAt, floor, freezes }: GateState): Answer<'GetGate'> {
  const managers = [...freezes].flatMap(([key, since]) => {
    const subject = parseFreezeKey(key);
    if (subject?.scope !== 'manager') return [];
    return [{ paymentManagerArn: formatManagerArn(deployment, subject.managerId), frozenAt: formatInstant(since) }];
  });
  return {
    gate: {
      frozen: frozenAt !== null,
      ...(frozenAt === null ? {} : { frozenAt: formatInstant(frozenAt) }),
      ...(floor === null ? {} : { floor: formatInstant(floor) }),
      ...(managers.length === 0 ? {} : { frozenManagers: managers }),
    },
  };
}

export interface FreezeViewDeps {
  readonly deployment: Deployment;
  readonly tokens: Pick<TokenTable, 'find'>;
}

/** A subject and whether it is frozen now. */
export function toFreezeView(
  { deployment, tokens }: FreezeViewDeps,
  subject: FreezeSubject,
  since: EpochMs | undefined,
): FreezeView {
  const { scope, managerId } = subject;
  return {
    paymentManagerArn: formatManagerArn(deployment, managerId),
    scope,
    ...(scope === 'manager' ? {} : { subject: toNames(tokens, subject) }),
    frozen: since !== undefined,
    ...(since === undefined ? {} : { frozenAt: formatInstant(since) }),
  };
}

export function toChangedFreeze(
  deps: FreezeViewDeps,
  { subject, state }: { readonly subject: FreezeSubject; readonly state: GateState },
): Answer<'CreateFreeze'> {
  return { freeze: toFreezeView(deps, subject, state.freezes.get(freezeKey(subject))) };
}

function toNames(tokens: FreezeViewDeps['tokens'], subject: FreezeSubject): NonNullable<FreezeView['subject']> {
  if (subject.scope !== 'asset') return publicNames(subject);
  const { network, asset: address } = subject;
  return { asset: { network, token: tokenOf(tokens, subject), address } };
}

/** The symbol that the deployment knows, or the contract. */
function tokenOf(
  tokens: FreezeViewDeps['tokens'],
  { network: id, asset }: Extract<FreezeSubject, { scope: 'asset' }>,
): string {
  const network = findNetwork(id);
  if (network === undefined) return asset;
  return network.usdc.address === asset ? network.usdc.symbol : (tokens.find(network.id, asset)?.symbol ?? asset);
}

/** What the log says of a freeze or a thaw. */
export function toFreezeFields(subject: FreezeSubject): LogFields {
  return {
    freezeScope: subject.scope,
    managerId: subject.managerId,
    ...(subject.scope === 'session' ? { sessionId: subject.sessionId } : {}),
    ...(subject.scope === 'instrument' ? { instrumentId: subject.instrumentId } : {}),
    ...(subject.scope === 'agent' ? { agentName: subject.agentName } : {}),
    ...(subject.scope === 'payee' ? { payee: subject.payTo } : {}),
    ...(subject.scope === 'asset' ? { network: subject.network } : {}),
  };
}
