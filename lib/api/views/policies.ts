import { formatManagerArn, type Deployment } from '../../domain/ids.ts';
import { formatPolicy } from '../../domain/policy/index.ts';
import type { PolicyChange, PolicyOwner, StoredPolicy } from '../../domain/ports/policies.ts';
import type { Page } from '../../domain/ports/services.ts';
import { formatInstant } from '../../domain/time.ts';
import type { Answer } from '../../contract/client-types.ts';
import type { LogFields } from '../../telemetry/log-fields.ts';
import { toPageView } from './pages.ts';

type PolicyAnswer = Answer<'GetDataPolicy'>;

function toOwnerView(deployment: Deployment, owner: PolicyOwner) {
  if (owner.scope === 'deployment') return { scope: owner.scope };
  const { scope, managerId } = owner;
  const names = {
    ...(scope === 'user' ? { userId: owner.userId } : {}),
    ...(scope === 'agent' ? { agentName: owner.agentName } : {}),
    ...(scope === 'session' ? { paymentSessionId: owner.sessionId } : {}),
  };
  return { scope, paymentManagerArn: formatManagerArn(deployment, managerId), ...names };
}

export function toPolicyView(deployment: Deployment, stored: StoredPolicy): PolicyAnswer {
  const { owner, hash, version, updatedAt, updatedBy, document } = stored;
  return {
    spendPolicy: {
      ...toOwnerView(deployment, owner),
      hash,
      revision: version,
      updatedAt: formatInstant(updatedAt),
      updatedBy,
      // The same document as JSON.
      policy: formatPolicy(document) as PolicyAnswer['spendPolicy']['policy'],
    },
  };
}

export function toPolicyChangesView(page: Page<PolicyChange>) {
  return toPageView('changes', page, ({ version, at, by, oldHash, newHash }) => ({
    revision: version,
    changedAt: formatInstant(at),
    changedBy: by,
    ...(oldHash === null ? {} : { oldHash }),
    ...(newHash === null ? {} : { newHash }),
  }));
}

/** What the log says of a change. Who made it is in the log of the API and in the record of the change. */
export function toPolicyFields(owner: PolicyOwner, hash: string | null): LogFields {
  return {
    policyScope: owner.scope,
    ...(hash === null ? {} : { policyHash: hash }),
    ...(owner.scope === 'deployment' ? {} : { managerId: owner.managerId }),
    ...(owner.scope === 'session' ? { sessionId: owner.sessionId } : {}),
  };
}
