import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { createFunction } from '../../api/function.ts';
import { PROVISION_ATTEMPTS_MAX, PROVISION_TIMEOUT_MS, STORE_ATTEMPTS_MAX } from '../../domain/limits.ts';
import { ok } from '../../domain/result.ts';
import { createClientTokens } from '../../ledger/dynamodb/client-tokens.ts';
import { createStoreClient } from '../../ledger/dynamodb/client.ts';
import { createRegistry } from '../../ledger/dynamodb/registry.ts';
import { createProvisioners } from '../../wallets/provisioners.ts';
import { readConnectorsConfig } from '../config.ts';
import { createConnector, createManager, type ManagersDeps } from '../managers.ts';
import { toConnectorView, toManagerView } from '../views.ts';
import { awsClientOptions, systemClock, systemRandom, writeLog } from './runtime.ts';

/** Makes managers and connectors. May create wallet secrets, may never read one. */
export function composeManageConnectors(env: NodeJS.ProcessEnv) {
  const config = readConnectorsConfig(env);
  const client = createStoreClient({ maxAttempts: STORE_ATTEMPTS_MAX });
  const registryTable = { tableName: config.registryTable, client };
  const walletSecrets = {
    client: new SecretsManagerClient(awsClientOptions(PROVISION_TIMEOUT_MS, PROVISION_ATTEMPTS_MAX)),
    secretNamePrefix: config.secretNamePrefix,
  };
  const deps: ManagersDeps = {
    registry: createRegistry(registryTable),
    tokens: createClientTokens(registryTable),
    provisioners: createProvisioners({ walletKeys: null, walletSecrets }),
    clock: systemClock,
    random: systemRandom,
  };
  return createFunction(
    'manage-connectors',
    {
      CreatePaymentManager: async ({ input }) => {
        const created = await createManager(deps, input);
        if (!created.ok) return created;
        const { managerId } = created.value;
        return ok({ body: toManagerView(config.deployment, created.value), log: { managerId } });
      },
      CreatePaymentConnector: async ({ input }) => {
        const created = await createConnector(deps, input);
        if (!created.ok) return created;
        return ok({ body: toConnectorView(created.value), log: { managerId: created.value.managerId } });
      },
    },
    { clock: systemClock, log: writeLog },
  );
}
