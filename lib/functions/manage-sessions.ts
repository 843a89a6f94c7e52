import { REQUESTS } from '../contract/requests.ts';
import { createFunction } from '../api/function.ts';
import { STORE_ATTEMPTS_MAX } from '../domain/limits.ts';
import { ok } from '../domain/result.ts';
import { createStoreClient } from '../ledger/dynamodb/store/sdk-client.ts';
import { createRegistry } from '../ledger/dynamodb/registry/registry.ts';
import { createSessionStore } from '../ledger/dynamodb/books/session-store.ts';
import { readSessionsConfig } from './config.ts';
import { createSession, deleteSession, type SessionsDeps } from '../service/tenants/sessions.ts';
import { toSessionFields, toSessionView } from '../api/views/payments.ts';
import { composeServing, systemClock, systemRandom } from './runtime.ts';

/** Opens and revokes budgets. Cannot pay. */
export function composeManageSessions(env: NodeJS.ProcessEnv) {
  const config = readSessionsConfig(env);
  const client = createStoreClient({ maxAttempts: STORE_ATTEMPTS_MAX });
  const deps: SessionsDeps = {
    registry: createRegistry({ tableName: config.registryTable, client }),
    sessions: createSessionStore({ tableName: config.booksTable, client }),
    deployment: config.deployment,
    clock: systemClock,
    random: systemRandom,
    defaultSessionLimit: config.defaultSessionLimit,
    maxSessionLimit: config.maxSessionLimit,
  };
  return createFunction(
    'manage-sessions',
    {
      CreatePaymentSession: async ({ input, principal }) => {
        const created = await createSession(deps, principal, input);
        if (!created.ok) return created;
        const { managerId, sessionId, createdAt } = created.value;
        const paymentSession = toSessionView(config.deployment, created.value, createdAt);
        return ok({ body: { paymentSession }, log: { managerId, sessionId, ...toSessionFields(created.value) } });
      },
      DeletePaymentSession: async ({ input, principal }) => {
        const deleted = await deleteSession(deps, principal, input);
        if (!deleted.ok) return deleted;
        const { managerId, sessionId } = deleted.value;
        return ok({ body: { status: 'DELETED' as const }, log: { managerId, sessionId } });
      },
    },
    { ...composeServing(env), requests: REQUESTS, userBinding: config.userBinding },
  );
}
