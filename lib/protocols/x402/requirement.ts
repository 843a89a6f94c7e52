import { NETWORKS, findNetwork, type Network } from '../../domain/assets.ts';
import { LEDGER_AMOUNT_MAX, MAX_TIMEOUT_SECONDS_MAX, VALIDITY_FLOOR_SECONDS } from '../../domain/limits.ts';
import { parseBaseUnits, type BaseUnits } from '../../domain/money.ts';
import type { Hex, Offer } from '../../domain/payment/payment.ts';
import { ok, refuse, type Result } from '../../domain/result.ts';
import type { TokenFinder } from '../../domain/tokens/finder.ts';
import type { OfferedAsset } from '../../domain/tokens/token.ts';
import { isRecord, memberOf } from '../../json/record.ts';
import { formatReceived } from '../../json/quotation.ts';
import { foreignDomainOf } from './foreign-domain.ts';
import { refuseChallenge as no, type ChallengeRefusal } from './refusal.ts';
import type { AddressReader, BuyerScheme } from './scheme.ts';
import { whyUnpaid } from './unpaid.ts';

export interface ReadContext {
  /** CAIP-2 ids of the networks that may be paid on. */
  readonly networks: ReadonlySet<string>;
  /** @default - left to the service to judge */
  readonly facilitators?: ReadonlySet<string>;
  /** Whether the deployment sends approvals of Permit2. @default - it sends none */
  readonly approvals?: 'sent' | null;
  /** The schemes that can be paid. */
  readonly schemes: X402Schemes;
  readonly readAddress: AddressReader;
  /** Tokens that may be paid in besides the USDC of a network. @default - none */
  readonly tokens?: TokenFinder | undefined;
}

/** The schemes of x402 that a release pays. */
export interface X402Schemes {
  readonly payable: readonly BuyerScheme[];
  /** The scheme that AgentCore's `permit2AllowanceLimit` belongs to. */
  readonly withAllowance: string;
}

const ZERO_ADDRESS = '0x0000000000000000000000000000000000000000';

/**
 * Turns one entry of a seller's `accepts`, as AgentCore's `cryptoX402` carries it, into an offer that may be signed. Either
 * spelling of the amount and of the network is taken in both versions, and what no signature covers is read as widely as it is
 * clear; everything that is signed comes from our own tables or is checked against them. Does not say whether the offer is worth
 * its price.
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
  const schemes = findSchemes(memberOf(payload, 'scheme'), context.schemes);
  if (!schemes.ok) return schemes;
  const network = parseNetwork(memberOf(payload, 'network'), context);
  if (!network.ok) return network;
  const amount = parseAmount(payload);
  if (!amount.ok) return amount;
  const extra = parseExtra(memberOf(payload, 'extra'));
  if (!extra.ok) return extra;
  const asset = parseAsset(
    memberOf(payload, 'asset'),
    { network: network.value, amount: amount.value, extra: extra.value },
    context,
  );
  if (!asset.ok) return asset;
  const payTo = parsePayTo(memberOf(payload, 'payTo'), asset.value, context);
  if (!payTo.ok) return payTo;
  const timeout = parseTimeout(memberOf(payload, 'maxTimeoutSeconds'));
  if (!timeout.ok) return timeout;
  const scheme = findTransferMethod(extra.value, schemes.value);
  if (!scheme.ok) return scheme;
  const domain = checkDomain(extra.value, network.value, asset.value);
  if (!domain.ok) return domain;
  const fields = {
    version,
    network: network.value.id,
    asset: asset.value.address,
    ...('rate' in asset.value ? { token: asset.value } : {}),
    amount: amount.value,
    payTo: payTo.value,
    maxTimeoutSeconds: timeout.value,
  } as const;
  return scheme.value.read(fields, extra.value, network.value, {
    facilitators: context.facilitators ?? null,
    readAddress: context.readAddress,
  });
}

/** The schemes of a name, one for each transfer method; the first is meant where an entry names no method. */
function findSchemes(name: unknown, { payable }: X402Schemes): Result<readonly BuyerScheme[], ChallengeRefusal> {
  const field = 'payload.scheme';
  if (isAbsent(name)) return no('scheme_missing', field, 'Payment scheme is required');
  const found = payable.filter(({ scheme }) => scheme === name);
  if (found.length > 0) return ok(found);
  const supported = [...new Set(payable.map(({ scheme }) => scheme))].join(', ');
  const message = `Payment scheme not supported. Supported scheme: ${supported}. Received: ${formatReceived(name)}${because(whyUnpaid('scheme', name))}`;
  return no('unsupported_scheme', field, message);
}

/** `null` and an empty text stand for a member that is left out: writers in other languages send them. */
function isAbsent(value: unknown): value is undefined | null | '' {
  return value === undefined || value === null || value === '';
}

/** A name of ours as strangers write it: in any case, with a hyphen or an underscore in it. */
function toPlainName(name: string): string {
  return name.toLowerCase().replace(/[-_]/g, '');
}

function findTransferMethod(extra: object, schemes: readonly BuyerScheme[]): Result<BuyerScheme, ChallengeRefusal> {
  const method = memberOf(extra, 'assetTransferMethod');
  const name = isAbsent(method) ? schemes[0]?.transferMethod : typeof method === 'string' ? toPlainName(method) : null;
  const found = schemes.find(({ transferMethod }) => transferMethod === name);
  if (found !== undefined) return ok(found);
  const expected = schemes.map(({ transferMethod }) => transferMethod).join(' or ');
  const message = `Payment extra.assetTransferMethod is not supported. Received: ${formatReceived(method)}. Expected: ${expected}${because(whyUnpaid('transferMethod', name))}`;
  return no('unsupported_transfer_method', 'payload.extra.assetTransferMethod', message);
}

function because(why: string | null): string {
  return why === null ? '' : `. It is not paid: ${why}`;
}

/** Only ASCII is lowered: some letters of other scripts become ASCII letters in lower case. */
function toLowerAscii(text: string): string {
  return text.replace(/[A-Z]/g, (letters) => letters.toLowerCase());
}

function parseNetwork(name: unknown, allowed: Pick<ReadContext, 'networks'>): Result<Network, ChallengeRefusal> {
  const field = 'payload.network';
  if (isAbsent(name)) return no('network_missing', field, 'Payment network is required');
  const network = typeof name === 'string' ? findNetwork(toLowerAscii(name)) : undefined;
  if (network !== undefined && allowed.networks.has(network.id)) return ok(network);
  const supported = NETWORKS.filter(({ id }) => allowed.networks.has(id)).map(({ id }) => id);
  const message = `Network mismatch '${formatReceived(name)}' is not supported for paymentNetwork 'ETHEREUM'. Supported networks: ${supported.join(', ')}`;
  return no('unsupported_network', field, message);
}

/** An amount as text, or as a whole number that JSON carries exactly. Decimals and exponents of a text are refused, never rounded. */
function readAmount(amount: unknown): Result<BaseUnits, null> {
  const text = Number.isSafeInteger(amount) ? String(amount) : amount;
  const parsed = typeof text === 'string' ? parseBaseUnits(text) : null;
  return parsed === null || !parsed.ok || parsed.value === 0n ? refuse(null) : parsed;
}

/** The amount stands in `amount` (version 2), in `maxAmountRequired` (version 1), or in both if both say the same. */
function parseAmount(payload: object): Result<BaseUnits, ChallengeRefusal> {
  const [v2, v1] = [memberOf(payload, 'amount'), memberOf(payload, 'maxAmountRequired')];
  const field = isAbsent(v2) && !isAbsent(v1) ? 'payload.maxAmountRequired' : 'payload.amount';
  const amount = isAbsent(v2) ? v1 : v2;
  if (isAbsent(amount)) return no('amount_missing', field, 'Payment amount is required');
  const parsed = readAmount(amount);
  if (!parsed.ok) {
    const expected =
      "Expected: a string of decimal digits without leading zeros or a whole number, in the token's smallest unit";
    return no(
      'invalid_amount',
      field,
      `Payment amount must be a positive number. Received: ${formatReceived(amount)}. ${expected}`,
    );
  }
  const other = isAbsent(v2) || isAbsent(v1) ? parsed : readAmount(v1);
  if (!other.ok || other.value !== parsed.value) {
    const message = `Payment amount must be the same in amount and maxAmountRequired. Received: ${formatReceived(v2)} and ${formatReceived(v1)}`;
    return no('ambiguous_amount', 'payload.amount', message);
  }
  if (parsed.value > LEDGER_AMOUNT_MAX) {
    const message = `Payment amount exceeds maximum allowed value. Received: ${formatReceived(amount)}, Maximum: ${LEDGER_AMOUNT_MAX}`;
    return no('amount_too_large', field, message);
  }
  return parsed;
}

function parseAsset(
  asset: unknown,
  { network, amount, extra }: { readonly network: Network; readonly amount: BaseUnits; readonly extra: object },
  { readAddress, tokens }: Pick<ReadContext, 'readAddress' | 'tokens'>,
): Result<OfferedAsset, ChallengeRefusal> {
  const field = 'payload.asset';
  const expected = network.usdc.address;
  const foreign = foreignDomainOf(extra);
  if (foreign !== null) {
    const message = `Payment extra.name '${foreign.name}' stands for ${foreign.what}. That is not supported. Expected: ${network.usdc.domainName}, for a transfer of USDC`;
    return no('wrong_extra_name', 'payload.extra.name', message);
  }
  if (asset === expected) return ok(network.usdc);
  if (isAbsent(asset)) return no('asset_missing', field, 'Payment asset is required');
  const address = typeof asset === 'string' ? readAddress(asset) : null;
  if (address === null) {
    const message = `Payment asset address is invalid. Expected valid address format for the specified network. Received: ${formatReceived(asset)}`;
    return no('invalid_asset', field, message);
  }
  if (isSame(address, expected)) return ok(network.usdc);
  const other = tokens?.(network.id, address, amount);
  if (other?.flaw != null) return no(other.flaw.code, field, other.flaw.message);
  if (other !== undefined) return ok(other.token);
  const name = memberOf(extra, 'name');
  const called = isAbsent(name) ? '' : `, which the offer calls ${formatReceived(name)}`;
  const message = `Payment asset is not a supported USDC token address for network '${network.id}'. Received: ${address}${called}. Expected: ${expected}`;
  return no('unsupported_asset', field, message);
}

function isSame(address: string, other: string): boolean {
  return address.toLowerCase() === other.toLowerCase();
}

function parsePayTo(
  payTo: unknown,
  asset: OfferedAsset,
  { readAddress }: Pick<ReadContext, 'readAddress'>,
): Result<Hex, ChallengeRefusal> {
  const field = 'payload.payTo';
  if (isAbsent(payTo)) return no('pay_to_missing', field, 'Payment payTo address is required');
  const address = typeof payTo === 'string' ? readAddress(payTo) : null;
  if (address === null) {
    const expected = 'Expected: 0x and 40 hexadecimal digits, in one case or with their EIP-55 checksum';
    return no(
      'invalid_pay_to',
      field,
      `Payment payTo address is invalid. Received: ${formatReceived(payTo)}. ${expected}`,
    );
  }
  if (address === ZERO_ADDRESS || isSame(address, asset.address)) {
    const what = address === ZERO_ADDRESS ? 'the zero address' : 'the token contract';
    const message = `Payment payTo address is invalid. Received: ${what}, from which nobody can take the money`;
    return no('invalid_pay_to', field, message);
  }
  return ok(address);
}

/** A time above a day counts as a day, and less than a settlement takes is refused: by the client before it asks, as by the service. */
function parseTimeout(received: unknown): Result<number, ChallengeRefusal> {
  const field = 'payload.maxTimeoutSeconds';
  if (isAbsent(received)) return no('max_timeout_missing', field, 'Payment maxTimeoutSeconds is required');
  const seconds = typeof received === 'string' && /^[0-9]{1,15}$/.test(received) ? Number(received) : received;
  if (typeof seconds !== 'number' || !Number.isSafeInteger(seconds) || seconds <= 0) {
    const message = `Payment maxTimeoutSeconds must be positive. Received: ${formatReceived(received, 'number')}. Expected: a whole number of seconds`;
    return no('invalid_max_timeout', field, message);
  }
  if (seconds < VALIDITY_FLOOR_SECONDS) {
    const message = `Payment maxTimeoutSeconds must be at least ${VALIDITY_FLOOR_SECONDS}, so that the payment can settle. Received: ${seconds}`;
    return no('max_timeout_too_short', field, message);
  }
  return ok(Math.min(seconds, MAX_TIMEOUT_SECONDS_MAX));
}

function parseExtra(extra: unknown): Result<object, ChallengeRefusal> {
  if (isAbsent(extra)) return ok({});
  if (isRecord(extra)) return ok(extra);
  const message = `Payment extra field is invalid. Received: ${formatReceived(extra)}. Expected: an object`;
  return no('invalid_extra', 'payload.extra', message);
}

/** What the seller says of the token's domain must agree with ours, where it says anything; nothing of it is used for signing. */
function checkDomain(
  extra: object,
  network: Network,
  { symbol, domainName, domainVersion }: OfferedAsset,
): Result<null, ChallengeRefusal> {
  for (const [name, expected] of [
    ['name', domainName],
    ['version', domainVersion],
  ] as const) {
    const value = memberOf(extra, name);
    if (expected === null || isAbsent(value)) continue;
    if ((typeof value === 'number' ? String(value) : value) === expected) continue;
    const message = `Payment extra.${name} does not belong to ${symbol} on network '${network.id}'. Received: ${formatReceived(value)}. Expected: ${expected}`;
    return no(`wrong_extra_${name}`, `payload.extra.${name}`, message);
  }
  return ok(null);
}
