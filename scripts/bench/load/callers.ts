import { createBursarClient, isFinalDenial, BursarError } from '../../../lib/client/index.ts';
import { findNetwork } from '../../../lib/domain/assets.ts';
import { PAY_TO, requirementOf } from '../challenge.ts';
import type { LoadTarget } from './stack-under-load.ts';

/** One payment to ask for. */
export interface Order {
  readonly sessionId: string;
  readonly clientToken: string;
}

/** What became of a request. `busy`: the caller is told to come back. */
export type Outcome =
  | { readonly kind: 'paid'; readonly proof: string }
  | { readonly kind: 'denied' | 'busy' }
  | { readonly kind: 'failed'; readonly message: string };

/** A user with one wallet, and the agent that pays for them. */
export interface Callers {
  openSession(limitUsd: string): Promise<string>;
  pay(order: Order): Promise<Outcome>;
}

const USER = 'user-load';
const SESSION_MINUTES = 480;
const NETWORK = findNetwork('eip155:84532')!;
/** Micro-dollars: a tenth of a cent. */
const AMOUNT = '1000';
const TIMEOUT_MS = 20_000;

export async function openCallers(target: LoadTarget): Promise<Callers> {
  const { endpoint, region, credentials, paymentManagerArn } = target;
  const options = { endpoint, region, timeoutMs: TIMEOUT_MS };
  const backend = createBursarClient({ ...options, credentials: credentials.management });
  // A repetition that is hidden from us would hide the time that it takes.
  const agent = createBursarClient({ ...options, credentials: credentials.processPayment, attemptsMax: 1 });
  const post = <T>(path: string, body: object): Promise<T> =>
    backend.send<T>({ method: 'POST', path, userId: USER, body: { paymentManagerArn, ...body } });
  const { paymentInstrument } = await post<{ readonly paymentInstrument: { readonly paymentInstrumentId: string } }>(
    '/payments/createPaymentInstrument',
    {
      paymentConnectorId: target.paymentConnectorIds.SeedVault,
      paymentInstrumentType: 'EMBEDDED_CRYPTO_WALLET',
      paymentInstrumentDetails: { embeddedCryptoWallet: { network: 'ETHEREUM', linkedAccounts: [] } },
      clientToken: `load-wallet-${crypto.randomUUID()}`,
    },
  );
  const payload = requirementOf(NETWORK, AMOUNT, PAY_TO);
  return {
    openSession: async (limitUsd) => {
      const { paymentSession } = await post<{ readonly paymentSession: { readonly paymentSessionId: string } }>(
        '/payments/createPaymentSession',
        {
          expiryTimeInMinutes: SESSION_MINUTES,
          limits: { maxSpendAmount: { value: limitUsd, currency: 'USD' } },
          clientToken: `load-session-${crypto.randomUUID()}`,
        },
      );
      return paymentSession.paymentSessionId;
    },
    pay: async ({ sessionId, clientToken }) => {
      try {
        // Whether it was replayed is all that may differ between two answers.
        const { replayed: _replayed, ...output } = await agent.processPayment({
          paymentManagerArn,
          userId: USER,
          paymentSessionId: sessionId,
          paymentInstrumentId: paymentInstrument.paymentInstrumentId,
          paymentType: 'CRYPTO_X402',
          paymentInput: { cryptoX402: { version: '2', payload } },
          clientToken,
        });
        return { kind: 'paid', proof: JSON.stringify(output) };
      } catch (error) {
        return toOutcome(error);
      }
    },
  };
}

function toOutcome(error: unknown): Outcome {
  if (!(error instanceof BursarError)) return { kind: 'failed', message: String(error) };
  if (isFinalDenial(error)) return { kind: 'denied' };
  if (error.status === 429 || error.status === 503) return { kind: 'busy' };
  return { kind: 'failed', message: `${error.status} ${error.errorName} ${error.code ?? ''}`.trim() };
}
