import { describe, expect, test } from 'vitest';
import { findNetwork } from '../../lib/domain/assets.ts';
import { toMicroUsd } from '../../lib/domain/money.ts';
import { parseBase64Json, formatBase64Json } from '../../lib/json/base64-json.ts';
import { parsePaymentInput, schemeOf, smallestPayment } from '../../lib/protocols/catalogue.ts';
import {
  attachProof,
  describedAs,
  isOfferRefusal,
  isPaidBy,
  isSignedFor,
  payablePayments,
  readChallenge,
  readRejection,
  readSettlement,
  remedyFor,
  traceProof,
  wayOf,
  type ChosenPayment,
  type PaymentWay,
} from '../../lib/protocols/challenge.ts';
import { restate } from '../../lib/protocols/restated.ts';
import { NETWORKS } from '../../lib/domain/assets.ts';
import { offer } from '../support/functions.ts';
import { mppHeader } from '../support/mpp.ts';

const NETWORK = 'eip155:84532';
const USDC = findNetwork(NETWORK)!.usdc.address;
const FROM = '0x1a642f0E3c3aF545E7AcBD38b07251B3990914F1';
const FACILITATOR = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8';
const NONCE = `0x${'ab'.repeat(32)}`;
const transfer = { signature: '0x1', authorization: { from: FROM, nonce: NONCE, validBefore: '1760000000' } };
const permit = { permit2Authorization: { from: FROM, nonce: '255', deadline: '1760000000', witness: {} } };
const ofFacilitator = {
  permit2Authorization: { ...permit.permit2Authorization, witness: { facilitator: FACILITATOR } },
};
const x402 = (payload: unknown) => ({ cryptoX402: { version: '2', payload } });
const mpp = (content: object) => ({
  mpp: { paymentCredential: `Payment ${Buffer.from(JSON.stringify(content)).toString('base64url')}` },
});
const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64');

async function choose(body: object, authenticate?: string): Promise<readonly ChosenPayment[]> {
  const headers = new Headers(authenticate === undefined ? {} : { 'www-authenticate': authenticate });
  const read = readChallenge({ headers, body: JSON.stringify(body) });
  if (!read.ok || read.value === null) throw new Error('unreadable');
  const payable = await payablePayments(read.value, { requestedUrl: 'https://seller.example/report' });
  if (!payable.ok) throw new Error(payable.error.message);
  return payable.value;
}

const UPTO: PaymentWay = { protocol: 'x402', scheme: 'upto', transferMethod: 'permit2', facilitator: FACILITATOR };
const EXACT: PaymentWay = { protocol: 'x402', scheme: 'exact', transferMethod: 'eip3009' };
const PERMIT: PaymentWay = { protocol: 'x402', scheme: 'exact', transferMethod: 'permit2' };
const CHARGE: PaymentWay = { protocol: 'mpp', scheme: 'charge', transferMethod: 'eip3009' };

describe('the way of a proof', () => {
  test.each<[string, unknown, PaymentWay | null]>([
    ['a transfer', x402(transfer), EXACT],
    ['a permit', x402(permit), PERMIT],
    ['a permit for a facilitator', x402(ofFacilitator), UPTO],
    [
      'a permit for something that is no address',
      x402({ permit2Authorization: { witness: { facilitator: 'somebody' } } }),
      PERMIT,
    ],
    ['a credential', mpp({}), CHARGE],
    ['a transfer that is a list', x402({ authorization: [] }), null],
    ['a permit that is a text', x402({ permit2Authorization: 'x' }), null],
    ['something else', x402({ signature: '0x1' }), null],
    ['a text', x402('proof'), null],
    ['nothing', undefined, null],
  ])('of %s', (_what, output, way) => {
    expect(wayOf(output)).toEqual(way);
  });

  test('is that of an offer where scheme, method and facilitator are', () => {
    for (const way of [EXACT, PERMIT, UPTO, CHARGE]) {
      expect([EXACT, PERMIT, UPTO, CHARGE].filter((each) => isPaidBy(way, each))).toEqual([way]);
      expect(isPaidBy(null, way)).toBe(true);
      expect(isPaidBy({ ...way, protocol: way.protocol === 'mpp' ? 'x402' : 'mpp' }, way)).toBe(false);
      expect(isPaidBy({ ...way, scheme: 'other' }, way)).toBe(false);
    }
    const lower = FACILITATOR.toLowerCase() as `0x${string}`;
    expect(isPaidBy({ ...UPTO, facilitator: lower }, UPTO)).toBe(true);
    expect(isPaidBy(UPTO, { ...UPTO, facilitator: lower })).toBe(true);
    expect(isPaidBy(UPTO, { ...UPTO, facilitator: USDC })).toBe(false);
  });
});

describe('a proof is for an offer', () => {
  const signed = { amountUsd: '0.50', network: NETWORK, asset: USDC, payTo: offer().payTo };
  test('where all that was signed is that of the offer, in any case', async () => {
    const [payment] = await choose({ x402Version: 2, accepts: [offer()] });
    expect(isSignedFor(signed, null, payment!)).toBe(true);
    expect(isSignedFor(signed, EXACT, payment!)).toBe(true);
    expect(isSignedFor(signed, PERMIT, payment!)).toBe(false);
    const upper = { ...signed, asset: USDC.toUpperCase(), payTo: signed.payTo.toLowerCase() };
    expect(isSignedFor(upper, EXACT, payment!)).toBe(true);
    const others = [
      { amountUsd: '0.51' },
      { amountUsd: '' },
      { network: 'eip155:8453' },
      { asset: FROM },
      { payTo: FROM },
    ];
    for (const other of others) expect(isSignedFor({ ...signed, ...other }, EXACT, payment!)).toBe(false);
  });
});

describe('what the seller calls its goods', () => {
  test.each([
    ['beside its offers', { resource: { url: '/', description: 'a report' } }, {}, 'a report'],
    ['in the offer', {}, { description: 'a report' }, 'a report'],
    [
      'in both places, beside its offers first',
      { resource: { description: 'a report' } },
      { description: 'b' },
      'a report',
    ],
    ['in the offer, where it says nothing beside', { resource: { description: '' } }, { description: 'b' }, 'b'],
    ['nowhere', {}, {}, undefined],
    ['in a number', { resource: { description: 1 } }, { description: [] }, undefined],
  ])('stands %s', async (_where, document, entry, description) => {
    const [payment] = await choose({ x402Version: 2, accepts: [{ ...offer(), ...entry }], ...document });
    expect(describedAs(payment!)).toBe(description);
  });
});

describe('a refusal', () => {
  test('concerns one offer or all', () => {
    expect([null, 'bursar:unsupported_network', 'bursar:budget_exceeded', 'x'].map(isOfferRefusal)).toEqual([
      false,
      true,
      false,
      false,
    ]);
  });

  test('has a remedy where one is known, in whatever case it stands', () => {
    const remedy =
      "the wallet has not let the Permit2 contract 0x000000000022D473030F116dDEE9F6B43aC78BA3 take as much of the token as the payment: approve it by the wallet's own means, and the same proof can be presented again while it lasts";
    expect(remedyFor('permit2_allowance_required')).toBe(remedy);
    expect(remedyFor('PERMIT2_Allowance_Required')).toBe(remedy);
    expect([null, '', 'insufficient_funds', 'permit2_allowance_required!'].map(remedyFor)).toEqual(Array(4).fill(null));
  });
});

describe('the header of a proof', () => {
  const presentation = { challenge: { document: null, authenticate: null }, entry: offer() };

  test('is that of a credential, where it is one', async () => {
    const output = mpp({ challenge: { header: 'Payment-Authorization' } });
    expect(await attachProof(presentation, output)).toEqual({
      name: 'Payment-Authorization',
      value: output.mpp.paymentCredential,
    });
  });

  test('is that of x402, for a seller that has not said anything of x402', async () => {
    const { name, value } = await attachProof(presentation, x402(transfer));
    expect([name, parseBase64Json(value)]).toEqual([
      'PAYMENT-SIGNATURE',
      { ok: true, value: { x402Version: 2, accepted: offer(), extensions: {}, payload: transfer } },
    ]);
  });

  test.each([undefined, {}, x402('text'), { mpp: { paymentCredential: 1 } }])('is none for %j', async (output) => {
    await expect(attachProof(presentation, output)).rejects.toThrow('holds no proof');
  });
});

describe('what became of a proof', () => {
  /** A chain on which just one word is set: that of the nonce where a contract is asked for it. */
  const chainOf = (answer: bigint) => {
    const asked: { readonly to: string; readonly data: string }[] = [];
    const rpc = async (method: string, params: readonly unknown[]): Promise<unknown> => {
      if (method === 'eth_getBlockByNumber') return { number: '0x5', timestamp: `0x${(1_760_000_000).toString(16)}` };
      asked.push(params[0] as (typeof asked)[number]);
      return `0x${answer.toString(16).padStart(64, '0')}`;
    };
    return { rpc, asked };
  };
  const at = (paymentOutput: unknown) => ({ network: NETWORK, asset: USDC, paymentOutput });
  const owner = FROM.slice(2).toLowerCase().padStart(64, '0');

  test.each([
    ['a transfer', x402(transfer)],
    ['a credential', mpp({ payload: transfer.authorization })],
  ])('that is %s is asked of its token', async (_what, output) => {
    const { rpc, asked } = chainOf(1n);
    expect(await traceProof(at(output), rpc)).toBe('used');
    expect(asked).toEqual([{ to: USDC, data: `0xe94a0102${owner}${NONCE.slice(2)}` }]);
  });

  test.each([permit, ofFacilitator])('that is a permit is asked of Permit2: %j', async (payload) => {
    const { rpc, asked } = chainOf(1n << 255n);
    expect(await traceProof(at(x402(payload)), rpc)).toBe('used');
    const to = '0x000000000022D473030F116dDEE9F6B43aC78BA3';
    expect(asked).toEqual([{ to, data: `0x4fe02b44${owner}${'0'.repeat(64)}` }]);
    expect(await traceProof(at(x402(payload)), chainOf(1n << 254n).rpc)).toBe('dead');
    const later = { permit2Authorization: { ...payload.permit2Authorization, deadline: '1760000001' } };
    expect(await traceProof(at(x402(later)), chainOf(0n).rpc)).toBe('open');
  });

  test('that is a permit of a high nonce is asked for in its own word', async () => {
    const { rpc, asked } = chainOf(1n);
    const nonce = (2n ** 256n - 256n).toString();
    const high = { permit2Authorization: { ...permit.permit2Authorization, nonce } };
    expect(await traceProof(at(x402(high)), rpc)).toBe('used');
    expect(asked[0]!.data.slice(-64)).toBe(`00${'f'.repeat(62)}`);
    const zero = { permit2Authorization: { ...permit.permit2Authorization, nonce: '0' } };
    expect(await traceProof(at(x402(zero)), chainOf(1n).rpc)).toBe('used');
  });

  const changed = (change: object) => x402({ permit2Authorization: { ...permit.permit2Authorization, ...change } });
  const moved = (change: object) => x402({ authorization: { ...transfer.authorization, ...change } });
  test.each<[string, unknown]>([
    ...[
      { from: 1 },
      { from: 'somebody' },
      { nonce: 255 },
      { nonce: '' },
      { nonce: '-1' },
      { nonce: '0255' },
      { nonce: '255n' },
      { nonce: `1${'0'.repeat(78)}` },
      { deadline: 1_760_000_000 },
      { deadline: '-1' },
      { deadline: '1s' },
      { deadline: '' },
      { deadline: '1'.repeat(16) },
    ].map((change) => [`a permit with ${JSON.stringify(change)}`, changed(change)] as [string, unknown]),
    ...[
      { from: 1 },
      { from: FROM.slice(2) },
      { nonce: 1 },
      { nonce: NONCE.slice(2) },
      { validBefore: 1_760_000_000 },
      { validBefore: '-1' },
      { validBefore: '1s' },
      { validBefore: '' },
      { validBefore: '1'.repeat(16) },
    ].map((change) => [`a transfer with ${JSON.stringify(change)}`, moved(change)] as [string, unknown]),
    ['something else', x402({})],
  ])('is not known where it is %s', async (_what, output) => {
    const { rpc, asked } = chainOf(1n);
    await expect(traceProof(at(output), rpc)).rejects.toThrow('no scheme knows this proof');
    expect(asked).toEqual([]);
  });

  test.each<[string, object]>([
    ['on no network', { network: 'eip155:999' }],
    ['in no token', { asset: 'USDC' }],
    ['of nothing', { paymentOutput: {} }],
    ['of a credential that is none', { paymentOutput: mpp({}) }],
    [
      'of a credential on no network',
      { network: 'eip155:999', paymentOutput: mpp({ payload: transfer.authorization }) },
    ],
    ['of a credential in no token', { asset: 'USDC', paymentOutput: mpp({ payload: transfer.authorization }) }],
  ])('is not known %s', async (_what, change) => {
    const { rpc } = chainOf(1n);
    await expect(traceProof({ ...at(x402(transfer)), ...change }, rpc)).rejects.toThrow('no proof on a known network');
  });
});

describe('what a seller says of a settlement', () => {
  const settlement = { success: true, transaction: '0x1', network: NETWORK, payer: FROM };
  const receipt = { status: 'success', reference: '0x2' };

  test('is that of x402, else the receipt of MPP, else nothing', async () => {
    const said = (headers: Record<string, string>) => readSettlement(new Headers(headers));
    const both = { 'payment-response': encode(settlement), 'payment-receipt': encode(receipt) };
    expect(await said(both)).toEqual({ ...settlement, errorReason: null });
    expect(await said({ ...both, 'payment-response': '!' })).toMatchObject({ transaction: '0x2' });
    expect(await said({ 'payment-receipt': encode(receipt) })).toMatchObject({ transaction: '0x2' });
    expect(await said({})).toBeNull();
  });

  test('is a reason there, else in the terms by which it asks again', async () => {
    const rejected = (headers: Record<string, string>, body: object = {}) =>
      readRejection({ headers: new Headers(headers), body: JSON.stringify(body) });
    const failed = { 'payment-response': encode({ success: false, errorReason: 'no_funds' }) };
    expect(await rejected(failed, { error: 'asking' })).toBe('no_funds');
    expect(await rejected({}, { error: 'asking' })).toBe('asking');
    expect(await rejected({}, { error: '', detail: 'MPP says so' })).toBe('MPP says so');
    expect(await rejected({}, { error: 1, detail: '' })).toBeNull();
  });
});

describe('a proof for terms that are not offered any more', () => {
  const signed = { amountUsd: '0.25', network: 'eip155:8453', asset: FROM, payTo: FACILITATOR };
  const presented = async (version: 1 | 2, entry: object = {}) => {
    const [payment] = await choose({ x402Version: version, accepts: [{ ...offer(), description: 'a', ...entry }] });
    return payment!;
  };
  const terms = { asset: FROM, payTo: FACILITATOR, extra: { name: 'USD Coin', version: '2' }, description: 'a' };

  test('is presented as one for those, in the words of its version', async () => {
    const second = restate(await presented(2), signed, null).entry;
    const { maxTimeoutSeconds } = offer();
    expect(second).toEqual({ ...terms, scheme: 'exact', network: 'eip155:8453', amount: '250000', maxTimeoutSeconds });
    const first = restate(await presented(1), signed, null).entry;
    expect(first).toEqual({
      ...terms,
      scheme: 'exact',
      network: 'base',
      maxAmountRequired: '250000',
      maxTimeoutSeconds,
    });
  });

  test('is presented in its own way, and under its own token', async () => {
    const payment = await presented(2);
    expect(restate(payment, signed, UPTO).entry).toMatchObject({
      scheme: 'upto',
      extra: { ...terms.extra, assetTransferMethod: 'permit2', facilitatorAddress: FACILITATOR },
    });
    const token = { amount: '7', name: 'EURC', version: '1' };
    expect(restate(payment, { ...signed, token }, PERMIT).entry).toMatchObject({
      amount: '7',
      extra: { assetTransferMethod: 'permit2', name: 'EURC', version: '1' },
    });
    const unnamed = { amount: '7', name: null, version: null };
    const { entry } = restate(payment, { ...signed, token: unnamed }, EXACT);
    expect(entry).toMatchObject({ scheme: 'exact', extra: {} });
    expect((entry as { readonly extra: object }).extra).toEqual({});
  });

  test('keeps what else its entry says, unless that is no object', async () => {
    const extra = { ...offer().extra, quoteId: 'q' };
    expect(restate(await presented(2, { extra }), signed, null).entry).toMatchObject({ extra: { quoteId: 'q' } });
    const [payment] = await choose({ x402Version: 2, accepts: [{ ...offer(), extra: null }] });
    expect(restate(payment!, signed, null).entry).toMatchObject({ extra: { name: 'USD Coin' } });
  });

  test('is presented as it is where it is a credential, or its seller speaks no x402', async () => {
    const payment = await presented(2);
    expect(restate(payment, signed, CHARGE)).toEqual({ challenge: payment.challenge, entry: payment.entry });
    const [charge] = await choose({}, mppHeader({ id: 'one' }));
    expect(restate(charge!, signed, EXACT)).toEqual({ challenge: charge!.challenge, entry: charge!.entry });
  });

  test.each<[string, object, PaymentWay | null]>([
    ['on a network', { network: 'eip155:999' }, null],
    ['of an amount', { amountUsd: 'much' }, null],
    ['by a scheme', {}, { ...UPTO, scheme: 'later' }],
    ['by a method', {}, { ...UPTO, transferMethod: 'eip3009' }],
  ])('is none that this release presents where it was made %s that it does not know', async (_what, change, way) => {
    const payment = await presented(2);
    expect(() => restate(payment, { ...signed, ...change }, way)).toThrow('of another release');
  });
});

describe('the schemes of a release', () => {
  test('are found by protocol, scheme and method together', () => {
    for (const way of [EXACT, PERMIT, UPTO, CHARGE]) expect(schemeOf(way)).toMatchObject({ scheme: way.scheme });
    for (const change of [{ protocol: 'mpp' }, { scheme: 'charge' }, { transferMethod: 'erc7710' }] as const)
      expect(() => schemeOf({ ...EXACT, ...change })).toThrow('this release has no scheme');
  });

  test('read the smallest payment of every network', async () => {
    for (const network of NETWORKS) {
      const { paymentType, paymentInput } = smallestPayment(network, FROM);
      const read = await parsePaymentInput(paymentType, paymentInput, { networks: new Set([network.id]) });
      expect(read).toMatchObject({
        ok: true,
        value: { scheme: 'exact', network: network.id, amount: 1n, payTo: FROM, maxTimeoutSeconds: 60 },
      });
      const { domainName: name, domainVersion: version } = network.usdc;
      expect(paymentInput.cryptoX402.payload.extra).toEqual({ name, version });
    }
  });
});

test('a price is what the budget is charged', async () => {
  const [payment] = await choose({ x402Version: 2, accepts: [offer({ amount: '1' })] });
  expect(payment!.price).toBe(toMicroUsd(1n));
  expect(formatBase64Json(payment!.request.paymentInput)).toBe(
    formatBase64Json({ cryptoX402: { version: '2', payload: offer({ amount: '1' }) } }),
  );
});
