import { describe, expect, test } from 'vitest';
import { parsePaymentInput } from '../../../lib/protocols/catalogue.ts';
import { BASE_SEPOLIA } from '../../support/payments.ts';

// The words of refusals are answered to callers: what was received, and what would have been right.

const USDC = BASE_SEPOLIA.usdc.address;
const PAY_TO = '0x209693Bc6afc0C5328bA36FaF03C514EF312287C';
const ZERO = `0x${'0'.repeat(40)}`;
const entry = {
  scheme: 'exact',
  network: BASE_SEPOLIA.id,
  amount: '10000',
  asset: USDC,
  payTo: PAY_TO,
  maxTimeoutSeconds: 60,
  extra: { name: 'USDC', version: '2' },
};
const { amount: _amount, ...withoutAmount } = entry;
const ceiling = { ...entry, scheme: 'upto', extra: { facilitatorAddress: PAY_TO } };

async function refusalOf(cryptoX402: unknown, allowed: object = {}) {
  const networks = new Set<string>([BASE_SEPOLIA.id, 'eip155:8453']);
  const read = await parsePaymentInput('CRYPTO_X402', { cryptoX402 }, { networks, ...allowed });
  return read.ok ? 'accepted' : [read.error.code, read.error.field, read.error.message];
}

const ofPayload = (payload: unknown, version = '2', allowed: object = {}) => refusalOf({ version, payload }, allowed);

describe('an entry of x402 is refused with its reason', () => {
  const ADDRESS = 'Expected: 0x and 40 hexadecimal digits, in one case or with their EIP-55 checksum';
  const AMOUNT =
    "Expected: a string of decimal digits without leading zeros or a whole number, in the token's smallest unit";

  test.each<[string, unknown, string, string, string]>([
    [
      'a text',
      'x',
      'invalid_payload',
      'payload',
      "X402 Payload for signing is invalid. Received: x. Expected: an object, one entry of the seller's accepts",
    ],
    ['no scheme', { ...entry, scheme: '' }, 'scheme_missing', 'payload.scheme', 'Payment scheme is required'],
    [
      'a scheme that nobody knows',
      { ...entry, scheme: 'gift' },
      'unsupported_scheme',
      'payload.scheme',
      'Payment scheme not supported. Supported scheme: exact, upto. Received: gift',
    ],
    [
      'a scheme with a deposit',
      { ...entry, scheme: 'batch-settlement' },
      'unsupported_scheme',
      'payload.scheme',
      'Payment scheme not supported. Supported scheme: exact, upto. Received: batch-settlement. It is not paid: it puts a deposit of many payments into an escrow, and the deposit is what is at stake',
    ],
    [
      'a scheme with an escrow',
      { ...entry, scheme: 'auth-capture' },
      'unsupported_scheme',
      'payload.scheme',
      'Payment scheme not supported. Supported scheme: exact, upto. Received: auth-capture. It is not paid: it puts money into an escrow whose operator captures or refunds it later',
    ],
    [
      'a scheme that is a proposal',
      { ...entry, scheme: 'deferred' },
      'unsupported_scheme',
      'payload.scheme',
      'Payment scheme not supported. Supported scheme: exact, upto. Received: deferred. It is not paid: it is a proposal of which there are several, and what it costs is said after the delivery',
    ],
    ['no network', { ...entry, network: null }, 'network_missing', 'payload.network', 'Payment network is required'],
    [
      'a network that is not allowed',
      { ...entry, network: 'eip155:1' },
      'unsupported_network',
      'payload.network',
      "Network mismatch 'eip155:1' is not supported for paymentNetwork 'ETHEREUM'. Supported networks: eip155:8453, eip155:84532",
    ],
    ['no amount', withoutAmount, 'amount_missing', 'payload.amount', 'Payment amount is required'],
    [
      'an amount in words',
      { ...entry, amount: 'ten' },
      'invalid_amount',
      'payload.amount',
      `Payment amount must be a positive number. Received: ten. ${AMOUNT}`,
    ],
    [
      'an amount in words under the older name',
      { ...withoutAmount, maxAmountRequired: 'ten' },
      'invalid_amount',
      'payload.maxAmountRequired',
      `Payment amount must be a positive number. Received: ten. ${AMOUNT}`,
    ],
    [
      'an amount in words, and an empty one under the older name',
      { ...entry, amount: 'ten', maxAmountRequired: '' },
      'invalid_amount',
      'payload.amount',
      `Payment amount must be a positive number. Received: ten. ${AMOUNT}`,
    ],
    [
      'two amounts',
      { ...entry, maxAmountRequired: '10001' },
      'ambiguous_amount',
      'payload.amount',
      'Payment amount must be the same in amount and maxAmountRequired. Received: 10000 and 10001',
    ],
    [
      'an amount beyond the books',
      { ...entry, amount: `1${'0'.repeat(30)}` },
      'amount_too_large',
      'payload.amount',
      `Payment amount exceeds maximum allowed value. Received: 1${'0'.repeat(30)}, Maximum: ${'9'.repeat(30)}`,
    ],
    ['no asset', { ...entry, asset: '' }, 'asset_missing', 'payload.asset', 'Payment asset is required'],
    [
      'an asset by its symbol',
      { ...entry, asset: 'USDC' },
      'invalid_asset',
      'payload.asset',
      'Payment asset address is invalid. Expected valid address format for the specified network. Received: USDC',
    ],
    [
      'an asset that is not paid in',
      { ...entry, asset: PAY_TO, extra: {} },
      'unsupported_asset',
      'payload.asset',
      `Payment asset is not a supported USDC token address for network 'eip155:84532'. Received: ${PAY_TO}. Expected: ${USDC}`,
    ],
    [
      'an asset that is not paid in, and that the offer names',
      { ...entry, asset: PAY_TO, extra: { name: 'Seller Dollar' } },
      'unsupported_asset',
      'payload.asset',
      `Payment asset is not a supported USDC token address for network 'eip155:84532'. Received: ${PAY_TO}, which the offer calls Seller Dollar. Expected: ${USDC}`,
    ],
    ['no payee', { ...entry, payTo: '' }, 'pay_to_missing', 'payload.payTo', 'Payment payTo address is required'],
    [
      'a payee by name',
      { ...entry, payTo: 'seller' },
      'invalid_pay_to',
      'payload.payTo',
      `Payment payTo address is invalid. Received: seller. ${ADDRESS}`,
    ],
    [
      'nobody as payee',
      { ...entry, payTo: ZERO },
      'invalid_pay_to',
      'payload.payTo',
      'Payment payTo address is invalid. Received: the zero address, from which nobody can take the money',
    ],
    [
      'the token as payee',
      { ...entry, payTo: USDC },
      'invalid_pay_to',
      'payload.payTo',
      'Payment payTo address is invalid. Received: the token contract, from which nobody can take the money',
    ],
    [
      'no timeout',
      { ...entry, maxTimeoutSeconds: '' },
      'max_timeout_missing',
      'payload.maxTimeoutSeconds',
      'Payment maxTimeoutSeconds is required',
    ],
    [
      'a timeout with its unit',
      { ...entry, maxTimeoutSeconds: '60s' },
      'invalid_max_timeout',
      'payload.maxTimeoutSeconds',
      'Payment maxTimeoutSeconds must be positive. Received: 60s (a string). Expected: a whole number of seconds',
    ],
    [
      'a timeout of 16 digits',
      { ...entry, maxTimeoutSeconds: '1000000000000000' },
      'invalid_max_timeout',
      'payload.maxTimeoutSeconds',
      'Payment maxTimeoutSeconds must be positive. Received: 1000000000000000 (a string). Expected: a whole number of seconds',
    ],
    [
      'a timeout with a sign',
      { ...entry, maxTimeoutSeconds: '+60' },
      'invalid_max_timeout',
      'payload.maxTimeoutSeconds',
      'Payment maxTimeoutSeconds must be positive. Received: +60 (a string). Expected: a whole number of seconds',
    ],
    [
      'too short a timeout',
      { ...entry, maxTimeoutSeconds: 9 },
      'max_timeout_too_short',
      'payload.maxTimeoutSeconds',
      'Payment maxTimeoutSeconds must be at least 10, so that the payment can settle. Received: 9',
    ],
    [
      'a text for extra',
      { ...entry, extra: 'USDC' },
      'invalid_extra',
      'payload.extra',
      'Payment extra field is invalid. Received: USDC. Expected: an object',
    ],
    [
      'a transfer method that nobody knows',
      { ...entry, extra: { assetTransferMethod: 'carrier' } },
      'unsupported_transfer_method',
      'payload.extra.assetTransferMethod',
      'Payment extra.assetTransferMethod is not supported. Received: carrier. Expected: eip3009 or permit2',
    ],
    [
      'a transfer method that is no text',
      { ...entry, extra: { assetTransferMethod: 3009 } },
      'unsupported_transfer_method',
      'payload.extra.assetTransferMethod',
      'Payment extra.assetTransferMethod is not supported. Received: 3009 (a number). Expected: eip3009 or permit2',
    ],
    [
      'a delegation',
      { ...entry, extra: { assetTransferMethod: 'ERC-7710' } },
      'unsupported_transfer_method',
      'payload.extra.assetTransferMethod',
      'Payment extra.assetTransferMethod is not supported. Received: ERC-7710. Expected: eip3009 or permit2. It is not paid: it hands a delegation of the wallet over, which no check but a simulation bounds',
    ],
    [
      'a payment before the work',
      { ...entry, extra: { paymentFlow: 'upfront' } },
      'unsupported_payment_flow',
      'payload.extra.paymentFlow',
      'Payment extra.paymentFlow is not supported. Received: upfront. Expected: authorization, which settles after the seller has done its work',
    ],
    [
      'the domain of a deposit',
      { ...entry, extra: { name: 'GatewayWalletBatched' } },
      'wrong_extra_name',
      'payload.extra.name',
      "Payment extra.name 'GatewayWalletBatched' stands for Circle Gateway's batched payments: they are signed for the Gateway wallet contract and taken from a balance deposited there. That is not supported. Expected: USDC, for a transfer of USDC",
    ],
    [
      'the domain of an escrow',
      { ...entry, extra: { name: 'x402 Batch Settlement' } },
      'wrong_extra_name',
      'payload.extra.name',
      "Payment extra.name 'x402 Batch Settlement' stands for the batch-settlement escrow of x402, which is paid from a channel. That is not supported. Expected: USDC, for a transfer of USDC",
    ],
    [
      "another token's name",
      { ...entry, extra: { name: 'USD Coin' } },
      'wrong_extra_name',
      'payload.extra.name',
      "Payment extra.name does not belong to USDC on network 'eip155:84532'. Received: USD Coin. Expected: USDC",
    ],
    [
      "the token's name in a list",
      { ...entry, extra: { name: ['USDC'] } },
      'wrong_extra_name',
      'payload.extra.name',
      "Payment extra.name does not belong to USDC on network 'eip155:84532'. Received: an array. Expected: USDC",
    ],
    [
      "another token's version",
      { ...entry, extra: { version: 1 } },
      'wrong_extra_version',
      'payload.extra.version',
      "Payment extra.version does not belong to USDC on network 'eip155:84532'. Received: 1 (a number). Expected: 2",
    ],
    [
      'a ceiling without a facilitator',
      { ...ceiling, extra: { facilitatorAddress: '' } },
      'facilitator_missing',
      'payload.extra.facilitatorAddress',
      "Payment extra.facilitatorAddress is required for payment scheme 'upto'",
    ],
    [
      'a facilitator by name',
      { ...ceiling, extra: { facilitatorAddress: 'facilitator.example' } },
      'invalid_facilitator',
      'payload.extra.facilitatorAddress',
      `Payment extra.facilitatorAddress is invalid. Received: facilitator.example. ${ADDRESS}`,
    ],
  ])('with %s', async (_what, payload, ...refusal) => {
    expect(await ofPayload(payload)).toEqual(refusal);
  });

  test('where its version does not know its way to pay', async () => {
    const permit = { ...entry, extra: { assetTransferMethod: 'permit2' } };
    expect(await ofPayload(permit, '1')).toEqual([
      'unsupported_transfer_method',
      'payload.extra.assetTransferMethod',
      "Payment extra.assetTransferMethod 'permit2' is only supported on x402 protocol version 2. Received: version 1",
    ]);
    expect(await ofPayload(ceiling, '1')).toEqual([
      'unsupported_scheme',
      'payload.scheme',
      "Payment scheme 'upto' is only supported on x402 protocol version 2",
    ]);
    expect(await ofPayload(entry, '3')).toEqual([
      'unsupported_version',
      'version',
      'x402 version must be the text "1" or "2". Received: 3',
    ]);
  });

  test('where its facilitator may not decide how much is taken', async () => {
    const what =
      'Payment extra.facilitatorAddress is not a facilitator that this deployment lets decide how much is taken';
    const refused = async (...facilitators: string[]) =>
      ofPayload(ceiling, '2', { facilitators: new Set(facilitators) });
    const field = 'payload.extra.facilitatorAddress';
    expect(await refused()).toEqual([
      'unsupported_facilitator',
      field,
      `${what}. Received: ${PAY_TO}. Allowed: none is allowed in this deployment`,
    ]);
    expect(await refused('0x01', '0x02')).toEqual([
      'unsupported_facilitator',
      field,
      `${what}. Received: ${PAY_TO}. Allowed: 0x01, 0x02`,
    ]);
  });
});

describe('the input is refused with what was received', () => {
  test.each<[unknown, string, string, string]>([
    [
      { cryptoX402: 'x' },
      'input_missing',
      '',
      'paymentInput.cryptoX402 is required for payment type CRYPTO_X402. Received: x. Expected: an object with version and payload',
    ],
    [
      { cryptoX402: { version: '2', payload: entry }, mpp: {} },
      'ambiguous_input',
      '',
      'paymentInput must hold exactly one member. Received: cryptoX402 and mpp. Expected: cryptoX402',
    ],
    [
      { cryptoX402: { version: '2', payload: ceiling, permit2AllowanceLimit: '1' } },
      'allowance_unsupported',
      'permit2AllowanceLimit',
      'permit2AllowanceLimit is not supported: this deployment sends no approvals. Approve the Permit2 contract from the wallet itself. Expected: no such member',
    ],
  ])('%j', async (input, ...refusal) => {
    const read = await parsePaymentInput('CRYPTO_X402', input, { networks: new Set([BASE_SEPOLIA.id]) });
    expect(read.ok ? 'accepted' : [read.error.code, read.error.field, read.error.message]).toEqual(refusal);
  });

  test('a payment type, where it is not known', async () => {
    expect(await parsePaymentInput('BARTER', {}, { networks: new Set() })).toMatchObject({
      error: {
        message: 'Payment type BARTER is not enabled in this deployment. Enabled: CRYPTO_X402, MPP',
      },
    });
  });
});

describe('a limit for the approval of a ceiling', () => {
  const limited = (permit2AllowanceLimit: unknown, payload: object = ceiling) =>
    refusalOf({ version: '2', payload, permit2AllowanceLimit }, { approvals: 'sent' });

  test.each(['0', '1', '9'.repeat(78)])('is taken where the deployment sends approvals: %s', async (limit) => {
    expect(await limited(limit)).toBe('accepted');
    expect(await limited(undefined, entry)).toBe('accepted');
  });

  test.each(['', '-1', '1.5', 'x1', '1x', 1, null, '1'.repeat(79)])(
    'is refused where it is none: %j',
    async (limit) => {
      expect(await limited(limit)).toEqual([
        'allowance_unsupported',
        'permit2AllowanceLimit',
        "permit2AllowanceLimit must be a whole number in the token's smallest unit, as text of 1 to 78 digits",
      ]);
    },
  );

  test('is refused with a payment of another scheme', async () => {
    expect(await limited('1', entry)).toEqual([
      'allowance_without_upto',
      'permit2AllowanceLimit',
      "permit2AllowanceLimit is only supported for payment scheme 'upto'. Received scheme: exact",
    ]);
  });
});
