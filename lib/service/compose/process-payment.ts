import { KMSClient } from '@aws-sdk/client-kms';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { createFunction } from '../../api/function.ts';
import { IN_FLIGHT_MAX, SIGNER_ATTEMPTS_MAX, SIGNER_TIMEOUT_MS, STORE_ATTEMPTS_MAX } from '../../domain/limits.ts';
import { parseManagerArn } from '../../domain/ids.ts';
import { ok } from '../../domain/result.ts';
import { createStoreClient } from '../../ledger/dynamodb/client.ts';
import { createLedger } from '../../ledger/dynamodb/ledger.ts';
import { createRegistryReader } from '../../ledger/dynamodb/registry.ts';
import { createRepetitionGuard } from '../../ledger/dynamodb/repetition-guard.ts';
import { createSigners } from '../../wallets/signers.ts';
import { readPayingConfig } from '../config.ts';
import { createFactsCache } from '../facts.ts';
import { noManager } from '../managers.ts';
import { toPaymentView } from '../payments.ts';
import { processPayment, type ProcessPaymentDeps } from '../process-payment.ts';
import { createPaymentObserver } from '../../telemetry/payment-observer.ts';
import { awsClientOptions, monotonicMs, reportProblem, systemClock, systemRandom, writeLog } from './runtime.ts';

/** The paying function: the only one that may sign. */
export function composeProcessPayment(env: NodeJS.ProcessEnv) {
  const config = readPayingConfig(env);
  const client = createStoreClient({ maxAttempts: STORE_ATTEMPTS_MAX });
  const registryTable = { tableName: config.registryTable, client };
  const { repeatWindowSeconds: windowSeconds } = config;
  const singleSendClient = createStoreClient({ maxAttempts: 1 });
  const wallets = awsClientOptions(SIGNER_TIMEOUT_MS, SIGNER_ATTEMPTS_MAX);
  const deps: ProcessPaymentDeps = {
    ledger: createLedger({ tableName: config.booksTable, client, singleSendClient }),
    registry: createRegistryReader(registryTable),
    repetitions: windowSeconds === 0 ? null : { guard: createRepetitionGuard(registryTable), windowSeconds },
    signers: createSigners({ kms: new KMSClient(wallets), secrets: new SecretsManagerClient(wallets) }),
    facts: createFactsCache(),
    clock: systemClock,
    random: systemRandom,
    allowedNetworks: config.allowedNetworks,
    validityCapSeconds: config.validityCapSeconds,
    inFlightMax: IN_FLIGHT_MAX,
    report: reportProblem,
  };
  return createFunction(
    'process-payment',
    {
      ProcessPayment: async ({ input, principal, agentName, deadline, record }) => {
        const managerId = parseManagerArn(config.deployment, input.paymentManagerArn);
        if (managerId === null) return noManager(principal);
        const observer = createPaymentObserver(record, monotonicMs);
        const result = await processPayment(
          { ...deps, observer },
          {
            managerId,
            principal,
            agentName,
            sessionId: input.paymentSessionId,
            instrumentId: input.paymentInstrumentId,
            paymentType: input.paymentType,
            paymentInput: input.paymentInput,
            clientToken: input.clientToken ?? Buffer.from(deps.random.bytes(24)).toString('hex'),
            deadline,
          },
        );
        if (!result.ok) return result;
        const payment = result.value;
        return ok({
          body: toPaymentView(config.deployment, payment),
          log: {
            paymentId: payment.id,
            managerId,
            sessionId: payment.sessionId,
            instrumentId: payment.instrumentId,
            ...(record.values.SpendAmount === undefined ? { replayed: true } : {}),
          },
        });
      },
    },
    { clock: systemClock, log: writeLog, userBinding: config.userBinding, agentNames: config.agentNames },
  );
}
