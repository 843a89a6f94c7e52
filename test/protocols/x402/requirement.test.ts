import { describe, expect, test } from 'vitest';
import { BASE_SEPOLIA } from '../../support/payments.ts';
import { parseRequirement } from '../../support/x402.ts';

const allowed = { networks: new Set(['eip155:84532', 'eip155:8453']) };
const USDC = BASE_SEPOLIA.usdc.address;
const PAY_TO = '0x209693Bc6afc0C5328bA36FaF03C514EF312287C';
const entry = {
  scheme: 'exact',
  network: 'eip155:84532',
  amount: '10000',
  asset: USDC,
  payTo: PAY_TO,
  maxTimeoutSeconds: 60,
  extra: { name: 'USDC', version: '2' },
};
const { amount: _amount, ...withoutAmount } = entry;
const v1Entry = {
  ...withoutAmount,
  network: 'base-sepolia',
  maxAmountRequired: '10000',
  resource: 'https://seller.example/data',
  description: 'data',
  mimeType: 'application/json',
  outputSchema: null,
};
const parse = (payload: unknown, version: unknown = '2') => parseRequirement({ version, payload }, allowed);

describe('an offer', () => {
  test.each([
    ['version 2', entry, '2'],
    ['version 1', v1Entry, '1'],
    ['version 1 with a CAIP-2 network', { ...v1Entry, network: 'eip155:84532' }, '1'],
    ['version 2 with the older amount field', { ...withoutAmount, maxAmountRequired: '10000' }, '2'],
    ['lower-case addresses', { ...entry, asset: USDC.toLowerCase(), payTo: PAY_TO.toLowerCase() }, '2'],
    ['members that nobody knows', { ...entry, surprise: { deep: [1] } }, '2'],
    [
      'the default transfer method spelt out',
      { ...entry, extra: { ...entry.extra, assetTransferMethod: 'eip3009' } },
      '2',
    ],
    ['the transfer method in another spelling', { ...entry, extra: { assetTransferMethod: 'EIP-3009' } }, '2'],
    ['both amount fields, which agree', { ...entry, maxAmountRequired: '10000' }, '2'],
    ['both amount fields, one of them a number', { ...entry, maxAmountRequired: 10_000 }, '1'],
    ['an amount field that is null beside the other', { ...entry, maxAmountRequired: null }, '2'],
    ['an amount that is a whole number', { ...entry, amount: 1e4 }, '2'],
    ['a network in another case', { ...entry, network: 'EIP155:84532' }, '2'],
    ['a network name in another case', { ...v1Entry, network: 'Base-Sepolia' }, '1'],
    ['a timeout as text', { ...entry, maxTimeoutSeconds: '60' }, '2'],
    ['no extra', { ...entry, extra: undefined }, '2'],
    ['extra that is null', { ...entry, extra: null }, '1'],
    ['an empty extra', { ...entry, extra: {} }, '2'],
    ['an empty token name', { ...entry, extra: { name: '', version: null } }, '2'],
    ['no token version', { ...entry, extra: { name: 'USDC' } }, '2'],
    ['a token version that is a number', { ...entry, extra: { name: 'USDC', version: 2 } }, '2'],
    [
      'no transfer method and no payment flow',
      { ...entry, extra: { assetTransferMethod: null, paymentFlow: null } },
      '2',
    ],
    ['the default payment flow spelt out', { ...entry, extra: { ...entry.extra, paymentFlow: 'authorization' } }, '2'],
  ])('of %s is read', (_what, payload, version) => {
    expect(parse(payload, version)).toEqual({
      ok: true,
      value: {
        protocol: 'x402',
        version,
        scheme: 'exact',
        transferMethod: 'eip3009',
        kind: 'purchase',
        network: 'eip155:84532',
        asset: USDC,
        amount: 10_000n,
        payTo: PAY_TO,
        maxTimeoutSeconds: 60,
      },
    });
  });

  const amounts = [
    '',
    ' 5',
    '5 ',
    '+5',
    '-5',
    '05',
    '0',
    '1e3',
    '0x10',
    '1.0',
    '1_000',
    '9'.repeat(79),
    '1' + '0'.repeat(30),
    0.5,
    -5,
    2 ** 53,
    Number.NaN,
    5n,
    null,
    [],
    {},
    ['5'],
    true,
  ];
  test.each(amounts.map((amount) => [typeof amount === 'string' ? JSON.stringify(amount) : String(amount), amount]))(
    'with the amount %s is refused',
    (_shown, amount) => {
      expect(parse({ ...entry, amount })).toMatchObject({ ok: false, error: { field: 'payload.amount' } });
    },
  );

  test('with the largest amount that the books hold is read, and one more is refused', () => {
    expect(parse({ ...entry, amount: '9'.repeat(30) }).ok).toBe(true);
    expect(parse({ ...entry, amount: `1${'0'.repeat(30)}` })).toMatchObject({ error: { code: 'amount_too_large' } });
  });

  test.each([86_400, 86_401, 604_800, '604800', Number.MAX_SAFE_INTEGER])(
    'with a timeout of %s is read as one of a day, which is the longest',
    (maxTimeoutSeconds) => {
      expect(parse({ ...entry, maxTimeoutSeconds })).toMatchObject({ value: { maxTimeoutSeconds: 86_400 } });
    },
  );

  test('with less time than a settlement takes is refused, and read with just that', () => {
    expect(parse({ ...entry, maxTimeoutSeconds: 10 })).toMatchObject({ value: { maxTimeoutSeconds: 10 } });
    expect(parse({ ...entry, maxTimeoutSeconds: 9 })).toMatchObject({ error: { code: 'max_timeout_too_short' } });
  });

  test('whose domain is no token is refused as what it is, wherever it wants the money', () => {
    const gateway = '0x77777777Dcc4d5A8B6E418Fd04D8997ef11000eE';
    const extra = { name: 'GatewayWalletBatched', version: '1', verifyingContract: gateway };
    for (const asset of [USDC, gateway]) {
      const refused = parse({ ...entry, asset, extra, maxTimeoutSeconds: 345_600 });
      expect(refused).toMatchObject({ error: { code: 'wrong_extra_name', field: 'payload.extra.name' } });
      expect(refused.ok ? '' : refused.error.message).toContain("Circle Gateway's batched payments");
    }
  });

  test('in another token is refused with the name that the seller gives it', () => {
    const refused = parse({ ...entry, asset: PAY_TO, extra: { name: 'World Liberty Financial USD', version: '1' } });
    expect(refused).toMatchObject({ error: { code: 'unsupported_asset' } });
    expect(refused.ok ? '' : refused.error.message).toContain('the offer calls World Liberty Financial USD');
  });

  test('on a test network is refused where only the main network is allowed', () => {
    const refused = parseRequirement({ version: '2', payload: entry }, { networks: new Set(['eip155:8453']) });
    expect(refused).toMatchObject({ ok: false, error: { code: 'unsupported_network', field: 'payload.network' } });
  });

  test.each<[string, Record<string, unknown>, string]>([
    ['amount fields that differ', { maxAmountRequired: '10001' }, 'ambiguous_amount'],
    ['amount fields of which one is no amount', { maxAmountRequired: '$0.01' }, 'ambiguous_amount'],
    ['amount fields that are different numbers', { maxAmountRequired: 10_001 }, 'ambiguous_amount'],
    ['an unknown network', { network: 'eip155:999' }, 'unsupported_network'],
    ['a network that is not allowed here', { network: 'eip155:1' }, 'unsupported_network'],
    ['a network that is not a string', { network: 84532 }, 'unsupported_network'],
    ['a prototype member for a network', { network: '__proto__' }, 'unsupported_network'],
    ['no network', { network: undefined }, 'network_missing'],
    ['a token that only calls itself USDC', { asset: PAY_TO }, 'unsupported_asset'],
    ["another network's USDC", { asset: '0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913' }, 'unsupported_asset'],
    ['an asset with a broken checksum', { asset: USDC.replace('C', 'c') }, 'invalid_asset'],
    ['an asset that is no address', { asset: 'USDC' }, 'invalid_asset'],
    ['the zero address as payee', { payTo: `0x${'0'.repeat(40)}` }, 'invalid_pay_to'],
    ['the token as payee', { payTo: USDC }, 'invalid_pay_to'],
    ['a payee that is too short', { payTo: PAY_TO.slice(0, -1) }, 'invalid_pay_to'],
    ['a payee with a broken checksum', { payTo: PAY_TO.replace('B', 'b') }, 'invalid_pay_to'],
    ['a payee in a list', { payTo: [PAY_TO] }, 'invalid_pay_to'],
    ['a timeout of zero', { maxTimeoutSeconds: 0 }, 'invalid_max_timeout'],
    ['a negative timeout', { maxTimeoutSeconds: -1 }, 'invalid_max_timeout'],
    ['a fractional timeout', { maxTimeoutSeconds: 1.5 }, 'invalid_max_timeout'],
    ['a timeout as other text', { maxTimeoutSeconds: '60s' }, 'invalid_max_timeout'],
    ['a timeout that no number holds exactly', { maxTimeoutSeconds: 2 ** 53 }, 'invalid_max_timeout'],
    ['a network name in another script', { network: '\u212Base' }, 'unsupported_network'],
    ['no timeout', { maxTimeoutSeconds: undefined }, 'max_timeout_missing'],
    ['another scheme', { scheme: 'batch-settlement' }, 'unsupported_scheme'],
    ['a scheme in another case', { scheme: 'Exact' }, 'unsupported_scheme'],
    ['no scheme', { scheme: undefined }, 'scheme_missing'],
    ['an extra that is a list', { extra: [] }, 'invalid_extra'],
    ['an extra that is a text', { extra: 'USDC' }, 'invalid_extra'],
    ['a wrong token name', { extra: { name: 'USD Coin', version: '2' } }, 'wrong_extra_name'],
    ['a wrong token version', { extra: { name: 'USDC', version: '1' } }, 'wrong_extra_version'],
    ['a wrong token version as a number', { extra: { version: 1 } }, 'wrong_extra_version'],
    ['a token name in another case', { extra: { name: 'usdc' } }, 'wrong_extra_name'],
    ['no asset', { asset: undefined }, 'asset_missing'],
    ['no payee', { payTo: undefined }, 'pay_to_missing'],
    ['no amount', { amount: undefined }, 'amount_missing'],
    [
      'a delegation',
      { extra: { name: 'USDC', version: '2', assetTransferMethod: 'erc7710' } },
      'unsupported_transfer_method',
    ],
    ['a transfer method that is no text', { extra: { assetTransferMethod: 1 } }, 'unsupported_transfer_method'],
    [
      'payment before the work',
      { extra: { name: 'USDC', version: '2', paymentFlow: 'upfront' } },
      'unsupported_payment_flow',
    ],
  ])('with %s is refused', (_what, change, code) => {
    expect(parse({ ...entry, ...change })).toMatchObject({ ok: false, error: { reason: 'invalid_challenge', code } });
  });

  test.each([null, undefined, 'text', 5, [], [entry]])('that is %j is refused', (payload) => {
    expect(parse(payload)).toMatchObject({ ok: false, error: { code: 'invalid_payload' } });
  });

  test.each([1, 2, '3', '', null, '2.0'])('of version %j is refused', (version) => {
    expect(parse(entry, version)).toMatchObject({ ok: false, error: { code: 'unsupported_version' } });
  });

  test('takes nothing from a prototype', () => {
    const inherited: unknown = Object.create(entry);
    expect(parse(inherited)).toMatchObject({ ok: false, error: { code: 'scheme_missing' } });
    const hidden: unknown = JSON.parse(`{"__proto__":${JSON.stringify(entry)}}`);
    expect(parse(hidden)).toMatchObject({ ok: false, error: { code: 'scheme_missing' } });
    const extra: unknown = JSON.parse('{"__proto__":{"assetTransferMethod":"permit2"}}');
    expect(parse({ ...entry, extra }).ok).toBe(true);
  });
});
