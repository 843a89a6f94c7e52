import { endpointOf } from '../aws/endpoint.ts';
import { ASKING_REQUESTS, ASKING_ROUTES } from '../contract/operations/asking.ts';
import { PAYMENT_REQUESTS, PAYMENT_ROUTES } from '../contract/operations/payments.ts';
import { WITHDRAWAL_REQUESTS, WITHDRAWAL_ROUTES } from '../contract/operations/withdrawals.ts';
import type { OperationName } from '../contract/operations.ts';
import { createFunction, type OperationHandler } from '../api/function.ts';
import type { ApiEvent, InvocationContext } from '../api/http.ts';
import { IN_FLIGHT_MAX } from '../domain/limits.ts';
import { resourceIn } from '../domain/ids.ts';
import { ok } from '../domain/result.ts';
import { createLedger } from '../ledger/dynamodb/books/ledger.ts';
import { createRegistryReader } from '../ledger/dynamodb/registry/registry-reader.ts';
import { createRepetitionGuard } from '../ledger/dynamodb/books/repetition-guard.ts';
import type { StoreClient } from '../ledger/dynamodb/store/client.ts';
import type { StoreTable } from '../ledger/dynamodb/store/conditional-write.ts';
import { withJointReads } from '../ledger/dynamodb/store/joint-reads.ts';
import type { WindowBooks } from '../domain/ports/windows.ts';
import { createPolicyReader } from '../ledger/dynamodb/policies/policy-reader.ts';
import { createPolicySource, type PolicySource } from '../service/policing/policy-source.ts';
import { createSigners } from '../wallets/signers.ts';
import { readPayingConfig, type PayingConfig } from './runtime/config.ts';
import { createPayerCache } from '../service/paying/payer.ts';
import { noManager } from '../service/tenants/admission.ts';
import { toPaidView } from '../api/views/paid.ts';
import type { Payment } from '../domain/payment/payment.ts';
import type { Resource } from '../domain/payment/resource.ts';
import { schemeOf } from '../protocols/catalogue.ts';
import { allowanceLimitOf } from '../protocols/x402/allowance-limit.ts';
import { processPayment, type ProcessPaymentDeps } from '../service/paying/process-payment.ts';
import { createPaymentObserver } from '../telemetry/payment-observer.ts';
import { drawToken, toPaymentFields } from './paying/paid-answer.ts';
import type { BooksChanges } from './paying/sign-approvals.ts';
import {
  composeProblemReport,
  composeServing,
  drawDeploymentId,
  monotonicMs,
  systemClock,
  systemRandom,
} from './runtime/runtime.ts';
import { openKeys, openStore } from './runtime/transport.ts';

/** What payments are made of, and the table that their books are in. */
function openPaying(env: NodeJS.ProcessEnv, config: PayingConfig) {
  const { client: store, singleSendClient } = openStore(env);
  const client = withJointReads(store);
  const registryTable = { tableName: config.registryTable, client };
  const { repeatWindowSeconds: windowSeconds } = config;
  const booksTable = { tableName: config.booksTable, client };
  const ledger = createLedger({ ...booksTable, singleSendClient, schemeOf, drawDeploymentId });
  const loadShortage = onceLoaded(async () =>
    (await import('./paying/wallet-shortage.ts')).createShortageCheck(env, ledger),
  );
  const deps: ProcessPaymentDeps = {
    ledger,
    windows: windowsAtFirstUse(booksTable),
    registry: createRegistryReader(registryTable),
    repetitions: windowSeconds === 0 ? null : { guard: createRepetitionGuard(registryTable), windowSeconds },
    policies: openPolicies({ ...registryTable, singleSendClient }),
    purchases: createRepetitionGuard(registryTable),
    signers: openSigners(env, { ...registryTable, client: store }),
    payers: createPayerCache(),
    clock: systemClock,
    random: systemRandom,
    allowedNetworks: config.allowedNetworks,
    facilitators: config.facilitators,
    approvals: config.approvals,
    tokens: onceLoaded(async () => (await import('./runtime/token-table.ts')).readTokenTable(env)),
    shortageOf: async (payment, checked) => (await loadShortage())(payment, checked),
    validityCapSeconds: config.validityCapSeconds,
    inFlightMax: IN_FLIGHT_MAX,
    report: composeProblemReport(env),
  };
  return { deps, booksTable };
}

/** The paying function: the only one that may sign. */
export function composeProcessPayment(env: NodeJS.ProcessEnv) {
  const config = readPayingConfig(env);
  const { deps, booksTable } = openPaying(env, config);
  const noteAllowance = notesAtFirstUse(booksTable, deps.report);
  const serve = createFunction(
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
            resource: input.resource == null ? null : toResourceOf(input.resource),
            statedUrl: input.resource?.stated ?? null,
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
        await noteAllowance(payment, input.paymentInput);
        return ok({ body: toPaidView(config.deployment, payment), log: toPaymentFields(payment) });
      },
      PayChallenge: atFirstCall(async () => {
        const { createPayChallengeHandler } = await import('./paying/pay-challenge.ts');
        return createPayChallengeHandler(env, config.deployment, booksTable, deps);
      }),
      CreateWithdrawal: atFirstCall(async () => {
        const { createWithdrawalHandler } = await import('./paying/create-withdrawal.ts');
        return createWithdrawalHandler(config.deployment, booksTable, {
          ...deps,
          destinations: config.withdrawalAddresses,
        });
      }),
    },
    {
      ...composeServing(env),
      routes: { ...PAYMENT_ROUTES, ...ASKING_ROUTES, ...WITHDRAWAL_ROUTES },
      requests: { ...PAYMENT_REQUESTS, ...ASKING_REQUESTS, ...WITHDRAWAL_REQUESTS },
      userBinding: config.userBinding,
      agentNames: config.agentNames,
    },
  );
  return besideSigning(serve, async () =>
    (await import('./paying/sign-approvals.ts')).createApprovalSigner(env, booksTable, deps),
  );
}

/** The function behind the API, and for changes of the books the signer of approvals, which is loaded with the first of them. */
function besideSigning<A>(
  serve: (event: ApiEvent, context: InvocationContext) => A,
  load: () => Promise<(changes: BooksChanges) => Promise<object>>,
) {
  const loadSigner = onceLoaded(load);
  return async (event: ApiEvent | BooksChanges, context: InvocationContext) =>
    'Records' in event ? (await loadSigner())(event) : serve(event, context);
}

/** Sees to the approval that the input of a payment asks for. The proof is given whatever becomes of it: the same request asks again. */
function notesAtFirstUse(table: StoreTable, report: ProcessPaymentDeps['report']) {
  const load = onceLoaded(async () => (await import('./paying/note-allowance.ts')).createAllowanceNotes(table));
  return async (payment: Payment, paymentInput: unknown): Promise<void> => {
    const limit = allowanceLimitOf(paymentInput);
    if (limit == null) return;
    try {
      await (
        await load()
      )(payment, limit);
    } catch (error) {
      report({ event: 'payment.allowance_unnoted', paymentId: payment.id, error });
    }
  };
}

/** What asks a wallet's provider is loaded with the first such wallet, and handed what the start has loaded anyway. */
function openSigners(env: NodeJS.ProcessEnv, registryTable: StoreTable): ProcessPaymentDeps['signers'] {
  const keys = openKeys(env);
  return createSigners({
    ...keys,
    openProvider: async (type) =>
      (await import('./providers/provider-signers.ts')).openProviderSigner(
        type,
        env,
        registryTable,
        keys.readSecret,
        endpointOf,
      ),
  });
}

/** What rules remember is loaded with the first policy. */
function openPolicies(table: StoreTable & { readonly singleSendClient: StoreClient }): PolicySource {
  return createPolicySource({
    reader: createPolicyReader(table),
    clock: systemClock,
    remembering: async () => (await import('./policies/remembering.ts')).composeRemembering(table),
  });
}

/** The windows of policies, which are loaded with the first of them: a deployment without policies has none. */
function windowsAtFirstUse(table: StoreTable): WindowBooks {
  const load = onceLoaded(async () =>
    (await import('../ledger/dynamodb/windows/window-books.ts')).createWindowBooks(table),
  );
  return {
    readWindow: async (ref) => (await load()).readWindow(ref),
    change: async (ref, change) => (await load()).change(ref, change),
    fold: async (session, key) => (await load()).fold(session, key),
  };
}

/** Loads once, and again where that failed. */
function onceLoaded<T>(load: () => Promise<T>): () => Promise<T> {
  let loading: Promise<T> | null = null;
  return () =>
    (loading ??= load().catch((error: unknown) => {
      loading = null;
      throw error;
    }));
}

function toResourceOf({ url, description }: Resource): Resource {
  return { url, description };
}

/** A handler that is loaded when it is called first, so that a start does not wait for what most instances never do. */
function atFirstCall<K extends OperationName>(load: () => Promise<OperationHandler<K>>): OperationHandler<K> {
  const loaded = onceLoaded(load);
  return async (call) => (await loaded())(call);
}
