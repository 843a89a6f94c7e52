import { isAddress } from '../../lib/chains/evm/address.ts';
import type { Answer, CallInput } from '../../lib/contract/client-types.ts';
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

export type Receipt = Answer<'GetPayment'>['payment'];

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
  const user = { userId: USER };
  const wallets = await Promise.all(
    Object.values(info.paymentConnectorIds).map((connectorId) => openWallet(backend, managerArn, connectorId)),
  );
  return {
    userId: USER,
    managerArn,
    agent: clientOf('processPayment', 1),
    wallets,
    openSession: async (limitUsd) => {
      const input = {
        paymentManagerArn: managerArn,
        expiryTimeInMinutes: SESSION_MINUTES,
        limits: { maxSpendAmount: { value: limitUsd, currency: 'USD' } },
        clientToken: `nemesis-session-${crypto.randomUUID()}`,
      } as const;
      const { paymentSession } = await backend.call('CreatePaymentSession', input, user);
      return paymentSession.paymentSessionId;
    },
    readSession: async (sessionId) => {
      const input = { paymentManagerArn: managerArn, paymentSessionId: sessionId };
      return toFigures((await backend.call('GetPaymentSession', input, user)).paymentSession);
    },
    listReceipts: () => listReceipts(backend, managerArn),
  };
}

async function openWallet(client: BursarClient, paymentManagerArn: string, connectorId: string): Promise<Wallet> {
  const input = {
    paymentManagerArn,
    paymentConnectorId: connectorId,
    paymentInstrumentType: 'EMBEDDED_CRYPTO_WALLET',
    paymentInstrumentDetails: { embeddedCryptoWallet: { network: 'ETHEREUM', linkedAccounts: [] } },
    clientToken: `nemesis-wallet-${crypto.randomUUID()}`,
  } as const;
  const { paymentInstrument } = await client.call('CreatePaymentInstrument', input, { userId: USER });
  const address = paymentInstrument.paymentInstrumentDetails.embeddedCryptoWallet.walletAddress;
  if (address === undefined || !isAddress(address))
    throw new Error(`the wallet ${paymentInstrument.paymentInstrumentId} has no address`);
  return { instrumentId: paymentInstrument.paymentInstrumentId, address };
}

function toFigures(session: Answer<'GetPaymentSession'>['paymentSession']): SessionFigures {
  const { limits, availableLimits } = session;
  if (limits === undefined || availableLimits === undefined) throw new Error('a session of the nemesis has no limit');
  return {
    sessionId: session.paymentSessionId,
    limit: microUsd(limits.maxSpendAmount.value),
    available: microUsd(availableLimits.availableSpendAmount.value),
    reserved: microUsd(session.reservedAmount.value),
    spent: microUsd(session.spentAmount.value),
  };
}

async function listReceipts(client: BursarClient, paymentManagerArn: string): Promise<readonly Receipt[]> {
  const receipts: Receipt[] = [];
  let input: CallInput<'ListPayments'> = { paymentManagerArn };
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const { payments, nextToken } = await client.call('ListPayments', input, { userId: USER });
    receipts.push(...payments);
    if (nextToken === undefined) return receipts;
    input = { paymentManagerArn, nextToken };
  }
  throw new Error(`the payments do not end after ${PAGES_MAX} pages`);
}

/** Dollars as the API writes them, in micro-dollars. */
export function microUsd(text: string): bigint {
  const parsed = parseUsd(text);
  if (!parsed.ok) throw new Error(`not an amount of dollars: ${text}`);
  return parsed.value;
}
