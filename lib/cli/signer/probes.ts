import { transferMessage } from '../../chains/evm/eip3009.ts';
import type { Eip712Message } from '../../chains/evm/shapes.ts';
import { findNetwork } from '../../domain/assets.ts';
import { formatHex } from '../../domain/hex.ts';
import { parseBaseUnits } from '../../domain/money.ts';
import type { Hex } from '../../domain/payment/payment.ts';
import { addMs, floorToSeconds, toEpochMs, toEpochSeconds, type EpochMs } from '../../domain/time.ts';
import type { RequestKey } from '../../wallets/external-signer/request-key.ts';
import { signRequest } from '../../wallets/external-signer/request-signature.ts';
import type { SigningRequest } from '../../wallets/external-signer/signing-request.ts';

/** Of a test network: what a signer signs here moves no money that is worth anything. */
const NETWORK = 'eip155:84532';
const AMOUNT_UNITS = '10000';
const AMOUNT_USD = '0.01';
const VALIDITY_SECONDS = 300;

/** What a suite knows of the signer that it asks. */
export interface Subject {
  /** Where it is asked: a URL, or the ARN of a function. */
  readonly uri: string;
  readonly address: Hex;
  /** Whom the probes pay. */
  readonly payTo: Hex;
  readonly key: RequestKey;
}

/** What makes two probes differ, and when they are sent. */
export interface Moment {
  readonly now: EpochMs;
  readonly randomBytes: (size: number) => Uint8Array;
}

/** A payment of a cent on a test network, never the same twice. */
export function probeMessage({ address, payTo }: Subject, { now, randomBytes }: Moment): Eip712Message {
  const asset = findNetwork(NETWORK)!.usdc.address;
  const amount = parseBaseUnits(AMOUNT_UNITS);
  if (!amount.ok) throw new Error('the probe has no amount');
  const seconds = floorToSeconds(now);
  return transferMessage(
    { network: NETWORK, asset, amount: amount.value, payTo },
    {
      transferMethod: 'eip3009',
      from: address,
      validAfter: toEpochSeconds(0),
      validBefore: toEpochSeconds(seconds + VALIDITY_SECONDS),
      nonce: `0x${formatHex(randomBytes(32))}`,
    },
  );
}

/** The payment that the probe is said to be of. */
export function probePayment({ payTo }: Subject): NonNullable<SigningRequest['payment']> {
  return {
    processPaymentId: '00000000-0000-4000-8000-000000000000',
    paymentManagerId: 'probe-0000000000',
    paymentSessionId: 'payment-session-000000000000000',
    paymentInstrumentId: 'payment-instrument-000000000000000',
    userId: 'bursar-signer-check',
    network: NETWORK,
    payTo,
    amountUsd: AMOUNT_USD,
    declared: { agentName: 'bursar signer check', url: null, description: null },
  };
}

/** A request as it goes out. */
export interface Sent {
  readonly method: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** @param signedFor what the signature is made over, where that is not what is sent */
export function toSent(
  body: string,
  { uri, key }: Pick<Subject, 'uri' | 'key'>,
  { now, randomBytes }: Moment,
  signedFor: { readonly uri?: string; readonly body?: string; readonly agoMs?: number } = {},
): Sent {
  const signed = signRequest(
    { uri: signedFor.uri ?? uri, body: signedFor.body ?? body },
    {
      key,
      now: addMs(toEpochMs(now), -(signedFor.agoMs ?? 0)),
      nonce: Buffer.from(randomBytes(16)).toString('base64url'),
    },
  );
  return { method: 'POST', body, headers: { 'content-type': 'application/json', ...signed } };
}
