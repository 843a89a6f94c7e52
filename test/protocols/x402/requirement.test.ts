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
    5,
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

  test('with a timeout of a day is read, which is the longest', () => {
    expect(parse({ ...entry, maxTimeoutSeconds: 86_400 })).toMatchObject({ value: { maxTimeoutSeconds: 86_400 } });
  });

  test('on a test network is refused where only the main network is allowed', () => {
    const refused = parseRequirement({ version: '2', payload: entry }, { networks: new Set(['eip155:8453']) });
    expect(refused).toMatchObject({ ok: false, error: { code: 'unsupported_network', field: 'payload.network' } });
  });

  test.each<[string, Record<string, unknown>, string]>([
    ['both amount fields', { maxAmountRequired: '10000' }, 'ambiguous_amount'],
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
    ['a timeout as text', { maxTimeoutSeconds: '60' }, 'invalid_max_timeout'],
    ['a timeout of more than a day', { maxTimeoutSeconds: 86_401 }, 'max_timeout_too_long'],
    ['no timeout', { maxTimeoutSeconds: undefined }, 'max_timeout_missing'],
    ['another scheme', { scheme: 'upto' }, 'unsupported_scheme'],
    ['a scheme in another case', { scheme: 'Exact' }, 'unsupported_scheme'],
    ['no scheme', { scheme: undefined }, 'scheme_missing'],
    ['no extra', { extra: undefined }, 'extra_missing'],
    ['an extra that is a list', { extra: [] }, 'extra_missing'],
    ['a wrong token name', { extra: { name: 'USD Coin', version: '2' } }, 'wrong_extra_name'],
    ['a wrong token version', { extra: { name: 'USDC', version: '1' } }, 'wrong_extra_version'],
    ['no token name', { extra: { version: '2' } }, 'extra_name_missing'],
    ['no token version', { extra: { name: 'USDC' } }, 'extra_version_missing'],
    ['no asset', { asset: undefined }, 'asset_missing'],
    ['no payee', { payTo: undefined }, 'pay_to_missing'],
    ['no amount', { amount: undefined }, 'amount_missing'],
    [
      'Permit2',
      { extra: { name: 'USDC', version: '2', assetTransferMethod: 'permit2' } },
      'unsupported_transfer_method',
    ],
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
    const extra: unknown = JSON.parse('{"__proto__":{"name":"USDC","version":"2"}}');
    expect(parse({ ...entry, extra })).toMatchObject({ ok: false, error: { code: 'extra_name_missing' } });
  });
});
