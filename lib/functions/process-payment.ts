import { ASKING_REQUESTS } from '../contract/operations/asking.ts';
import { PAYMENT_REQUESTS } from '../contract/operations/payments.ts';
import { WITHDRAWAL_REQUESTS } from '../contract/operations/withdrawals.ts';
import { createFunction, type OperationHandler } from '../api/function.ts';
import { IN_FLIGHT_MAX } from '../domain/limits.ts';
import { resourceIn } from '../domain/ids.ts';
import { ok, refuse } from '../domain/result.ts';
import { createLedger } from '../ledger/dynamodb/books/ledger.ts';
import { createRegistryReader } from '../ledger/dynamodb/registry/registry.ts';
import { createRepetitionGuard } from '../ledger/dynamodb/books/repetition-guard.ts';
import { createWithdrawalSessions } from '../ledger/dynamodb/books/withdrawal-sessions.ts';
import { createWindowBooks } from '../ledger/dynamodb/windows/window-books.ts';
import { createSigners } from '../wallets/signers.ts';
import { readPayingConfig, type PayingConfig } from './config.ts';
import { createPayerCache } from '../service/paying/payer.ts';
import { noManager } from '../service/tenants/managers.ts';
import { toPaidView } from '../api/views/paid.ts';
import type { Payment } from '../domain/payment/payment.ts';
import { attachProof } from '../protocols/challenge.ts';
import { schemeOf } from '../protocols/catalogue.ts';
import { payChallenge } from '../service/asking/pay-challenge.ts';
import { processPayment, type ProcessPaymentDeps } from '../service/paying/process-payment.ts';
import { createPaymentObserver } from '../telemetry/payment-observer.ts';
import { toWithdrawalView } from '../api/views/withdrawals.ts';
import { withdraw, type WithdrawalDeps } from '../service/paying/withdrawals.ts';
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
  const sessions = createWithdrawalSessions({ tableName: config.booksTable, client });
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
            clientToken: input.clientToken ?? drawToken(deps),
            replayOnly: input.replayOnly ?? false,
            deadline,
          },
        );
        if (!result.ok) return result;
        const payment = result.value;
        return ok({ body: toPaidView(config.deployment, payment), log: toPaymentFields(payment) });
      },
      PayChallenge: createPayChallengeHandler(config, deps),
      CreateWithdrawal: createWithdrawalHandler(config, {
        ...deps,
        sessions,
        destinations: config.withdrawalAddresses,
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

/** Chooses among the offers of a 402 and pays; in the paying function, since it signs. */
function createPayChallengeHandler(
  { deployment }: PayingConfig,
  deps: ProcessPaymentDeps,
): OperationHandler<'PayChallenge'> {
  return async ({ input: { manager, clientToken, ...asked }, principal, agentName, deadline, record }) => {
    const managerId = resourceIn(deployment, manager);
    if (managerId === null) return noManager(principal);
    const observer = createPaymentObserver(record, monotonicMs);
    const result = await payChallenge(
      { ...deps, observer },
      {
        ...asked,
        managerId,
        principal,
        agentName,
        clientToken: clientToken ?? drawToken(deps),
        deadline,
      },
    );
    if (!result.ok) return result;
    const { payment, presentation } = result.value;
    const body = toPaidView(deployment, payment);
    return ok({
      body: { ...body, headers: [attachProof(presentation, body.paymentOutput)] },
      log: toPaymentFields(payment),
    });
  };
}

/** A token that nobody knows: the call cannot be repeated. */
function drawToken({ random }: Pick<ProcessPaymentDeps, 'random'>): string {
  return Buffer.from(random.bytes(24)).toString('hex');
}

function toPaymentFields({ id: paymentId, managerId, sessionId, instrumentId }: Payment) {
  return { paymentId, managerId, sessionId, instrumentId };
}

/** Takes money out of a wallet. In the paying function, since no other one can sign. */
function createWithdrawalHandler(
  { deployment }: PayingConfig,
  deps: WithdrawalDeps,
): OperationHandler<'CreateWithdrawal'> {
  return async ({ input, principal, agentName, deadline, record }) => {
    const managerId = resourceIn(deployment, input.manager);
    // As of a manager that is missing: managers are not read here, since deleted ones count.
    if (managerId === null) return refuse({ reason: 'not_found', resource: 'instrument' });
    const observer = createPaymentObserver(record, monotonicMs);
    const result = await withdraw(
      { ...deps, observer },
      {
        managerId,
        userId: principal.userId,
        agentName,
        instrumentId: input.instrumentId,
        network: input.network,
        amount: input.amount,
        destination: input.destination,
        clientToken: input.clientToken,
        deadline,
      },
    );
    if (!result.ok) return result;
    const payment = result.value;
    return ok({
      body: toWithdrawalView(deployment, payment),
      log: {
        ...toPaymentFields(payment),
        ...(record.values.SignLatency === undefined ? { replayed: true } : {}),
      },
    });
  };
}
