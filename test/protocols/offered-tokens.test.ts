import { describe, expect, test } from 'vitest';
import type { TokenFinder } from '../../lib/domain/tokens/finder.ts';
import type { Token } from '../../lib/domain/tokens/token.ts';
import { parsePaymentInput } from '../../lib/protocols/catalogue.ts';
import { toSettleRequest } from '../../lib/protocols/x402/schemes/exact-eip3009/settle-request.ts';
import { encodeRequest, MPP_REQUEST, mppHeader, mppPayment } from '../support/mpp.ts';
import { BASE_SEPOLIA, makePayment, makeSession } from '../support/payments.ts';

const USDC = BASE_SEPOLIA.usdc.address;
const PAY_TO = '0x209693Bc6afc0C5328bA36FaF03C514EF312287C';
const entry = {
  scheme: 'exact',
  network: BASE_SEPOLIA.id,
  amount: '10000',
  asset: USDC,
  payTo: PAY_TO,
  maxTimeoutSeconds: 60,
  extra: { name: 'USDC', version: '2' },
};
const EURC: Token = {
  symbol: 'EURC',
  address: '0x808456652fdb597867f38412077A9182bf77359F',
  decimals: 6,
  domainName: 'EURC',
  domainVersion: '2',
  rate: { picoUsd: 1_100_000_000_000n, asOf: '2026-11-20' },
};
const PLAIN: Token = {
  ...EURC,
  symbol: 'ACME',
  address: '0x1a642f0E3c3aF545E7AcBD38b07251B3990914F1',
  domainName: null,
  domainVersion: null,
};
/** EURC, up to 20,000 units of it, and a token without EIP-3009. */
const tokens: TokenFinder = (_network, address, amount) => {
  const token = [EURC, PLAIN].find((each) => each.address.toLowerCase() === address.toLowerCase());
  const message = 'is worth more than is paid';
  return token && { token, flaw: amount > 20_000n ? { code: 'amount_too_large', message } : null };
};

async function refusalOf(payload: object) {
  const read = await parsePaymentInput(
    'CRYPTO_X402',
    { cryptoX402: { version: '2', payload } },
    {
      networks: new Set([BASE_SEPOLIA.id]),
      loadTokens: async () => tokens,
    },
  );
  return read.ok ? 'accepted' : [read.error.code, read.error.field, read.error.message];
}

describe('an offer in a token besides USDC', () => {
  let asked = 0;
  const loadTokens = async () => {
    asked += 1;
    return tokens;
  };
  const inToken = ({ address }: Token, more: object = {}) => ({ ...entry, asset: address, extra: {}, ...more });
  const read = async (payload: object) => {
    const networks = new Set<string>([BASE_SEPOLIA.id]);
    const parsed = await parsePaymentInput(
      'CRYPTO_X402',
      { cryptoX402: { version: '2', payload } },
      {
        networks,
        loadTokens,
      },
    );
    if (!parsed.ok) throw new Error(parsed.error.message);
    return parsed.value;
  };

  test('is read as one in that token, which is looked for only then', async () => {
    asked = 0;
    expect(await read(entry)).not.toHaveProperty('token');
    await expect(read({ ...entry, scheme: 'gift' })).rejects.toThrow('scheme');
    expect(asked).toBe(0);
    expect(await read(inToken(EURC))).toMatchObject({ asset: EURC.address, token: EURC, transferMethod: 'eip3009' });
    expect(asked).toBe(1);
  });

  test.each<[string, object, string, string, string]>([
    [
      'for more than it is paid for',
      inToken(EURC, { amount: '20001' }),
      'amount_too_large',
      'payload.asset',
      'is worth more than is paid',
    ],
    [
      'by a way that it does not have',
      inToken(PLAIN),
      'unsupported_transfer_method',
      'payload.extra.assetTransferMethod',
      'Payment asset ACME has no EIP-3009',
    ],
    [
      "under another token's name",
      inToken(EURC, { extra: { name: 'USDC' } }),
      'wrong_extra_name',
      'payload.extra.name',
      "Payment extra.name does not belong to EURC on network 'eip155:84532'. Received: USDC. Expected: EURC",
    ],
    [
      'to the token itself',
      inToken(EURC, { payTo: EURC.address }),
      'invalid_pay_to',
      'payload.payTo',
      'Payment payTo address is invalid. Received: the token contract, from which nobody can take the money',
    ],
    [
      'that nobody knows',
      { ...entry, asset: PAY_TO, extra: {} },
      'unsupported_asset',
      'payload.asset',
      `Payment asset is not a supported USDC token address for network 'eip155:84532'. Received: ${PAY_TO}. Expected: ${USDC}`,
    ],
  ])('is refused %s', async (_what, payload, ...refusal) => {
    expect(await refusalOf(payload)).toEqual(refusal);
  });

  test('without EIP-3009 is paid by Permit2, whatever it is called', async () => {
    const extra = { name: 'Acme Dollar', version: '7', assetTransferMethod: 'permit2' };
    expect(await read(inToken(PLAIN, { extra }))).toMatchObject({ token: PLAIN, transferMethod: 'permit2' });
  });

  const ofCharge = async (change: object, allowed: object = { loadTokens }) => {
    const { paymentInput } = mppPayment(
      mppHeader({ id: 'one', request: encodeRequest({ ...MPP_REQUEST, ...change }) }),
    );
    const parsed = await parsePaymentInput('MPP', paymentInput, { networks: new Set([BASE_SEPOLIA.id]), ...allowed });
    return parsed.ok ? parsed.value : [parsed.error.code, parsed.error.message];
  };

  test('has no approval sent for it', async () => {
    const payload = { ...inToken(EURC), scheme: 'upto', extra: { facilitatorAddress: PAY_TO } };
    const input = { cryptoX402: { version: '2', payload, permit2AllowanceLimit: '1' } };
    const allowed = { networks: new Set<string>([BASE_SEPOLIA.id]), loadTokens, approvals: 'sent' } as const;
    expect(await parsePaymentInput('CRYPTO_X402', input, allowed)).toMatchObject({
      error: {
        code: 'allowance_unsupported',
        message:
          'permit2AllowanceLimit is not supported: approvals are sent for USDC alone. Approve the Permit2 contract from the wallet itself. Expected: no such member',
      },
    });
  });

  test('is paid by MPP as well, where it has EIP-3009', async () => {
    expect(await ofCharge({ currency: EURC.address, amount: '20000' })).toMatchObject({ token: EURC, protocol: 'mpp' });
    expect(await ofCharge({})).not.toHaveProperty('token');
    expect(await ofCharge({ currency: EURC.address, amount: '20000' }, {})).toMatchObject({ 0: 'unsupported_asset' });
    expect(await ofCharge({ currency: EURC.address, amount: '20001' })).toEqual([
      'amount_too_large',
      'Payment currency EURC is worth more than is paid',
    ]);
    expect(await ofCharge({ currency: PLAIN.address, amount: '1' })).toEqual([
      'unsupported_credential_type',
      'Payment currency ACME has no EIP-3009, by which challenges are paid',
    ]);
    expect(await ofCharge({ currency: PAY_TO, amount: '1' })).toMatchObject({ 0: 'unsupported_asset' });
    expect(await ofCharge({ currency: EURC.address, recipient: EURC.address, amount: '1' })).toMatchObject({
      0: 'invalid_pay_to',
    });
  });
});

describe('a transfer of a token is brought to a facilitator', () => {
  const { offer, terms } = makePayment(makeSession());
  const requestOf = (token: Token) =>
    toSettleRequest({ ...offer, asset: token.address, token }, terms as never, [`0x${'5a'.repeat(65)}`]);

  test('under the name that its contract signs by', () => {
    const { paymentRequirements, paymentPayload } = requestOf(EURC);
    expect(paymentRequirements).toMatchObject({ asset: EURC.address, extra: { name: 'EURC', version: '2' } });
    expect(paymentPayload.accepted).toBe(paymentRequirements);
  });

  test.each<[string, Token]>([
    ['a name', { ...EURC, domainName: null }],
    ['a version', { ...EURC, domainVersion: null }],
    ['either', PLAIN],
  ])('which it must have: not without %s', (_what, token) => {
    expect(() => requestOf(token)).toThrow(`${token.symbol} has no EIP-3009`);
  });
});
