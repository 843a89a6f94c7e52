import { ASKING_REQUESTS } from '../contract/operations/asking.ts';
import { PAYMENT_REQUESTS } from '../contract/operations/payments.ts';
import { WITHDRAWAL_REQUESTS } from '../contract/operations/withdrawals.ts';
import type { OperationName } from '../contract/operations.ts';
import { createFunction, type OperationHandler } from '../api/function.ts';
import { IN_FLIGHT_MAX } from '../domain/limits.ts';
import { resourceIn } from '../domain/ids.ts';
import { ok } from '../domain/result.ts';
import { createLedger } from '../ledger/dynamodb/books/ledger.ts';
import { createRegistryReader } from '../ledger/dynamodb/registry/registry.ts';
import { createRepetitionGuard } from '../ledger/dynamodb/books/repetition-guard.ts';
import { createWithdrawalSessions } from '../ledger/dynamodb/books/withdrawal-sessions.ts';
import { createWindowBooks } from '../ledger/dynamodb/windows/window-books.ts';
import { createSigners } from '../wallets/signers.ts';
import { readPayingConfig } from './config.ts';
import { createPayerCache } from '../service/paying/payer.ts';
import { noManager } from '../service/tenants/managers.ts';
import { toPaidView } from '../api/views/paid.ts';
import { schemeOf } from '../protocols/catalogue.ts';
import { processPayment, type ProcessPaymentDeps } from '../service/paying/process-payment.ts';
import { createPaymentObserver } from '../telemetry/payment-observer.ts';
import { drawToken, toPaymentFields } from './paid-answer.ts';
import {
  composeProblemReport,
  composeServing,
  drawDeploymentId,
  monotonicMs,
  systemClock,
  systemRandom,
} from './runtime.ts';
import { openKeys, openStore } from './transport.ts';

/** The paying function: the only one that may sign. */
export function composeProcessPayment(env: NodeJS.ProcessEnv) {
  const config = readPayingConfig(env);
  const { client, singleSendClient } = openStore(env);
  const registryTable = { tableName: config.registryTable, client };
  const { repeatWindowSeconds: windowSeconds } = config;
  const deps: ProcessPaymentDeps = {
    ledger: createLedger({
      tableName: config.booksTable,
      client,
      singleSendClient,
      schemeOf,
      drawDeploymentId,
    }),
    windows: createWindowBooks({ tableName: config.booksTable, client }),
    registry: createRegistryReader(registryTable),
    repetitions: windowSeconds === 0 ? null : { guard: createRepetitionGuard(registryTable), windowSeconds },
    purchases: createRepetitionGuard(registryTable),
    signers: createSigners(openKeys(env)),
    payers: createPayerCache(),
    clock: systemClock,
    random: systemRandom,
    allowedNetworks: config.allowedNetworks,
    facilitators: config.facilitators,
    validityCapSeconds: config.validityCapSeconds,
    inFlightMax: IN_FLIGHT_MAX,
    report: composeProblemReport(env),
  };
  return createFunction(
    'process-payment',
    {
      ProcessPayment: async ({ input, principal, agentName, deadline, record }) => {
        const managerId = resourceIn(config.deployment, input.manager);
        if (managerId === null) return noManager(principal);
        const observer = createPaymentObserver(record, monotonicMs);
        const result = await processPayment(
          { ...deps, observer },
          {
            managerId,
            principal,
            agentName,
            resource: input.resource ?? null,
            sessionId: input.sessionId,
            instrumentId: input.instrumentId,
            paymentType: input.paymentType,
            paymentInput: input.paymentInput,
            clientToken: input.clientToken ?? drawToken(deps.random),
            replayOnly: input.replayOnly ?? false,
            deadline,
          },
        );
        if (!result.ok) return result;
        const payment = result.value;
        return ok({ body: toPaidView(config.deployment, payment), log: toPaymentFields(payment) });
      },
      PayChallenge: atFirstCall(async () => {
        const { createPayChallengeHandler } = await import('./pay-challenge.ts');
        return createPayChallengeHandler(config.deployment, deps);
      }),
      CreateWithdrawal: atFirstCall(async () => {
        const { createWithdrawalHandler } = await import('./create-withdrawal.ts');
        const sessions = createWithdrawalSessions({ tableName: config.booksTable, client });
        return createWithdrawalHandler(config.deployment, {
          ...deps,
          sessions,
          destinations: config.withdrawalAddresses,
        });
      }),
    },
    {
      ...composeServing(env),
      requests: { ...PAYMENT_REQUESTS, ...ASKING_REQUESTS, ...WITHDRAWAL_REQUESTS },
      userBinding: config.userBinding,
      agentNames: config.agentNames,
    },
  );
}

/** A handler that is loaded when it is called first, so that a start does not wait for what most instances never do. */
function atFirstCall<K extends OperationName>(load: () => Promise<OperationHandler<K>>): OperationHandler<K> {
  let loading: Promise<OperationHandler<K>> | null = null;
  return async (call) => {
    loading ??= load().catch((error: unknown) => {
      loading = null;
      throw error;
    });
    return (await loading)(call);
  };
}
