import { NETWORKS, findNetwork, type Network } from '../../domain/assets.ts';
import { parseAddress } from '../../chains/evm/address.ts';
import { LEDGER_AMOUNT_MAX_DIGITS, MAX_TIMEOUT_SECONDS_MAX } from '../../domain/limits.ts';
import { parseBaseUnits, type BaseUnits } from '../../domain/money.ts';
import type { Hex, Offer } from '../../domain/payment/payment.ts';
import { ok, type Result } from '../../domain/result.ts';
import { isRecord, memberOf } from '../../json/record.ts';
import { formatReceived } from '../../json/quotation.ts';
import { refuseChallenge as no, type ChallengeRefusal } from './refusal.ts';
import type { X402Scheme, X402Version } from './scheme.ts';

export interface ReadContext {
  /** CAIP-2 ids of the networks that may be paid on. */
  readonly networks: ReadonlySet<string>;
  /** The schemes that can be paid, and those that are known by name only. */
  readonly schemes: X402Schemes;
}

/** The schemes of x402 that a release pays, and what it says of those that it does not. */
export interface X402Schemes {
  readonly payable: readonly X402Scheme[];
  /** By scheme: why an entry of a version is not paid, where there is more to say than that it is not supported. */
  readonly refusals: Readonly<Record<string, (version: X402Version) => string | null>>;
  /** The scheme that AgentCore's `permit2AllowanceLimit` belongs to. */
  readonly withAllowance: string;
}

const ZERO_ADDRESS = '0x0000000000000000000000000000000000000000';
const AMOUNT_MAX = 10n ** BigInt(LEDGER_AMOUNT_MAX_DIGITS) - 1n;

/**
 * Turns one entry of a seller's `accepts`, as AgentCore's `cryptoX402` carries it, into an offer that may be signed. Either
 * spelling of the amount and of the network is taken in both versions; everything that is signed comes from our own tables or
 * is checked against them. Does not say whether the offer is worth its price.
 * @see https://github.com/x402-foundation/x402/blob/main/specs/x402-specification-v2.md
 */
export function parseRequirement(
  input: { readonly version: unknown; readonly payload: unknown },
  context: ReadContext,
): Result<Offer, ChallengeRefusal> {
  const { version, payload } = input;
  if (version !== '1' && version !== '2') {
    return no(
      'unsupported_version',
      'version',
      `x402 version must be the text "1" or "2". Received: ${formatReceived(version)}`,
    );
  }
  if (!isRecord(payload)) {
    const message = `X402 Payload for signing is invalid. Received: ${formatReceived(payload)}. Expected: an object, one entry of the seller's accepts`;
    return no('invalid_payload', 'payload', message);
  }
  const schemes = findSchemes(memberOf(payload, 'scheme'), version, context.schemes);
  if (!schemes.ok) return schemes;
  const network = parseNetwork(memberOf(payload, 'network'), context);
  if (!network.ok) return network;
  const amount = parseAmount(payload);
  if (!amount.ok) return amount;
  const asset = parseAsset(memberOf(payload, 'asset'), network.value);
  if (!asset.ok) return asset;
  const payTo = parsePayTo(memberOf(payload, 'payTo'), network.value);
  if (!payTo.ok) return payTo;
  const timeout = parseTimeout(memberOf(payload, 'maxTimeoutSeconds'));
  if (!timeout.ok) return timeout;
  const extra = checkExtra(memberOf(payload, 'extra'), network.value);
  if (!extra.ok) return extra;
  const scheme = findTransferMethod(extra.value, schemes.value);
  if (!scheme.ok) return scheme;
  const fields = {
    version,
    network: network.value.id,
    asset: asset.value,
    amount: amount.value,
    payTo: payTo.value,
    maxTimeoutSeconds: timeout.value,
  } as const;
  return scheme.value.read(fields, extra.value, network.value);
}

/** The schemes of a name, one for each transfer method; the first is meant where an entry names no method. */
function findSchemes(
  name: unknown,
  version: X402Version,
  { payable, refusals }: X402Schemes,
): Result<readonly X402Scheme[], ChallengeRefusal> {
  const field = 'payload.scheme';
  if (name === undefined || name === '') return no('scheme_missing', field, 'Payment scheme is required');
  const found = payable.filter(({ scheme }) => scheme === name);
  if (found.length > 0) return ok(found);
  const known = typeof name === 'string' && Object.hasOwn(refusals, name) ? refusals[name]!(version) : null;
  const supported = [...new Set(payable.map(({ scheme }) => scheme))].join(', ');
  const general = `Payment scheme not supported. Supported scheme: ${supported}. Received: ${formatReceived(name)}`;
  return no('unsupported_scheme', field, known ?? general);
}

function findTransferMethod(extra: object, schemes: readonly X402Scheme[]): Result<X402Scheme, ChallengeRefusal> {
  const method = memberOf(extra, 'assetTransferMethod');
  const found = method === undefined ? schemes[0] : schemes.find(({ transferMethod }) => transferMethod === method);
  if (found !== undefined) return ok(found);
  const expected = schemes.map(({ transferMethod }) => transferMethod).join(' or ');
  const message = `Payment extra.assetTransferMethod is not supported. Received: ${formatReceived(method)}. Expected: ${expected}`;
  return no('unsupported_transfer_method', 'payload.extra.assetTransferMethod', message);
}

function parseNetwork(name: unknown, allowed: Pick<ReadContext, 'networks'>): Result<Network, ChallengeRefusal> {
  const field = 'payload.network';
  if (name === undefined || name === '') return no('network_missing', field, 'Payment network is required');
  const network = typeof name === 'string' ? findNetwork(name) : undefined;
  if (network !== undefined && allowed.networks.has(network.id)) return ok(network);
  const supported = NETWORKS.filter(({ id }) => allowed.networks.has(id)).map(({ id }) => id);
  const message = `Network mismatch '${formatReceived(name)}' is not supported for paymentNetwork 'ETHEREUM'. Supported networks: ${supported.join(', ')}`;
  return no('unsupported_network', field, message);
}

function parseAmount(payload: object): Result<BaseUnits, ChallengeRefusal> {
  const [v2, v1] = [memberOf(payload, 'amount'), memberOf(payload, 'maxAmountRequired')];
  if (v2 !== undefined && v1 !== undefined) {
    const message = `Payment amount must stand in one of amount and maxAmountRequired. Received: both, ${formatReceived(v2)} and ${formatReceived(v1)}`;
    return no('ambiguous_amount', 'payload.amount', message);
  }
  const field = v2 === undefined && v1 !== undefined ? 'payload.maxAmountRequired' : 'payload.amount';
  const amount = v2 ?? v1;
  if (amount === undefined || amount === '') return no('amount_missing', field, 'Payment amount is required');
  const parsed = typeof amount === 'string' ? parseBaseUnits(amount) : null;
  if (parsed === null || !parsed.ok || parsed.value === 0n) {
    const expected = "Expected: a string of decimal digits without leading zeros, in the token's smallest unit";
    return no(
      'invalid_amount',
      field,
      `Payment amount must be a positive number. Received: ${formatReceived(amount)}. ${expected}`,
    );
  }
  if (parsed.value > AMOUNT_MAX) {
    const message = `Payment amount exceeds maximum allowed value. Received: ${formatReceived(amount)}, Maximum: ${AMOUNT_MAX}`;
    return no('amount_too_large', field, message);
  }
  return parsed;
}

function parseAsset(asset: unknown, network: Network): Result<Hex, ChallengeRefusal> {
  const field = 'payload.asset';
  const expected = network.usdc.address;
  if (asset === expected) return ok(expected);
  if (asset === undefined || asset === '') return no('asset_missing', field, 'Payment asset is required');
  const address = typeof asset === 'string' ? parseAddress(asset) : null;
  if (address === null) {
    const message = `Payment asset address is invalid. Expected valid address format for the specified network. Received: ${formatReceived(asset)}`;
    return no('invalid_asset', field, message);
  }
  if (address === expected) return ok(expected);
  const message = `Payment asset is not a supported USDC token address for network '${network.id}'. Received: ${address}. Expected: ${expected}`;
  return no('unsupported_asset', field, message);
}

function parsePayTo(payTo: unknown, network: Network): Result<Hex, ChallengeRefusal> {
  const field = 'payload.payTo';
  if (payTo === undefined || payTo === '') return no('pay_to_missing', field, 'Payment payTo address is required');
  const address = typeof payTo === 'string' ? parseAddress(payTo) : null;
  if (address === null) {
    const expected = 'Expected: 0x and 40 hexadecimal digits, in one case or with their EIP-55 checksum';
    return no(
      'invalid_pay_to',
      field,
      `Payment payTo address is invalid. Received: ${formatReceived(payTo)}. ${expected}`,
    );
  }
  if (address === ZERO_ADDRESS || address === network.usdc.address) {
    const what = address === ZERO_ADDRESS ? 'the zero address' : 'the token contract';
    const message = `Payment payTo address is invalid. Received: ${what}, from which nobody can take the money`;
    return no('invalid_pay_to', field, message);
  }
  return ok(address);
}

function parseTimeout(seconds: unknown): Result<number, ChallengeRefusal> {
  const field = 'payload.maxTimeoutSeconds';
  if (seconds === undefined) return no('max_timeout_missing', field, 'Payment maxTimeoutSeconds is required');
  if (typeof seconds !== 'number' || !Number.isSafeInteger(seconds) || seconds <= 0) {
    const message = `Payment maxTimeoutSeconds must be positive. Received: ${formatReceived(seconds, 'number')}. Expected: a whole number of seconds`;
    return no('invalid_max_timeout', field, message);
  }
  if (seconds > MAX_TIMEOUT_SECONDS_MAX) {
    const message = `Payment maxTimeoutSeconds ${seconds} exceeds maximum allowed value of ${MAX_TIMEOUT_SECONDS_MAX}`;
    return no('max_timeout_too_long', field, message);
  }
  return ok(seconds);
}

/** The seller's word on the token's domain must agree with ours; nothing of it is used for signing. */
function checkExtra(extra: unknown, network: Network): Result<object, ChallengeRefusal> {
  if (!isRecord(extra)) {
    const received = extra === undefined ? '' : `. Received: ${formatReceived(extra)}. Expected: an object`;
    return no('extra_missing', 'payload.extra', `Payment extra field is required${received}`);
  }
  const { domainName, domainVersion } = network.usdc;
  for (const [name, expected] of [
    ['name', domainName],
    ['version', domainVersion],
  ] as const) {
    const field = `payload.extra.${name}`;
    const value = memberOf(extra, name);
    if (value === undefined || value === '') {
      return no(`extra_${name}_missing`, field, `Payment extra.${name} is required for EVM payments`);
    }
    if (value !== expected) {
      const message = `Payment extra.${name} does not belong to USDC on network '${network.id}'. Received: ${formatReceived(value)}. Expected: ${expected}`;
      return no(`wrong_extra_${name}`, field, message);
    }
  }
  return ok(extra);
}
