import { createFunction } from '../../api/function.ts';
import { PAGE_SIZE_DEFAULT, STORE_ATTEMPTS_MAX } from '../../domain/limits.ts';
import type { Page, PageRequest } from '../../domain/ports.ts';
import { ok } from '../../domain/result.ts';
import { createStoreClient } from '../../ledger/dynamodb/client.ts';
import { createPaymentLog } from '../../ledger/dynamodb/payment-log.ts';
import { createRegistry } from '../../ledger/dynamodb/registry.ts';
import { createSessionStore } from '../../ledger/dynamodb/session-store.ts';
import { toReceipt } from '../../receipts/receipt.ts';
import { createChainReaders } from '../chain-reader.ts';
import { readReadingConfig } from '../config.ts';
import { getInstrument, getInstrumentBalance, listInstruments } from '../instruments.ts';
import { getPayment, listPayments } from '../payments.ts';
import { getSession, listSessions } from '../sessions.ts';
import { toInstrumentSummary, toInstrumentView, toSessionSummary, toSessionView } from '../views.ts';
import { systemClock, writeLog } from './runtime.ts';

function pageOf(input: {
  readonly maxResults?: number | undefined;
  readonly nextToken?: string | undefined;
}): PageRequest {
  const start = input.nextToken === undefined ? {} : { nextToken: input.nextToken };
  return { maxResults: input.maxResults ?? PAGE_SIZE_DEFAULT, ...start };
}

/** A list's answer: `nextToken` is left out on the last page. */
function pageBody<T>(name: string, page: Page<T>, view: (item: T) => object): object {
  return { [name]: page.items.map(view), ...(page.nextToken === undefined ? {} : { nextToken: page.nextToken }) };
}

/** Everything that only reads. */
export function composeReadPayments(env: NodeJS.ProcessEnv) {
  const config = readReadingConfig(env);
  const { deployment } = config;
  const client = createStoreClient({ maxAttempts: STORE_ATTEMPTS_MAX });
  const books = { tableName: config.booksTable, client, clock: systemClock };
  const deps = {
    deployment,
    registry: createRegistry({ tableName: config.registryTable, client }),
    sessions: createSessionStore(books),
    payments: createPaymentLog(books),
    chainReaders: createChainReaders(config.rpcUrls),
  };
  return createFunction(
    'read-payments',
    {
      GetPaymentInstrument: async ({ input, userId }) => {
        const found = await getInstrument(deps, userId, input);
        return found.ok ? ok({ body: { paymentInstrument: toInstrumentView(deployment, found.value) } }) : found;
      },
      ListPaymentInstruments: async ({ input, userId }) => {
        const page = await listInstruments(deps, userId, input, pageOf(input));
        if (!page.ok) return page;
        return ok({
          body: pageBody('paymentInstruments', page.value, (item) => toInstrumentSummary(deployment, item)),
        });
      },
      GetPaymentInstrumentBalance: async ({ input, userId }) => {
        const balance = await getInstrumentBalance(deps, userId, input);
        if (!balance.ok) return balance;
        const { instrument, network, amount } = balance.value;
        const { decimals, symbol } = network.usdc;
        const tokenBalance = {
          amount: `${amount}`,
          decimals,
          token: symbol,
          network: instrument.network,
          chain: input.chain,
        };
        return ok({ body: { paymentInstrumentId: instrument.instrumentId, tokenBalance } });
      },
      GetPaymentSession: async ({ input, userId }) => {
        const found = await getSession(deps, userId, input);
        if (!found.ok) return found;
        return ok({ body: { paymentSession: toSessionView(deployment, found.value, systemClock.now()) } });
      },
      ListPaymentSessions: async ({ input, userId }) => {
        const page = await listSessions(deps, userId, input, pageOf(input));
        if (!page.ok) return page;
        return ok({ body: pageBody('paymentSessions', page.value, (item) => toSessionSummary(deployment, item)) });
      },
      ListPayments: async ({ input, userId }) => {
        const page = await listPayments(deps, userId, input, pageOf(input));
        return page.ok ? ok({ body: pageBody('payments', page.value, (item) => toReceipt(deployment, item)) }) : page;
      },
      GetPayment: async ({ input, userId }) => {
        const found = await getPayment(deps, userId, input);
        return found.ok ? ok({ body: { payment: toReceipt(deployment, found.value) } }) : found;
      },
    },
    { clock: systemClock, log: writeLog },
  );
}
