import { resourceIn, type Arn, type Deployment } from '../../domain/ids.ts';
import { FREEZES_MAX } from '../../domain/limits.ts';
import { freezeKey, parseFreezeKey, type FreezeNames, type FreezeSubject } from '../../domain/payment/freeze.ts';
import type { Gate } from '../../domain/payment/gate.ts';
import type { Freezable, GateKeeper, GateReader } from '../../domain/ports/gate.ts';
import type { ManagerStore } from '../../domain/ports/registry.ts';
import type { Refusal } from '../../domain/refusal.ts';
import { ok, refuse, type Result } from '../../domain/result.ts';
import type { Clock, EpochMs } from '../../domain/time.ts';

/** What the gate lets through, without the name of the books. */
export type GateState = Pick<Gate, 'floor' | 'frozenAt' | 'freezes'>;

/** The gate as it is; open where the books are new. */
export async function getGate({ gate }: { readonly gate: GateReader }): Promise<GateState> {
  return (await gate.find()) ?? { floor: null, frozenAt: null, freezes: new Map() };
}

export interface FreezingDeps {
  readonly gate: GateKeeper;
  readonly registry: Pick<ManagerStore, 'readManager'>;
  readonly deployment: Deployment;
  readonly clock: Clock;
}

/** A part of a manager that a caller names. */
export interface NamedPart {
  readonly manager: Arn<string> | null;
  readonly names: FreezeNames;
}

/** The gate after a change, and what was meant. */
export interface Changed<S extends Freezable> {
  readonly subject: S;
  readonly state: GateState;
}

const noManager = refuse({ reason: 'not_found', resource: 'manager' } as const);

export async function freezeDeployment({ gate, clock }: FreezingDeps, by: string): Promise<GateState> {
  return gate.freeze(null, { at: clock.now(), by });
}

export async function thawDeployment({ gate, clock }: FreezingDeps, since: EpochMs, by: string): Promise<GateState> {
  return gate.thaw(null, { since, at: clock.now(), by });
}

/**
 * Freezes a part of a manager. Only the manager must exist: the rest may be anything that a payment could name, so that what is just
 * being made stops as well. A manager's own type of authorizer does not matter, since the caller was judged by IAM.
 */
export async function freezePart(
  { gate, registry, deployment, clock }: FreezingDeps,
  part: NamedPart,
  by: string,
): Promise<Result<Changed<FreezeSubject>, Refusal>> {
  const managerId = resourceIn(deployment, part.manager);
  if (managerId === null || (await registry.readManager(managerId)) === null) return noManager;
  const subject = { managerId, ...part.names };
  const { freezes } = await getGate({ gate });
  if (freezes.size >= FREEZES_MAX && !freezes.has(freezeKey(subject))) {
    const message = `The deployment has ${FREEZES_MAX} freezes, as many as it may have: end one, freeze what they have in common, or keep out for good by a spend policy`;
    return refuse({ reason: 'quota_exceeded', message });
  }
  return ok({ subject, state: await gate.freeze(subject, { at: clock.now(), by }) });
}

/** Ends the freeze of a part that began at an instant, of a manager that was deleted meanwhile too. */
export async function thawPart(
  { gate, deployment, clock }: FreezingDeps,
  { since, ...part }: NamedPart & { readonly since: EpochMs },
  by: string,
): Promise<Result<Changed<FreezeSubject>, Refusal>> {
  const managerId = resourceIn(deployment, part.manager);
  if (managerId === null) return noManager;
  const subject = { managerId, ...part.names };
  return ok({ subject, state: await gate.thaw(subject, { since, at: clock.now(), by }) });
}

export interface FrozenPart {
  readonly subject: FreezeSubject;
  readonly since: EpochMs;
}

/** What is frozen besides the deployment, the latest first; of one manager where one is named. */
export async function listFreezes(
  deps: Pick<FreezingDeps, 'gate' | 'deployment'>,
  manager: Arn<string> | null | undefined,
): Promise<Result<readonly FrozenPart[], Refusal>> {
  const managerId = manager === undefined ? undefined : resourceIn(deps.deployment, manager);
  if (managerId === null) return noManager;
  const { freezes } = await getGate(deps);
  const parts = [...freezes].flatMap(([key, since]) => {
    const subject = parseFreezeKey(key);
    return subject === null || (managerId !== undefined && subject.managerId !== managerId) ? [] : [{ subject, since }];
  });
  return ok(parts.toSorted((a, b) => b.since - a.since));
}
