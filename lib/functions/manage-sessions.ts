import { OPERATIONS } from '../contract/operations.ts';
import { POLICY_REQUESTS } from '../contract/operations/policies.ts';
import { SESSION_REQUESTS } from '../contract/operations/sessions.ts';
import { TOP_UP_REQUESTS } from '../contract/operations/top-ups.ts';
import { createFunction } from '../api/function.ts';
import { STORE_ATTEMPTS_MAX } from '../domain/limits.ts';
import { formatUsd } from '../domain/money.ts';
import { ok } from '../domain/result.ts';
import { createStoreClient } from '../ledger/dynamodb/store/sdk-client.ts';
import { createRegistry } from '../ledger/dynamodb/registry/registry.ts';
import { createGateReader } from '../ledger/dynamodb/books/gate-item.ts';
import { createSessionStore } from '../ledger/dynamodb/books/session-store.ts';
import { createTopUps } from '../ledger/dynamodb/top-ups/top-up-store.ts';
import { readApprovalGas } from './paying/approval-gas.ts';
import { readSessionsConfig } from './runtime/config.ts';
import { createSession, deleteSession, type SessionsDeps } from '../service/tenants/sessions.ts';
import { findDataOwner } from '../service/tenants/policies.ts';
import { topUpSession, type TopUpsDeps } from '../service/tenants/top-ups.ts';
import { createClientTokens } from '../ledger/dynamodb/registry/client-tokens.ts';
import { createPolicyKeeper } from '../ledger/dynamodb/policies/policy-store.ts';
import { createPolicyHandlers } from './policies/policy-handlers.ts';
import { toSessionFields, toSessionView } from '../api/views/payments.ts';
import { toTopUpView } from '../api/views/top-ups.ts';
import { composeServing, systemClock, systemRandom } from './runtime/runtime.ts';

/** Opens and revokes budgets. Cannot pay. */
export function composeManageSessions(env: NodeJS.ProcessEnv) {
  const config = readSessionsConfig(env);
  const client = createStoreClient({ maxAttempts: STORE_ATTEMPTS_MAX });
  const booksTable = { tableName: config.booksTable, client };
  const registryTable = { tableName: config.registryTable, client };
  const deps = {
    registry: createRegistry(registryTable),
    policies: createPolicyKeeper({ ...registryTable, booksTable: config.booksTable }),
    tokens: createClientTokens(registryTable),
    sessions: createSessionStore(booksTable),
    gate: createGateReader(booksTable),
    topUps: createTopUps(booksTable),
    deployment: config.deployment,
    clock: systemClock,
    random: systemRandom,
    defaultSessionLimit: config.defaultSessionLimit,
    maxSessionLimit: config.maxSessionLimit,
    gasPerDay: readApprovalGas(env),
  } satisfies SessionsDeps & TopUpsDeps;
  const policies = createPolicyHandlers<'Data'>(deps, (principal, input) => findDataOwner(deps, principal, input));
  return createFunction(
    'manage-sessions',
    {
      CreatePaymentSession: async ({ input, principal, caller }) => {
        const created = await createSession(deps, principal, { ...input, caller });
        if (!created.ok) return created;
        const { managerId, sessionId, createdAt } = created.value;
        const paymentSession = toSessionView(config.deployment, created.value, {
          now: createdAt,
          gasPerDay: deps.gasPerDay,
        });
        return ok({ body: { paymentSession }, log: { managerId, sessionId, ...toSessionFields(created.value) } });
      },
      DeletePaymentSession: async ({ input, principal }) => {
        const deleted = await deleteSession(deps, principal, input);
        if (!deleted.ok) return deleted;
        const { managerId, sessionId } = deleted.value;
        return ok({ body: { status: 'DELETED' as const }, log: { managerId, sessionId } });
      },
      TopUpSession: async ({ input, principal, caller }) => {
        const toppedUp = await topUpSession(deps, principal, { ...input, caller });
        if (!toppedUp.ok) return toppedUp;
        const { managerId, sessionId, to } = toppedUp.value;
        const body = { topUp: toTopUpView(config.deployment, toppedUp.value) };
        return ok({ body, log: { managerId, sessionId, limitUsd: formatUsd(to) } });
      },
      PutDataPolicy: policies.put,
      GetDataPolicy: policies.get,
      DeleteDataPolicy: policies.remove,
      ListDataPolicyChanges: policies.changes,
    },
    {
      ...composeServing(env),
      routes: OPERATIONS,
      requests: { ...SESSION_REQUESTS, ...TOP_UP_REQUESTS, ...POLICY_REQUESTS },
      userBinding: config.userBinding,
    },
  );
}
