import type { NetworkId } from '../domain/assets.ts';
import { schemeOf } from '../protocols/catalogue.ts';
import { ASSET_REQUESTS, ASSET_ROUTES } from '../contract/operations/assets.ts';
import { ASKING_REQUESTS, ASKING_ROUTES } from '../contract/operations/asking.ts';
import { FUNDS_REQUESTS, FUNDS_ROUTES } from '../contract/operations/funds.ts';
import { INSTRUMENT_REQUESTS, INSTRUMENT_ROUTES } from '../contract/operations/instruments.ts';
import { PAYMENT_REQUESTS, PAYMENT_ROUTES } from '../contract/operations/payments.ts';
import { SESSION_REQUESTS, SESSION_ROUTES } from '../contract/operations/sessions.ts';
import { TOP_UP_REQUESTS, TOP_UP_ROUTES } from '../contract/operations/top-ups.ts';
import { OUTCOME_REQUESTS, OUTCOME_ROUTES } from '../contract/operations/outcomes.ts';
import { WALLET_PAGE_REQUESTS, WALLET_PAGE_ROUTES } from '../contract/operations/wallet-pages.ts';
import { ALLOWANCE_REQUESTS, ALLOWANCE_ROUTES } from '../contract/operations/allowances.ts';
import { WITHDRAWAL_REQUESTS, WITHDRAWAL_ROUTES } from '../contract/operations/withdrawals.ts';
import { answerWith, createFunction, type OperationHandler } from '../api/function.ts';
import type { SessionStore } from '../domain/ports/books.ts';
import type { GateReader } from '../domain/ports/gate.ts';
import { resourceIn } from '../domain/ids.ts';
import { OPEN_GATE } from '../domain/payment/gate.ts';
import { createGateReader } from '../ledger/dynamodb/books/gate-item.ts';
import { toAssetsView } from '../api/views/assets.ts';
import { toEvidenceView } from '../api/views/evidence.ts';
import { toOutcomeView } from '../api/views/outcomes.ts';
import { toQuoteView } from '../api/views/offers.ts';
import { quoteChallenge, type QuoteDeps } from '../service/asking/quote-challenge.ts';
import { listAssets } from '../service/tenants/assets.ts';
import { noManager } from '../service/tenants/admission.ts';
import { ok } from '../domain/result.ts';
import { createPolicyReader } from '../ledger/dynamodb/policies/policy-reader.ts';
import { createEvidenceStore } from '../ledger/dynamodb/evidence/evidence-store.ts';
import { createOutcomeKeeper } from '../ledger/dynamodb/memory/outcome-store.ts';
import { readAppliedPolicies } from '../service/policing/applied-policies.ts';
import type { EvidenceDeps } from '../service/evidence/keep-evidence.ts';
import { reportOutcome, type OutcomeDeps } from '../service/policing/report-outcome.ts';
import { createPolicySource, type PolicySource } from '../service/policing/policy-source.ts';
import { createPaymentLog } from '../ledger/dynamodb/books/payment-log.ts';
import { createRegistry } from '../ledger/dynamodb/registry/registry.ts';
import type { StoreTable } from '../ledger/dynamodb/store/conditional-write.ts';
import { createSessionStore } from '../ledger/dynamodb/books/session-store.ts';
import { createTopUpLog } from '../ledger/dynamodb/top-ups/top-up-store.ts';
import { toReceipt } from '../receipts/receipt.ts';
import { createChainReaders } from '../chains/evm/reader.ts';
import { createShownBalances } from '../chains/shown-balances.ts';
import { toAllowanceView } from '../api/views/allowances.ts';
import { PERMIT2 } from '../chains/evm/addresses.ts';
import { createAllowanceBooks } from '../ledger/dynamodb/allowances/allowance-books.ts';
import { createWithdrawalOutcomes } from '../ledger/dynamodb/allowances/withdrawal-outcomes.ts';
import { findAllowance } from '../service/allowances/asking.ts';
import { readApprovalGas } from './paying/approval-gas.ts';
import { chainAccess } from './runtime/chain-endpoints.ts';
import { readReadingConfig, type ReadingConfig } from './runtime/chain-config.ts';
import { readTokenTable } from './runtime/token-table.ts';
import { getInstrumentFunds, getWithdrawal } from '../service/tenants/funds.ts';
import { getInstrumentBalance } from '../service/tenants/balance.ts';
import { listInstruments } from '../service/tenants/instruments.ts';
import { toPageView } from '../api/views/pages.ts';
import { getPayment, listPayments } from '../service/paying/payments.ts';
import { getSession, listSessions } from '../service/tenants/sessions.ts';
import { listTopUps } from '../service/tenants/top-ups.ts';
import { toFundsView } from '../api/views/funds.ts';
import { toInstrumentSummary, toSessionFields, toSessionSummary, toSessionView } from '../api/views/payments.ts';
import { toWithdrawalState } from '../api/views/withdrawals.ts';
import { toTopUpView } from '../api/views/top-ups.ts';
import { composeServing, systemClock } from './runtime/runtime.ts';
import { openStore } from './runtime/transport.ts';
import { createOverviewHandler } from './wallet-page/wallet-overview.ts';

/** The requests of its operations, of which it has few in each family. */
const READ_REQUESTS = {
  ...INSTRUMENT_REQUESTS,
  ...SESSION_REQUESTS,
  ...TOP_UP_REQUESTS,
  ...PAYMENT_REQUESTS,
  ...ASKING_REQUESTS,
  ...WITHDRAWAL_REQUESTS,
  ...FUNDS_REQUESTS,
  ...OUTCOME_REQUESTS,
  ...ALLOWANCE_REQUESTS,
  ...ASSET_REQUESTS,
  ...WALLET_PAGE_REQUESTS,
};
const READ_ROUTES = {
  ...INSTRUMENT_ROUTES,
  ...SESSION_ROUTES,
  ...TOP_UP_ROUTES,
  ...PAYMENT_ROUTES,
  ...ASKING_ROUTES,
  ...WITHDRAWAL_ROUTES,
  ...FUNDS_ROUTES,
  ...OUTCOME_ROUTES,
  ...ALLOWANCE_ROUTES,
  ...ASSET_ROUTES,
  ...WALLET_PAGE_ROUTES,
};

/** Everything that only reads, and what clients report of their payments, which moves nothing. */
export function composeReadPayments(env: NodeJS.ProcessEnv) {
  const config = readReadingConfig(env);
  const { deployment } = config;
  const networks = [...config.allowedNetworks] as NetworkId[];
  const gasPerDay = readApprovalGas(env);
  const deps = openTables(config, env);
  return createFunction(
    'read-payments',
    {
      ListPaymentInstruments: async ({ input, principal }) => {
        const page = await listInstruments(deps, principal, input);
        if (!page.ok) return page;
        return ok({
          body: toPageView('paymentInstruments', page.value, (item) => toInstrumentSummary(deployment, item)),
        });
      },
      GetPaymentInstrumentBalance: async ({ input, principal }) => {
        const balance = await getInstrumentBalance(deps, principal, input);
        if (!balance.ok) return balance;
        const { instrument, asset, amount } = balance.value;
        const { decimals, symbol: token } = asset;
        const { network } = instrument;
        const tokenBalance = { amount: `${amount}`, decimals, token, network, chain: input.chain };
        return ok({ body: { paymentInstrumentId: instrument.instrumentId, tokenBalance } });
      },
      GetPaymentSession: async ({ input, principal, agentName }) => {
        const found = await getSession(deps, principal, input);
        if (!found.ok) return found;
        const spendPolicy = await readAppliedPolicies(deps, { ...found.value, agentName });
        const paymentSession = {
          ...toSessionView(deployment, found.value, { now: systemClock.now(), gasPerDay }),
          ...(spendPolicy === null ? {} : { spendPolicy }),
          networks,
        };
        return ok({ body: { paymentSession }, log: toSessionFields(found.value) });
      },
      ListPaymentSessions: async ({ input, principal }) => {
        const page = await listSessions(deps, principal, input);
        if (!page.ok) return page;
        return ok({ body: toPageView('paymentSessions', page.value, (item) => toSessionSummary(deployment, item)) });
      },
      ListSessionTopUps: async ({ input, principal }) => {
        const page = await listTopUps(deps, principal, input);
        if (!page.ok) return page;
        return ok({ body: toPageView('topUps', page.value, (item) => toTopUpView(deployment, item)) });
      },
      ListPayments: async ({ input, principal }) => {
        const page = await listPayments(deps, principal, input);
        return page.ok
          ? ok({ body: toPageView('payments', page.value, (item) => toReceipt(deployment, item, schemeOf)) })
          : page;
      },
      GetPayment: createPaymentHandler(deps),
      GetWithdrawal: async ({ input, principal }) => {
        const found = await getWithdrawal(deps, principal, input);
        if (!found.ok) return found;
        return ok({ body: toWithdrawalState(deployment, found.value) });
      },
      GetInstrumentFunds: async ({ input, principal }) => {
        const found = await getInstrumentFunds(deps, principal, input);
        return found.ok ? ok({ body: toFundsView(found.value) }) : found;
      },
      GetAllowance: createAllowanceHandler(config, deps, gasPerDay),
      ReportOutcome: async ({ input, principal }) =>
        answerWith(
          await reportOutcome({ ...deps, keepReceipt: keepReceiptWith(deps) }, principal, input),
          toOutcomeView,
        ),
      ListAssets: async ({ input, principal }) =>
        answerWith(
          await listAssets({ ...deps, allowedNetworks: config.allowedNetworks }, principal, input),
          toAssetsView,
        ),
      QuoteChallenge: createQuoteHandler(config, deps),
      GetWalletOverview: createOverviewHandler({ ...deps, allowedNetworks: config.allowedNetworks }),
    },
    { ...composeServing(env), routes: READ_ROUTES, requests: READ_REQUESTS, userBinding: config.userBinding },
  );
}

function openTables({ booksTable, registryTable, deployment, rpcUrls }: ReadingConfig, env: NodeJS.ProcessEnv) {
  const { client } = openStore(env);
  const chainReaders = createChainReaders(rpcUrls, chainAccess);
  const books = { tableName: booksTable, client, clock: systemClock, schemeOf };
  const registry = { tableName: registryTable, client };
  const table = readTokenTable(env);
  return {
    deployment,
    tokens: () => Promise.resolve(table),
    registry: createRegistry(registry),
    sessions: createSessionStore(books),
    topUpLog: createTopUpLog(books),
    payments: createPaymentLog(books),
    gates: createGateReader(books),
    outcomes: createOutcomeKeeper(registry),
    evidence: createEvidenceStore(books),
    allowances: createAllowanceBooks(books),
    chainReaders,
    balances: createShownBalances(chainReaders, systemClock),
    withdrawalOutcomes: createWithdrawalOutcomes(books),
    policyReader: createPolicyReader(registry),
    policies: openPolicies(registry),
    clock: systemClock,
  };
}

/** A receipt, with what the seller signed of its payment. */
function createPaymentHandler(deps: ReturnType<typeof openTables>): OperationHandler<'GetPayment'> {
  return async ({ input, principal }) => {
    const found = await getPayment(deps, principal, input);
    if (!found.ok) return found;
    const evidence = toEvidenceView(await deps.evidence.readEvidence(found.value.id));
    const body = { payment: toReceipt(deps.deployment, found.value, schemeOf) };
    return ok({ body: evidence === undefined ? body : { ...body, evidence } });
  };
}

/** What looks who signed is loaded with the first receipt. */
function keepReceiptWith(deps: EvidenceDeps): OutcomeDeps['keepReceipt'] {
  return async (payment, of) =>
    (await import('../service/evidence/keep-evidence.ts')).keepSignedReceipt(deps, payment, of);
}

/** What a wallet lets Permit2 take: as it was asked for, and as the chain shows it now. */
function createAllowanceHandler(
  { deployment, allowedNetworks }: ReadingConfig,
  { allowances: books, registry, chainReaders, clock }: ReturnType<typeof openTables>,
  gasPerDay: bigint | null,
): OperationHandler<'GetAllowance'> {
  return async ({ input, principal }) => {
    const found = await findAllowance(
      { books, registry, deployment, allowedNetworks, clock },
      principal,
      'read',
      input,
    );
    if (!found.ok) return found;
    const { allowance, network } = found.value;
    const reader = chainReaders.get(network.id);
    const onChain = await reader?.allowanceOf(network.usdc.address, allowance.owner, PERMIT2).catch(() => null);
    const view = toAllowanceView(found.value, { spender: PERMIT2, gasPerDay, now: clock.now() });
    return ok({ body: { allowance: { ...view, onChain: onChain == null ? null : `${onChain}` } } });
  };
}

/** Policies that are judged, and never paid by: nothing is remembered of it. */
function openPolicies(table: StoreTable): PolicySource {
  const remembering = async () => (await import('./policies/remembering.ts')).composeRecalling(table);
  return createPolicySource({ reader: createPolicyReader(table), clock: systemClock, remembering });
}

/** Says what a 402 would come to. Here and not in the paying function: it cannot sign, and it may ask the chains. */
function createQuoteHandler(
  { deployment, allowedNetworks, facilitators, validityCapSeconds }: ReadingConfig,
  {
    gates,
    sessions,
    ...deps
  }: Omit<QuoteDeps, 'ledger' | keyof ReadingConfig> & {
    readonly gates: GateReader;
    readonly sessions: Pick<SessionStore, 'readSession'>;
  },
): OperationHandler<'QuoteChallenge'> {
  const ledger = {
    readSession: sessions.readSession,
    // Books that are new have no gate, which is an open one. Looking makes none.
    readGate: async () => (await gates.find()) ?? OPEN_GATE,
  };
  return async ({ input: { manager, ...asked }, principal, agentName }) => {
    const managerId = resourceIn(deployment, manager);
    if (managerId === null) return noManager(principal);
    const quote = await quoteChallenge(
      { ...deps, ledger, allowedNetworks, facilitators, validityCapSeconds },
      { ...asked, managerId, principal, agentName },
    );
    return quote.ok ? ok({ body: toQuoteView(quote.value), log: { managerId } }) : quote;
  };
}
