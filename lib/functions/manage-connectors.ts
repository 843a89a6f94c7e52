import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { createFunction } from '../api/function.ts';
import { PROVISION_ATTEMPTS_MAX, PROVISION_TIMEOUT_MS, STORE_ATTEMPTS_MAX } from '../domain/limits.ts';
import { ok } from '../domain/result.ts';
import { createClientTokens } from '../ledger/dynamodb/registry/client-tokens.ts';
import { createStoreClient } from '../ledger/dynamodb/store/sdk-client.ts';
import { createIdentityStore } from '../ledger/dynamodb/registry/identity-store.ts';
import { createRegistry } from '../ledger/dynamodb/registry/registry.ts';
import { createProvisioners } from '../wallets/provisioners.ts';
import { readConnectorsConfig } from './config.ts';
import {
  createConnector,
  deleteConnector,
  findConnectorProblem,
  getConnector,
  listConnectors,
  rotateCredentials,
  updateConnector,
} from '../service/tenants/connectors.ts';
import { toConnectorSummary, toConnectorView, toManagerSummary, toManagerView } from '../api/views/managers.ts';
import { createManager, deleteManager, getManager, listManagers, updateManager } from '../service/tenants/managers.ts';
import { pageBody, pageOf } from '../service/tenants/pages.ts';
import { awsClientOptions, composeTracing, systemClock, systemRandom, writeLog } from './runtime.ts';

/** Keeps managers and connectors. May create, label and describe wallet secrets, may never read one. */
export function composeManageConnectors(env: NodeJS.ProcessEnv) {
  const config = readConnectorsConfig(env);
  const { deployment } = config;
  const client = createStoreClient({ maxAttempts: STORE_ATTEMPTS_MAX });
  const registryTable = { tableName: config.registryTable, client };
  const walletSecrets = {
    client: new SecretsManagerClient(awsClientOptions(PROVISION_TIMEOUT_MS, PROVISION_ATTEMPTS_MAX)),
    secretNamePrefix: config.secretNamePrefix,
  };
  const deps = {
    registry: createRegistry(registryTable),
    identities: createIdentityStore(registryTable),
    tokens: createClientTokens(registryTable),
    provisioners: createProvisioners({ walletKeys: null, walletSecrets }),
    deployment,
    trustedIssuers: config.trustedIssuers,
    clock: systemClock,
    random: systemRandom,
  };
  return createFunction(
    'manage-connectors',
    {
      CreatePaymentManager: async ({ input }) => {
        const created = await createManager(deps, input);
        return created.ok ? ok({ body: created.value }) : created;
      },
      GetPaymentManager: async ({ input }) => {
        const found = await getManager(deps, input.paymentManagerId);
        return found.ok ? ok({ body: toManagerView(deployment, found.value) }) : found;
      },
      UpdatePaymentManager: async ({ input }) => {
        const updated = await updateManager(deps, input);
        return updated.ok ? ok({ body: updated.value }) : updated;
      },
      DeletePaymentManager: async ({ input }) => {
        const deleted = await deleteManager(deps, input);
        return deleted.ok ? ok({ body: deleted.value }) : deleted;
      },
      ListPaymentManagers: async ({ input }) => {
        const page = await listManagers(deps, pageOf(input));
        return ok({ body: pageBody('paymentManagers', page, (manager) => toManagerSummary(deployment, manager)) });
      },
      CreatePaymentConnector: async ({ input }) => {
        const created = await createConnector(deps, input);
        return created.ok ? ok({ body: created.value }) : created;
      },
      GetPaymentConnector: async ({ input }) => {
        const found = await getConnector(deps, input);
        if (!found.ok) return found;
        const problem = await findConnectorProblem(deps, found.value);
        return ok({ body: toConnectorView(deployment, found.value, problem) });
      },
      UpdatePaymentConnector: async ({ input }) => {
        const updated = await updateConnector(deps, input);
        return updated.ok ? ok({ body: updated.value }) : updated;
      },
      DeletePaymentConnector: async ({ input }) => {
        const deleted = await deleteConnector(deps, input);
        return deleted.ok ? ok({ body: deleted.value }) : deleted;
      },
      ListPaymentConnectors: async ({ input }) => {
        const page = await listConnectors(deps, input.paymentManagerId, pageOf(input));
        return ok({ body: pageBody('paymentConnectors', page, toConnectorSummary) });
      },
      RotatePaymentConnectorCredentials: ({ input }) => rotateCredentials(deps, input),
    },
    { clock: systemClock, log: writeLog, tracing: composeTracing(env) },
  );
}
