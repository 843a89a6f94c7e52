import { createBursarClient, type BursarClient } from '../../lib/client/index.ts';
import { parseUsd } from '../../lib/domain/money.ts';
import type { LocalInfo } from '../../lib/local/info.ts';

/** What the API says of a session, in micro-dollars. */
export interface SessionFigures {
  readonly sessionId: string;
  readonly limit: bigint;
  readonly available: bigint;
  readonly reserved: bigint;
  readonly spent: bigint;
}

/** What the API says of a payment. */
export interface Receipt {
  readonly processPaymentId: string;
  readonly paymentSessionId: string;
  readonly decision: string;
  readonly amountUsd: string;
  readonly authorization: { readonly nonce: string };
}

export interface Wallet {
  readonly instrumentId: string;
  readonly address: `0x${string}`;
}

/** A user's dealings with the API besides paying. All calls are repeated while the stack is down. */
export interface Account {
  readonly userId: string;
  readonly managerArn: string;
  readonly agent: BursarClient;
  readonly wallets: readonly Wallet[];
  openSession(limitUsd: string): Promise<string>;
  readSession(sessionId: string): Promise<SessionFigures>;
  /** All pages, newest first. */
  listReceipts(): Promise<readonly Receipt[]>;
}

const USER = 'user-nemesis';
const SESSION_MINUTES = 480;
/** A stack that is being restarted answers after some seconds. */
const ATTEMPTS_MAX = 12;
const PAGES_MAX = 2_000;
const TIMEOUT_MS = 20_000;

/** Opens one wallet of each kind. The clients stay good over restarts: port and keys do not change. */
export async function openAccount(info: LocalInfo): Promise<Account> {
  const { endpoint, region, credentials, paymentManagerArn: managerArn } = info;
  const clientOf = (role: keyof typeof credentials, attemptsMax: number) =>
    createBursarClient({ endpoint, region, credentials: credentials[role], attemptsMax, timeoutMs: TIMEOUT_MS });
  const backend = clientOf('management', ATTEMPTS_MAX);
  const post = <T>(path: string, body: object) =>
    backend.call<T>({ method: 'POST', path, userId: USER, body: { paymentManagerArn: managerArn, ...body } });
  const wallets = await Promise.all(
    Object.values(info.paymentConnectorIds).map((connectorId) => openWallet(post, connectorId)),
  );
  return {
    userId: USER,
    managerArn,
    agent: clientOf('processPayment', 1),
    wallets,
    openSession: async (limitUsd) => {
      const { paymentSession } = await post<{ paymentSession: { paymentSessionId: string } }>(
        '/payments/createPaymentSession',
        {
          expiryTimeInMinutes: SESSION_MINUTES,
          limits: { maxSpendAmount: { value: limitUsd, currency: 'USD' } },
          clientToken: `nemesis-session-${crypto.randomUUID()}`,
        },
      );
      return paymentSession.paymentSessionId;
    },
    readSession: async (sessionId) => {
      const body = { paymentSessionId: sessionId };
      return toFigures(await post<SessionReply>('/payments/getPaymentSession', body));
    },
    listReceipts: () => listReceipts(backend, managerArn),
  };
}

type Post = <T>(path: string, body: object) => Promise<T>;

async function openWallet(post: Post, connectorId: string): Promise<Wallet> {
  const { paymentInstrument } = await post<{
    paymentInstrument: {
      paymentInstrumentId: string;
      paymentInstrumentDetails: { embeddedCryptoWallet: { walletAddress: `0x${string}` } };
    };
  }>('/payments/createPaymentInstrument', {
    paymentConnectorId: connectorId,
    paymentInstrumentType: 'EMBEDDED_CRYPTO_WALLET',
    paymentInstrumentDetails: { embeddedCryptoWallet: { network: 'ETHEREUM', linkedAccounts: [] } },
    clientToken: `nemesis-wallet-${crypto.randomUUID()}`,
  });
  const address = paymentInstrument.paymentInstrumentDetails.embeddedCryptoWallet.walletAddress;
  return { instrumentId: paymentInstrument.paymentInstrumentId, address };
}

interface Amount {
  readonly value: string;
}

interface SessionReply {
  readonly paymentSession: {
    readonly paymentSessionId: string;
    readonly limits: { readonly maxSpendAmount: Amount };
    readonly availableLimits: { readonly availableSpendAmount: Amount };
    readonly reservedAmount: Amount;
    readonly spentAmount: Amount;
  };
}

function toFigures({ paymentSession: session }: SessionReply): SessionFigures {
  return {
    sessionId: session.paymentSessionId,
    limit: microUsd(session.limits.maxSpendAmount.value),
    available: microUsd(session.availableLimits.availableSpendAmount.value),
    reserved: microUsd(session.reservedAmount.value),
    spent: microUsd(session.spentAmount.value),
  };
}

async function listReceipts(client: BursarClient, paymentManagerArn: string): Promise<readonly Receipt[]> {
  const receipts: Receipt[] = [];
  let query: Record<string, string> = { paymentManagerArn };
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const { payments, nextToken } = await client.call<{ payments: Receipt[]; nextToken?: string }>({
      method: 'GET',
      path: '/bursar/payments',
      query,
      userId: USER,
    });
    receipts.push(...payments);
    if (nextToken === undefined) return receipts;
    query = { paymentManagerArn, nextToken };
  }
  throw new Error(`the payments do not end after ${PAGES_MAX} pages`);
}

/** Dollars as the API writes them, in micro-dollars. */
export function microUsd(text: string): bigint {
  const parsed = parseUsd(text);
  if (!parsed.ok) throw new Error(`not an amount of dollars: ${text}`);
  return parsed.value;
}
