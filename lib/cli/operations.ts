import type { Answer, CallInput } from '../contract/client-types.ts';
import type { BursarClient, CallOptions } from '../client/index.ts';
import { PAGE_SIZE_MAX } from '../domain/limits.ts';
import type { Wallet } from './target/wallet.ts';

/** What every answer about a manager has. */
export type ManagerView = Pick<
  Answer<'CreatePaymentManager'>,
  'paymentManagerArn' | 'paymentManagerId' | 'name' | 'authorizerType' | 'status'
>;
/** What every answer about a connector has. */
export type ConnectorView = Pick<
  Answer<'GetPaymentConnector'>,
  'paymentConnectorId' | 'name' | 'type' | 'status' | 'signer'
>;
export type InstrumentView = Answer<'GetPaymentInstrument'>['paymentInstrument'];
export type SessionView = Answer<'GetPaymentSession'>['paymentSession'];
export type TokenBalance = Answer<'GetPaymentInstrumentBalance'>['tokenBalance'];
export type ReceiptView = Answer<'GetPayment'>['payment'];
/** A receipt with what the seller signed of its payment. */
export type PaymentView = ReceiptView & Pick<Answer<'GetPayment'>, 'evidence'>;

/** Pages that one look-up reads at most; past it the thing must be named by its id. */
const PAGES_MAX = 50;

/** All items of a list, page by page. Throws where there are more pages than are read. */
async function readPages<T>(
  read: (page: {
    readonly nextToken?: string;
  }) => Promise<{ readonly items: readonly T[]; readonly nextToken?: string | undefined }>,
): Promise<readonly T[]> {
  const items: T[] = [];
  let nextToken: string | undefined;
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const found = await read(nextToken === undefined ? {} : { nextToken });
    items.push(...found.items);
    nextToken = found.nextToken;
    if (nextToken === undefined) return items;
  }
  throw new Error(`the list has more than ${PAGES_MAX} pages: name the resource by its id`);
}

export function listManagers(client: BursarClient): Promise<readonly ManagerView[]> {
  return readPages(async (page) => {
    const { paymentManagers, nextToken } = await client.call('ListPaymentManagers', page);
    return { items: paymentManagers, nextToken };
  });
}

export function getManager(client: BursarClient, paymentManagerId: string): Promise<ManagerView> {
  return client.call('GetPaymentManager', { paymentManagerId });
}

export function createManager(client: BursarClient, input: CallInput<'CreatePaymentManager'>): Promise<ManagerView> {
  return client.call('CreatePaymentManager', input);
}

export function listConnectors(client: BursarClient, paymentManagerId: string): Promise<readonly ConnectorView[]> {
  return readPages(async (page) => {
    const answer = await client.call('ListPaymentConnectors', { paymentManagerId, ...page });
    return { items: answer.paymentConnectors, nextToken: answer.nextToken };
  });
}

export function getConnector(
  client: BursarClient,
  paymentManagerId: string,
  paymentConnectorId: string,
): Promise<ConnectorView> {
  return client.call('GetPaymentConnector', { paymentManagerId, paymentConnectorId });
}

export function createConnector(
  client: BursarClient,
  input: CallInput<'CreatePaymentConnector'>,
): Promise<ConnectorView> {
  return client.call('CreatePaymentConnector', input);
}

/** Who asks, and within which manager. */
export interface Owner {
  readonly paymentManagerArn: string;
  readonly userId: string;
}

export function listInstruments(
  client: BursarClient,
  { paymentManagerArn, userId }: Owner,
  paymentConnectorId: string,
): Promise<Answer<'ListPaymentInstruments'>['paymentInstruments']> {
  return readPages(async (page) => {
    const input = { paymentManagerArn, paymentConnectorId, ...page };
    const { paymentInstruments, nextToken } = await client.call('ListPaymentInstruments', input, { userId });
    return { items: paymentInstruments, nextToken };
  });
}

export async function getInstrument(
  client: BursarClient,
  { paymentManagerArn, userId }: Owner,
  paymentInstrumentId: string,
): Promise<InstrumentView> {
  const input = { paymentManagerArn, paymentInstrumentId };
  return (await client.call('GetPaymentInstrument', input, { userId })).paymentInstrument;
}

export async function revokeDelegation(
  client: BursarClient,
  { paymentManagerArn, userId }: Owner,
  paymentInstrumentId: string,
): Promise<InstrumentView> {
  const input = { paymentManagerArn, paymentInstrumentId };
  return (await client.call('RevokeWalletDelegation', input, { userId })).paymentInstrument;
}

export async function createOnrampSession(
  client: BursarClient,
  { paymentManagerArn, userId }: Owner,
  choices: Omit<CallInput<'CreateOnrampSession'>, 'paymentManagerArn'>,
): Promise<Answer<'CreateOnrampSession'>['onrampSession']> {
  return (await client.call('CreateOnrampSession', { paymentManagerArn, ...choices }, { userId })).onrampSession;
}

export async function requestTestFunds(
  client: BursarClient,
  { paymentManagerArn, userId }: Owner,
  choices: Omit<CallInput<'RequestTestFunds'>, 'paymentManagerArn'>,
): Promise<Answer<'RequestTestFunds'>['testFunds']> {
  return (await client.call('RequestTestFunds', { paymentManagerArn, ...choices }, { userId })).testFunds;
}

export async function createWalletLink(
  client: BursarClient,
  { paymentManagerArn, userId }: Owner,
  choices: Omit<CallInput<'CreateWalletLink'>, 'paymentManagerArn'>,
): Promise<Answer<'CreateWalletLink'>['walletLink']> {
  const input = { paymentManagerArn, ...choices };
  return (await client.call('CreateWalletLink', input, { userId })).walletLink;
}

export async function createInstrument(
  client: BursarClient,
  { paymentManagerArn, userId }: Owner,
  choices: Omit<CallInput<'CreatePaymentInstrument'>, 'paymentManagerArn'>,
): Promise<InstrumentView> {
  const input = { paymentManagerArn, ...choices };
  return (await client.call('CreatePaymentInstrument', input, { userId })).paymentInstrument;
}

export async function createSession(
  client: BursarClient,
  { paymentManagerArn, userId }: Owner,
  choices: Omit<CallInput<'CreatePaymentSession'>, 'paymentManagerArn'>,
): Promise<SessionView> {
  return (await client.call('CreatePaymentSession', { paymentManagerArn, ...choices }, { userId })).paymentSession;
}

export async function getSession(
  client: BursarClient,
  { paymentManagerArn, userId }: Owner,
  paymentSessionId: string,
): Promise<SessionView> {
  return (await client.call('GetPaymentSession', { paymentManagerArn, paymentSessionId }, { userId })).paymentSession;
}

export function listSessions(
  client: BursarClient,
  { paymentManagerArn, userId }: Owner,
): Promise<Answer<'ListPaymentSessions'>['paymentSessions']> {
  return readPages(async (page) => {
    const answer = await client.call('ListPaymentSessions', { paymentManagerArn, ...page }, { userId });
    return { items: answer.paymentSessions, nextToken: answer.nextToken };
  });
}

/** Newest first. */
export function listTopUps(
  client: BursarClient,
  { paymentManagerArn, userId }: Owner,
  paymentSessionId: string,
): Promise<Answer<'ListSessionTopUps'>['topUps']> {
  return readPages(async (page) => {
    const request = { paymentManagerArn, paymentSessionId, ...page };
    const answer = await client.call('ListSessionTopUps', request, { userId });
    return { items: answer.topUps, nextToken: answer.nextToken };
  });
}

/** The wallets of a user, whatever their connector. */
export function listWallets(
  client: BursarClient,
  { paymentManagerArn, userId }: Owner,
): Promise<Answer<'ListPaymentInstruments'>['paymentInstruments']> {
  return readPages(async (page) => {
    const answer = await client.call('ListPaymentInstruments', { paymentManagerArn, ...page }, { userId });
    return { items: answer.paymentInstruments, nextToken: answer.nextToken };
  });
}

export async function deleteSession(
  client: BursarClient,
  { paymentManagerArn, userId }: Owner,
  paymentSessionId: string,
): Promise<void> {
  await client.call('DeletePaymentSession', { paymentManagerArn, paymentSessionId }, { userId });
}

export async function readBalance(
  client: BursarClient,
  { paymentManagerArn, userId }: Owner,
  { paymentConnectorId, paymentInstrumentId, chain }: Wallet,
  options: CallOptions = {},
): Promise<TokenBalance> {
  const input = { paymentManagerArn, paymentConnectorId, paymentInstrumentId, chain, token: 'USDC' } as const;
  return (await client.call('GetPaymentInstrumentBalance', input, { userId }, options)).tokenBalance;
}

/** One page of receipts, newest first. `limit` is how many are wanted; `null`, as many as a page has. */
export async function listPayments(
  client: BursarClient,
  { paymentManagerArn, userId }: Owner,
  { limit, nextToken }: { readonly limit: number | null; readonly nextToken: string | undefined },
): Promise<{ readonly payments: readonly ReceiptView[]; readonly nextToken?: string | undefined }> {
  const maxResults = `${Math.min(limit ?? PAGE_SIZE_MAX, PAGE_SIZE_MAX)}`;
  const input = { paymentManagerArn, maxResults, ...(nextToken === undefined ? {} : { nextToken }) };
  return client.call('ListPayments', input, { userId });
}

export async function getPayment(
  client: BursarClient,
  { paymentManagerArn, userId }: Owner,
  processPaymentId: string,
): Promise<PaymentView> {
  const { payment, evidence } = await client.call('GetPayment', { paymentManagerArn, processPaymentId }, { userId });
  return evidence === undefined ? payment : { ...payment, evidence };
}

/** What is left, in dollars; `null` where the session has no limit. */
export function availableOf(session: SessionView): string | null {
  return session.availableLimits?.availableSpendAmount.value ?? null;
}
