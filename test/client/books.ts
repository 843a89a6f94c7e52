import { formatUsd, parseUsd, type MicroUsd } from '../../lib/domain/money.ts';
import { findNetwork } from '../../lib/domain/assets.ts';
import {
  BursarError,
  type PaymentProcessor,
  type ProcessPaymentInput,
  type ProcessPaymentOutput,
  type StoredPayment,
} from '../../lib/client/index.ts';
import { memberOf } from '../../lib/json/record.ts';

interface Options {
  readonly budgetUsd?: string;
  /** Networks that the deployment pays on. */
  readonly networks?: readonly string[];
  /** Epoch milliseconds. */
  readonly now?: () => number;
  readonly validitySeconds?: number;
}

interface Stored extends StoredPayment {
  readonly payload: Record<string, unknown>;
}

export const FROM = '0x1111111111111111111111111111111111111111';

/**
 * The books of a Bursar in memory, by the contract of ProcessPayment: one payment for each token, whatever process asks. Each client
 * of it is a process of its own.
 */
export function createBooks({
  budgetUsd = '10.00',
  networks = ['eip155:84532'],
  now = Date.now,
  validitySeconds = 300,
}: Options = {}) {
  const payments = new Map<string, Stored>();
  const asked: ProcessPaymentInput[] = [];
  let left = usd(budgetUsd);

  const processPayment = async (input: ProcessPaymentInput): Promise<ProcessPaymentOutput> => {
    asked.push(input);
    const stored = payments.get(input.clientToken);
    if (input.replayOnly) return stored === undefined ? refuse('bursar:no_payment') : replay(stored);
    const terms = readTerms(input);
    if (!networks.includes(terms.network)) refuse('bursar:unsupported_network');
    if (stored !== undefined) return isSame(stored, input, terms) ? replay(stored) : refuseOther(stored);
    const price = usd(terms.amountUsd);
    const state = price <= left ? 'SIGNED' : 'DENIED';
    if (state === 'SIGNED') left = (left - price) as MicroUsd;
    const validBefore = Math.floor(now() / 1_000) + validitySeconds;
    const nonce = `0x${`${payments.size + 1}`.padStart(64, '0')}`;
    const payment: Stored = {
      ...terms,
      processPaymentId: `payment-${payments.size + 1}`,
      paymentSessionId: input.paymentSessionId,
      state,
      denial: state === 'DENIED' ? 'bursar:budget_exceeded' : null,
      validBefore,
      payload: {
        signature: `0x${'5a'.repeat(65)}`,
        authorization: {
          from: FROM,
          to: terms.payTo,
          value: price.toString(),
          validAfter: '0',
          validBefore: `${validBefore}`,
          nonce,
        },
      },
    };
    payments.set(input.clientToken, payment);
    return state === 'DENIED' ? refuse('bursar:budget_exceeded') : answer(payment, false);
  };

  return {
    /** A process with an empty memory. */
    client: (): PaymentProcessor => ({ processPayment: (input) => processPayment(structuredClone(input)) }),
    asked,
    signed: () => [...payments.values()].filter(({ state }) => state === 'SIGNED'),
    leftUsd: () => formatUsd(left),
    topUp: (amountUsd: string) => {
      left = (left + usd(amountUsd)) as MicroUsd;
    },
    /** Closes a payment that never was signed, as another process would that met it on other terms. */
    supersede: (clientToken: string) => {
      const stored = payments.get(clientToken);
      if (stored === undefined) throw new Error('no such payment');
      payments.set(clientToken, { ...stored, state: 'DENIED', denial: 'bursar:superseded' });
    },
    tokens: () => [...payments.keys()],
  };
}

function usd(text: string): MicroUsd {
  const parsed = parseUsd(text);
  if (!parsed.ok) throw new Error(`not an amount: ${text}`);
  return parsed.value;
}

function readTerms({ paymentInput }: ProcessPaymentInput) {
  const { payload } = paymentInput.cryptoX402!;
  const network = findNetwork(String(memberOf(payload, 'network')))?.id ?? '';
  const amount = BigInt(String(memberOf(payload, 'amount') ?? memberOf(payload, 'maxAmountRequired')));
  const [asset, payTo] = [String(memberOf(payload, 'asset')), String(memberOf(payload, 'payTo'))];
  return { amountUsd: formatUsd(amount as MicroUsd), network, asset, payTo };
}

function isSame(stored: Stored, input: ProcessPaymentInput, terms: ReturnType<typeof readTerms>): boolean {
  const { amountUsd, network, asset, payTo } = stored;
  const before = [stored.paymentSessionId, amountUsd, network, asset, payTo];
  const after = [input.paymentSessionId, terms.amountUsd, terms.network, terms.asset, terms.payTo];
  return before.join() === after.join();
}

function answer(stored: Stored, replayed: boolean): ProcessPaymentOutput {
  const { amountUsd, network, asset, payTo, validBefore } = stored;
  return {
    processPaymentId: stored.processPaymentId,
    status: 'PROOF_GENERATED',
    paymentOutput: { cryptoX402: { version: '2', payload: stored.payload } },
    bursar: { amountUsd, network, asset, payTo, validBefore },
    replayed,
  };
}

function replay(stored: Stored): ProcessPaymentOutput {
  return stored.denial === null ? answer(stored, true) : refuse(stored.denial, { replayed: true });
}

function refuseOther({ payload: _payload, ...stored }: Stored): never {
  return refuse('bursar:other_terms', { stored, reason: 'IdempotentParameterMismatchException' });
}

function refuse(
  code: string,
  details: { readonly replayed?: boolean; readonly stored?: StoredPayment; readonly reason?: string } = {},
): never {
  throw new BursarError(`refused: ${code}`, {
    errorName: 'ValidationException',
    status: 400,
    code,
    requestId: null,
    ...details,
  });
}
