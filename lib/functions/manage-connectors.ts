import { OPERATIONS } from '../contract/operations.ts';
import { CONNECTOR_REQUESTS } from '../contract/operations/connectors.ts';
import { FEED_REQUESTS } from '../contract/operations/feeds.ts';
import { FREEZE_REQUESTS } from '../contract/operations/freezes.ts';
import { GATE_REQUESTS } from '../contract/operations/gate.ts';
import { MANAGER_REQUESTS } from '../contract/operations/managers.ts';
import { POLICY_REQUESTS } from '../contract/operations/policies.ts';
import { answerWith, asItIs, createFunction } from '../api/function.ts';
import { PROVISION_ATTEMPTS_MAX, PROVISION_TIMEOUT_MS, STORE_ATTEMPTS_MAX } from '../domain/limits.ts';
import { ok } from '../domain/result.ts';
import { createClientTokens } from '../ledger/dynamodb/registry/client-tokens.ts';
import { createStoreClient } from '../ledger/dynamodb/store/sdk-client.ts';
import { createIdentityStore } from '../ledger/dynamodb/registry/identity-store.ts';
import { createRegistry } from '../ledger/dynamodb/registry/registry.ts';
import { createFeedKeeper } from '../ledger/dynamodb/memory/feed-store.ts';
import { createPolicyKeeper } from '../ledger/dynamodb/policies/policy-store.ts';
import { createProvisioners } from '../wallets/provisioners.ts';
import { readConnectorsConfig, readSecretsKeyArn } from './runtime/config.ts';
import {
  createConnector,
  deleteConnector,
  findConnectorProblem,
  getConnector,
  listConnectors,
  rotateCredentials,
  updateConnector,
} from '../service/tenants/connectors.ts';
import {
  toConnectorSummary,
  toConnectorView,
  toCreatedConnector,
  toCreatedManager,
  toDeletedConnector,
  toDeletedManager,
  toManagerSummary,
  toManagerView,
  toUpdatedConnector,
  toUpdatedManager,
} from '../api/views/managers.ts';
import { toPageView } from '../api/views/pages.ts';
import { createManager, deleteManager, getManager, listManagers, updateManager } from '../service/tenants/managers.ts';
import { findControlOwner } from '../service/tenants/policies.ts';
import { toGateView } from '../api/views/gate.ts';
import { createGateKeeper } from '../ledger/dynamodb/books/gate-keeper.ts';
import { awsClientOptions, composeServing, drawDeploymentId, systemClock, systemRandom } from './runtime/runtime.ts';
import { createFeedHandlers } from './policies/feed-handlers.ts';
import { createFreezeHandlers } from './policies/freeze-handlers.ts';
import { createPolicyHandlers } from './policies/policy-handlers.ts';
import { createSecretsClient } from './runtime/secrets-client.ts';
import { readTokenTable } from './runtime/token-table.ts';

/** Keeps managers and connectors. May create, label and describe wallet secrets, may never read one. */
export function composeManageConnectors(env: NodeJS.ProcessEnv) {
  const config = readConnectorsConfig(env);
  const { deployment } = config;
  const client = createStoreClient({ maxAttempts: STORE_ATTEMPTS_MAX });
  const registryTable = { tableName: config.registryTable, client };
  const walletSecrets = {
    client: createSecretsClient(awsClientOptions(PROVISION_TIMEOUT_MS, PROVISION_ATTEMPTS_MAX), readSecretsKeyArn(env)),
    secretNamePrefix: config.secretNamePrefix,
  };
  const deps = {
    registry: createRegistry(registryTable),
    gate: createGateKeeper({ tableName: config.booksTable, client }, drawDeploymentId),
    identities: createIdentityStore(registryTable),
    tokens: createClientTokens(registryTable),
    policies: createPolicyKeeper({ ...registryTable, booksTable: config.booksTable }),
    feeds: createFeedKeeper(registryTable, systemClock),
    tokenTable: readTokenTable(env),
    provisioners: createProvisioners({ walletKeys: null, walletSecrets }),
    deployment,
    trustedIssuers: config.trustedIssuers,
    signerOrigins: config.signerOrigins,
    signerFunctions: config.signerFunctions,
    clock: systemClock,
    random: systemRandom,
  };
  const policies = createPolicyHandlers<'Control'>(deps, (_principal, input) => findControlOwner(deps, input));
  return createFunction(
    'manage-connectors',
    {
      CreatePaymentManager: async ({ input }) =>
        answerWith(await createManager(deps, input, (manager) => toCreatedManager(deployment, manager)), asItIs),
      GetPaymentManager: async ({ input }) =>
        answerWith(await getManager(deps, input), (found) => toManagerView(deployment, found)),
      UpdatePaymentManager: async ({ input }) =>
        answerWith(await updateManager(deps, input, (manager) => toUpdatedManager(deployment, manager)), asItIs),
      DeletePaymentManager: async ({ input }) => answerWith(await deleteManager(deps, input, toDeletedManager), asItIs),
      ListPaymentManagers: async ({ input }) => {
        const page = await listManagers(deps, input.page);
        return ok({ body: toPageView('paymentManagers', page, (manager) => toManagerSummary(deployment, manager)) });
      },
      CreatePaymentConnector: async ({ input }) =>
        answerWith(await createConnector(deps, input, (made) => toCreatedConnector(deployment, made)), asItIs),
      GetPaymentConnector: async ({ input }) => {
        const found = await getConnector(deps, input);
        if (!found.ok) return found;
        const problem = await findConnectorProblem(deps, found.value);
        return ok({ body: toConnectorView(deployment, found.value, problem) });
      },
      UpdatePaymentConnector: async ({ input }) =>
        answerWith(await updateConnector(deps, input, (next) => toUpdatedConnector(deployment, next)), asItIs),
      DeletePaymentConnector: async ({ input }) =>
        answerWith(await deleteConnector(deps, input, toDeletedConnector), asItIs),
      ListPaymentConnectors: async ({ input }) => {
        const page = await listConnectors(deps, input.managerId, input.page);
        return ok({ body: toPageView('paymentConnectors', page, toConnectorSummary) });
      },
      ...createFreezeHandlers(deps),
      RaiseGateFloor: async ({ input }) =>
        ok({ body: toGateView(deployment, await deps.gate.raiseFloor(input.floor)) }),
      RotatePaymentConnectorCredentials: ({ input }) => rotateCredentials(deps, input),
      PutControlPolicy: policies.put,
      GetControlPolicy: policies.get,
      DeleteControlPolicy: policies.remove,
      ListControlPolicyChanges: policies.changes,
      ...createFeedHandlers(deps),
    },
    {
      ...composeServing(env),
      routes: OPERATIONS,
      requests: {
        ...MANAGER_REQUESTS,
        ...CONNECTOR_REQUESTS,
        ...GATE_REQUESTS,
        ...FREEZE_REQUESTS,
        ...POLICY_REQUESTS,
        ...FEED_REQUESTS,
      },
    },
  );
}
