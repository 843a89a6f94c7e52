import { parseAddress } from '../../../../chains/evm/address.ts';
import { findNetwork, type Network } from '../../../../domain/assets.ts';
import { LEDGER_AMOUNT_MAX, MAX_TIMEOUT_SECONDS_MAX, MPP_LIFE_DEFAULT_SECONDS } from '../../../../domain/limits.ts';
import { parseBaseUnits, type BaseUnits } from '../../../../domain/money.ts';
import type { Hex } from '../../../../domain/payment/shapes.ts';
import { ok, type Result } from '../../../../domain/result.ts';
import type { OfferedAsset } from '../../../../domain/tokens/token.ts';
import { formatReceived } from '../../../../json/quotation.ts';
import { isRecord, memberOf } from '../../../../json/record.ts';
import { expiryOf } from '../../expiry.ts';
import type { BuyerMethod, ReadContext } from '../../method.ts';
import { refuseChallenge as no, type ChallengeRefusal } from '../../refusal.ts';
import { CREDENTIAL_TYPE, NAME } from './name.ts';

const ZERO_ADDRESS = '0x0000000000000000000000000000000000000000';

/** @see https://github.com/tempoxyz/mpp-specs draft-evm-charge, and `docs/decisions/0031-mpp-as-sellers-run-it.md` for where sellers differ */
export const evmChargeBuying: BuyerMethod = {
  method: 'evm',
  intent: NAME.scheme,
  read: (challenge, request, version, context) => {
    const details = memberOf(request, 'methodDetails');
    if (!isRecord(details)) {
      return no('invalid_challenge_request', `methodDetails is ${formatReceived(details)}. Expected: an object`);
    }
    const network = parseChain(memberOf(details, 'chainId'), context);
    if (!network.ok) return network;
    const payable = checkCredential(details);
    if (!payable.ok) return payable;
    const amount = parseAmount(memberOf(request, 'amount'));
    if (!amount.ok) return amount;
    const asset = parseCurrency(memberOf(request, 'currency'), network.value, amount.value, context);
    if (!asset.ok) return asset;
    const decimals = checkDecimals(memberOf(details, 'decimals'), asset.value);
    if (!decimals.ok) return decimals;
    const payTo = parseRecipient(memberOf(request, 'recipient'), asset.value);
    if (!payTo.ok) return payTo;
    const expiresAt = expiryOf(challenge);
    return ok({
      ...NAME,
      kind: 'purchase',
      version,
      network: network.value.id,
      asset: asset.value.address,
      ...('rate' in asset.value ? { token: asset.value } : {}),
      amount: amount.value,
      payTo: payTo.value,
      maxTimeoutSeconds: expiresAt === null ? MPP_LIFE_DEFAULT_SECONDS : MAX_TIMEOUT_SECONDS_MAX,
      ...(expiresAt === null ? {} : { expiresAt }),
      challenge,
    });
  },
};

function parseChain(chainId: unknown, { networks }: ReadContext): Result<Network, ChallengeRefusal> {
  if (chainId === undefined) return no('network_missing', 'methodDetails.chainId of the challenge is required');
  const network = typeof chainId === 'number' ? findNetwork(`eip155:${chainId}`) : undefined;
  if (network !== undefined && networks.has(network.id)) return ok(network);
  const received = formatReceived(chainId, 'number');
  const message = `The chain ${received} of the challenge is not supported. Supported networks: ${[...networks].join(', ')}`;
  return no('unsupported_network', message);
}

/** Refuses what cannot be done by an authorization of one transfer. Where a seller does not say what it takes, it takes none. */
function checkCredential(details: object): Result<null, ChallengeRefusal> {
  const splits = memberOf(details, 'splits');
  if (splits !== undefined && !(Array.isArray(splits) && splits.length === 0)) {
    const message = 'The challenge splits its amount among payees, which an authorization of one transfer cannot';
    return no('unsupported_splits', message);
  }
  const types = memberOf(details, 'credentialTypes');
  if (Array.isArray(types) && types.includes(CREDENTIAL_TYPE)) return ok(null);
  const received = Array.isArray(types)
    ? types.slice(0, 8).map((type) => formatReceived(type))
    : [formatReceived(types)];
  const message = `The challenge takes no credential of the type ${CREDENTIAL_TYPE}, the one that is paid by. Received: ${received.join(', ')}`;
  return no('unsupported_credential_type', message);
}

function parseAmount(amount: unknown): Result<BaseUnits, ChallengeRefusal> {
  if (amount === undefined) return no('amount_missing', 'Payment amount is required');
  const parsed = typeof amount === 'string' ? parseBaseUnits(amount) : null;
  if (parsed === null || !parsed.ok || parsed.value === 0n) {
    const expected = "Expected: a text of decimal digits without leading zeros, in the token's smallest unit";
    const message = `Payment amount must be a positive number. Received: ${formatReceived(amount)}. ${expected}`;
    return no('invalid_amount', message);
  }
  if (parsed.value <= LEDGER_AMOUNT_MAX) return parsed;
  const message = `Payment amount exceeds maximum allowed value. Received: ${formatReceived(amount)}, Maximum: ${LEDGER_AMOUNT_MAX}`;
  return no('amount_too_large', message);
}

function parseCurrency(
  currency: unknown,
  { id, usdc }: Network,
  amount: BaseUnits,
  { tokens }: ReadContext,
): Result<OfferedAsset, ChallengeRefusal> {
  if (currency === undefined) return no('asset_missing', 'Payment currency is required');
  // As it stands in our own table, which is how most write it: its checksum needs no proof.
  if (currency === usdc.address) return ok(usdc);
  const address = typeof currency === 'string' ? parseAddress(currency) : null;
  if (address === null) {
    const message = `Payment currency is no address. Received: ${formatReceived(currency)}`;
    return no('invalid_asset', message);
  }
  if (address === usdc.address) return ok(usdc);
  const other = tokens?.(id, address, amount);
  if (other?.flaw != null) return no(other.flaw.code, `Payment currency ${other.token.symbol} ${other.flaw.message}`);
  if (other?.token.domainName === null) {
    const message = `Payment currency ${other.token.symbol} has no EIP-3009, by which challenges are paid`;
    return no('unsupported_credential_type', message);
  }
  if (other !== undefined) return ok(other.token);
  const message = `Payment currency is not a supported USDC token address for network '${id}'. Received: ${address}. Expected: ${usdc.address}`;
  return no('unsupported_asset', message);
}

/** A seller's word for display, which must not contradict what is signed. */
function checkDecimals(decimals: unknown, asset: OfferedAsset): Result<null, ChallengeRefusal> {
  if (decimals === undefined || decimals === asset.decimals) return ok(null);
  const message = `The challenge says that its token has ${formatReceived(decimals, 'number')} decimals. Expected: ${asset.decimals}`;
  return no('invalid_amount', message);
}

function parseRecipient(recipient: unknown, asset: OfferedAsset): Result<Hex, ChallengeRefusal> {
  if (recipient === undefined) return no('pay_to_missing', 'Payment recipient is required');
  const address = typeof recipient === 'string' ? parseAddress(recipient) : null;
  if (address !== null && address !== ZERO_ADDRESS && address !== asset.address) return ok(address);
  const message = `Payment recipient is invalid. Received: ${formatReceived(recipient)}. Expected: an address that somebody can take the money from`;
  return no('invalid_pay_to', message);
}
