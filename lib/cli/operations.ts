import type { BursarClient } from '../client/index.ts';
import type { Wallet } from './target/wallet.ts';

interface Named {
  readonly name: string;
  readonly status: string;
}
export interface ManagerView extends Named {
  readonly paymentManagerArn: string;
  readonly paymentManagerId: string;
  readonly authorizerType: string;
}
export interface ConnectorView extends Named {
  readonly paymentConnectorId: string;
  readonly type: string;
}
export interface InstrumentView {
  readonly paymentInstrumentId: string;
  readonly paymentConnectorId: string;
  readonly status: string;
  readonly paymentInstrumentDetails: { readonly embeddedCryptoWallet: { readonly walletAddress?: string } };
}
interface Usd {
  readonly value: string;
}
export interface SessionView {
  readonly paymentSessionId: string;
  readonly userId: string;
  readonly status: string;
  readonly expiresAt: string;
  readonly spentAmount: Usd;
  readonly reservedAmount: Usd;
  /** Missing where the session has no limit. */
  readonly limits?: { readonly maxSpendAmount: Usd };
  readonly availableLimits?: { readonly availableSpendAmount: Usd };
}
export interface TokenBalance {
  readonly amount: string;
  readonly decimals: number;
  readonly token: string;
  readonly chain: string;
}
export interface ReceiptView {
  readonly processPaymentId: string;
  readonly paymentSessionId: string;
  readonly agentName: string | null;
  /** Missing in deployments of earlier releases. */
  readonly purpose?: string;
  readonly decision: string;
  readonly denial: { readonly code: string } | null;
  readonly amountUsd: string;
  readonly offer: { readonly network: string; readonly payTo: string };
  readonly budget: { readonly availableUsd: string | null } | null;
  readonly createdAt: string;
}

/** Pages that one look-up reads at most; past it the thing must be named by its id. */
const PAGES_MAX = 50;

/** All items of a list, page by page. Throws where there are more pages than are read. */
async function readPages<T>(
  read: (nextToken: string | undefined) => Promise<{ readonly items: readonly T[]; readonly nextToken?: string }>,
): Promise<readonly T[]> {
  const items: T[] = [];
  let nextToken: string | undefined;
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const found = await read(nextToken);
    items.push(...found.items);
    nextToken = found.nextToken;
    if (nextToken === undefined) return items;
  }
  throw new Error(`the list has more than ${PAGES_MAX} pages: name the resource by its id`);
}

const pageQuery = (nextToken: string | undefined) => (nextToken === undefined ? {} : { query: { nextToken } });

export function listManagers(client: BursarClient): Promise<readonly ManagerView[]> {
  return readPages(async (nextToken) => {
    const page = await client.call<{ paymentManagers: ManagerView[]; nextToken?: string }>({
      method: 'POST',
      path: '/payments/managers-list',
      ...pageQuery(nextToken),
    });
    return { ...page, items: page.paymentManagers };
  });
}

export function getManager(client: BursarClient, managerId: string): Promise<ManagerView> {
  return client.call({ method: 'GET', path: `/payments/managers/${encodeURIComponent(managerId)}` });
}

export function createManager(client: BursarClient, body: object): Promise<ManagerView> {
  return client.call({ method: 'POST', path: '/payments/managers', body });
}

export function listConnectors(client: BursarClient, managerId: string): Promise<readonly ConnectorView[]> {
  return readPages(async (nextToken) => {
    const page = await client.call<{ paymentConnectors: ConnectorView[]; nextToken?: string }>({
      method: 'POST',
      path: `/payments/managers/${encodeURIComponent(managerId)}/connectors-list`,
      ...pageQuery(nextToken),
    });
    return { ...page, items: page.paymentConnectors };
  });
}

export function getConnector(client: BursarClient, managerId: string, connectorId: string): Promise<ConnectorView> {
  const path = `/payments/managers/${encodeURIComponent(managerId)}/connectors/${encodeURIComponent(connectorId)}`;
  return client.call({ method: 'GET', path });
}

export function createConnector(client: BursarClient, managerId: string, body: object): Promise<ConnectorView> {
  const path = `/payments/managers/${encodeURIComponent(managerId)}/connectors`;
  return client.call({ method: 'POST', path, body });
}

/** Who asks, and within which manager. */
export interface Owner {
  readonly paymentManagerArn: string;
  readonly userId: string;
}

function post<T>(client: BursarClient, operation: string, { userId, paymentManagerArn }: Owner, body: object) {
  return client.call<T>({
    method: 'POST',
    path: `/payments/${operation}`,
    userId,
    body: { paymentManagerArn, ...body },
  });
}

export function listInstruments(client: BursarClient, owner: Owner, paymentConnectorId: string) {
  return readPages(async (nextToken) => {
    const body = { paymentConnectorId, ...(nextToken === undefined ? {} : { nextToken }) };
    const page = await post<{ paymentInstruments: InstrumentView[]; nextToken?: string }>(
      client,
      'listPaymentInstruments',
      owner,
      body,
    );
    return { ...page, items: page.paymentInstruments };
  });
}

export async function getInstrument(client: BursarClient, owner: Owner, paymentInstrumentId: string) {
  const body = { paymentInstrumentId };
  return (await post<{ paymentInstrument: InstrumentView }>(client, 'getPaymentInstrument', owner, body))
    .paymentInstrument;
}

export async function createInstrument(client: BursarClient, owner: Owner, body: object): Promise<InstrumentView> {
  const answer = await post<{ paymentInstrument: InstrumentView }>(client, 'createPaymentInstrument', owner, body);
  return answer.paymentInstrument;
}

export async function createSession(client: BursarClient, owner: Owner, body: object): Promise<SessionView> {
  return (await post<{ paymentSession: SessionView }>(client, 'createPaymentSession', owner, body)).paymentSession;
}

export async function getSession(client: BursarClient, owner: Owner, paymentSessionId: string): Promise<SessionView> {
  const body = { paymentSessionId };
  return (await post<{ paymentSession: SessionView }>(client, 'getPaymentSession', owner, body)).paymentSession;
}

export async function deleteSession(client: BursarClient, owner: Owner, paymentSessionId: string): Promise<void> {
  await post(client, 'deletePaymentSession', owner, { paymentSessionId });
}

export async function readBalance(
  client: BursarClient,
  owner: Owner,
  { paymentConnectorId, paymentInstrumentId, chain }: Wallet,
): Promise<TokenBalance> {
  const body = { paymentConnectorId, paymentInstrumentId, chain, token: 'USDC' };
  return (await post<{ tokenBalance: TokenBalance }>(client, 'getPaymentInstrumentBalance', owner, body)).tokenBalance;
}

export async function listPayments(client: BursarClient, owner: Owner, limit: number): Promise<readonly ReceiptView[]> {
  const { payments } = await client.call<{ payments: ReceiptView[] }>({
    method: 'GET',
    path: '/bursar/payments',
    query: { paymentManagerArn: owner.paymentManagerArn, maxResults: `${limit}` },
    userId: owner.userId,
  });
  return payments;
}

export async function getPayment(client: BursarClient, owner: Owner, processPaymentId: string): Promise<ReceiptView> {
  const { payment } = await client.call<{ payment: ReceiptView }>({
    method: 'GET',
    path: `/bursar/payments/${encodeURIComponent(processPaymentId)}`,
    query: { paymentManagerArn: owner.paymentManagerArn },
    userId: owner.userId,
  });
  return payment;
}

/** What is left, in dollars; `null` where the session has no limit. */
export function availableOf(session: SessionView): string | null {
  return session.availableLimits?.availableSpendAmount.value ?? null;
}
