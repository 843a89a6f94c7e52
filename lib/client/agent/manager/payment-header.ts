import { findNetwork } from '../../../domain/assets.ts';
import { parseUsd } from '../../../domain/money.ts';
import { isRecord } from '../../../json/record.ts';
import { attachProof, payablePayments, readChallenge, type ChosenPayment } from '../../../protocols/challenge.ts';
import type { PaymentHeaderInput, PaymentManager, PaymentRequiredRequest } from './manager-options.ts';
import { PaymentError } from './payment-errors.ts';

/** Where terms do not say for what URL they are, no resource is of another host. */
const ANY_URL = 'https://resource.invalid/';

/** AgentCore's name of the wallets that pay on the networks that Bursar knows. */
const FAMILY = 'ETHEREUM';

type Parts = Pick<PaymentManager, 'getPaymentInstrument' | 'processPayment'>;

/** Makes `generatePaymentHeader` of the two that it asks. */
export function createHeaderMaker({
  getPaymentInstrument,
  processPayment,
}: Parts): PaymentManager['generatePaymentHeader'] {
  return async (input, callOptions) => {
    checkInput(input);
    const { paymentInstrumentId, paymentSessionId, userId, clientToken } = input;
    const payments = await readPayable(input);
    const instrument = await getPaymentInstrument({ paymentInstrumentId, userId }, callOptions);
    const { network } = instrument.paymentInstrumentDetails.embeddedCryptoWallet;
    if (network !== FAMILY) {
      throw new PaymentError(`Accept Selection: nothing that is offered can be paid by a wallet of ${network}`);
    }
    const payment = choose(payments, input);
    const { paymentOutput } = await processPayment(
      { paymentSessionId, paymentInstrumentId, userId, clientToken, ...withLeave(payment, input) },
      callOptions,
    );
    try {
      const { name, value } = await attachProof(payment, paymentOutput);
      return { [name]: value };
    } catch (cause) {
      throw new PaymentError('Payment Processing: the payment output holds no proof of what was asked for', { cause });
    }
  };
}

function refuse(what: string): never {
  throw new PaymentError(`Input Validation: ${what}`);
}

function checkInput({ paymentInstrumentId, paymentSessionId, clientToken, ...input }: PaymentHeaderInput): void {
  const { paymentRequiredRequest: asked, buyerPaysGasFees, permit2AllowanceLimit } = input;
  if (isEmpty(paymentInstrumentId)) refuse('paymentInstrumentId must be a non-empty string');
  if (isEmpty(paymentSessionId)) refuse('paymentSessionId must be a non-empty string');
  if (clientToken !== undefined && isEmpty(clientToken)) refuse('clientToken must be a non-empty string');
  if (!isRecord(asked) || !('statusCode' in asked && 'headers' in asked && 'body' in asked)) {
    refuse('paymentRequiredRequest must contain statusCode, headers and body');
  }
  if (asked.statusCode !== 402) {
    throw new PaymentError(`402 Status Validation: expected statusCode 402, got ${String(asked.statusCode)}`);
  }
  // A text that says "false" must not let a wallet be charged for gas.
  if (buyerPaysGasFees !== undefined && typeof buyerPaysGasFees !== 'boolean') {
    refuse('buyerPaysGasFees must be a boolean');
  }
  if (permit2AllowanceLimit !== undefined && !/^[0-9]{1,78}$/.test(permit2AllowanceLimit)) {
    refuse('permit2AllowanceLimit must be a whole number as text');
  }
}

function isEmpty(text: unknown): boolean {
  return typeof text !== 'string' || text.trim() === '';
}

/** What the 402 offers that can be paid, the cheapest first. */
async function readPayable({ paymentRequiredRequest: asked, url, maxPriceUsd }: PaymentHeaderInput) {
  const maxAmount = maxPriceUsd === undefined ? null : parseUsd(maxPriceUsd);
  if (maxAmount?.ok === false) return refuse(`maxPriceUsd must be ${maxAmount.error.expected}`);
  const challenge = readChallenge({ headers: new Headers({ ...asked.headers }), body: toText(asked.body) });
  if (!challenge.ok) throw new PaymentError(`X.402 Extraction: ${challenge.error.message}`);
  if (challenge.value === null) throw new PaymentError('X.402 Extraction: the 402 speaks neither x402 nor MPP');
  const payable = await payablePayments(challenge.value, {
    requestedUrl: url ?? ANY_URL,
    resource: url === undefined ? 'any' : 'related',
    maxAmount: maxAmount?.value ?? null,
  });
  if (!payable.ok) throw new PaymentError(`Accept Selection: ${payable.error.message}`);
  return payable.value;
}

function toText(body: PaymentRequiredRequest['body']): string {
  return typeof body === 'string' ? body : JSON.stringify(body ?? {});
}

/** The first network of the preferences that is offered, and of it the cheapest offer; without one of them the cheapest of all. */
function choose(
  payments: readonly [ChosenPayment, ...ChosenPayment[]],
  { networkPreferences = [] }: PaymentHeaderInput,
): ChosenPayment {
  for (const preferred of networkPreferences) {
    const wanted = findNetwork(preferred)?.id ?? preferred;
    const found = payments.find(({ offer }) => offer.network === wanted);
    if (found !== undefined) return found;
  }
  return payments[0];
}

/** What is asked for, with what the caller lets it cost besides. */
function withLeave(
  { request, offer }: ChosenPayment,
  { buyerPaysGasFees, permit2AllowanceLimit }: PaymentHeaderInput,
): ChosenPayment['request'] {
  if (request.paymentType === 'MPP') {
    if (buyerPaysGasFees === undefined) return request;
    return { ...request, paymentInput: { mpp: { ...request.paymentInput.mpp, buyerPaysGasFees } } } as typeof request;
  }
  if (permit2AllowanceLimit === undefined || offer.scheme !== 'upto') return request;
  const { cryptoX402 } = request.paymentInput;
  return { ...request, paymentInput: { cryptoX402: { ...cryptoX402, permit2AllowanceLimit } } } as typeof request;
}
