import {
  createJWS,
  createOfferEIP712,
  createReceiptEIP712,
  hashOfferTypedData,
  hashReceiptTypedData,
  type OfferPayload,
} from '@x402/extensions/offer-receipt';
import fc from 'fast-check';
import { privateKeyToAccount } from 'viem/accounts';
import { describe, expect, test } from 'vitest';
import { EVIDENCE_MAX_CHARS } from '../../../lib/domain/payment/evidence.ts';
import {
  matchingOffers,
  matchingReceipt,
  type StatedPayment,
} from '../../../lib/protocols/x402/evidence/offer-receipt.ts';
import { signedReceiptIn } from '../../../lib/protocols/x402/evidence/extension.ts';
import { makePayment, makeSession, NOW } from '../../support/payments.ts';

const URL = 'https://api.seller.example/report';
const account = privateKeyToAccount(`0x${'07'.repeat(32)}`);
const now = NOW / 1_000;
const payment: StatedPayment = makePayment(makeSession());
const { offer, terms } = payment;

const said: OfferPayload = {
  version: 1,
  resourceUrl: URL,
  scheme: offer.scheme,
  network: offer.network,
  asset: offer.asset,
  payTo: offer.payTo,
  amount: offer.amount.toString(),
  validUntil: now + 60,
};
const acknowledged = { version: 1, network: offer.network, resourceUrl: URL, payer: terms.from, issuedAt: now };
const challengeWith = (offers: unknown) => ({ extensions: { 'offer-receipt': { info: { offers } } } });
const typed = (payload: object, signature = `0x${'5a'.repeat(65)}`) => ({ format: 'eip712', payload, signature });
const hex = (bytes: Uint8Array | null | undefined) => `0x${Buffer.from(bytes!).toString('hex')}`;
const offersOf = (...offers: unknown[]) => matchingOffers(challengeWith(offers), payment, URL);
const receiptOf = (receipt: unknown) => matchingReceipt(JSON.stringify(receipt), payment, URL);
const jws = (payload: object) =>
  createJWS(payload, {
    kid: 'did:web:seller.example#key-1',
    format: 'jws',
    algorithm: 'ES256',
    sign: () => Promise.resolve('c2lnbmF0dXJl'),
  });

describe('what the official package signs', () => {
  test('is found, and hashed as it hashes it', async () => {
    const signed = await createOfferEIP712(URL, { ...said, acceptIndex: 7, offerValiditySeconds: 60 }, (of) =>
      account.signTypedData(of as Parameters<typeof account.signTypedData>[0]),
    );
    const [found] = offersOf(signed);
    expect(found!.statement).toEqual({ format: 'eip712', payload: signed.payload, signature: signed.signature });
    expect(hex(found!.digest)).toBe(hashOfferTypedData(signed.payload));
    const receipt = await createReceiptEIP712({ ...acknowledged, transaction: '0xabc' }, (of) =>
      account.signTypedData(of as Parameters<typeof account.signTypedData>[0]),
    );
    const dated = { ...receipt, payload: { ...receipt.payload, issuedAt: now } };
    expect(hex(receiptOf(dated)?.digest)).toBe(hashReceiptTypedData(dated.payload));
  });

  test('is found in a JWS, whose signature nobody checks', async () => {
    const signature = await jws(said);
    expect(offersOf({ format: 'jws', signature })).toEqual([
      { statement: { format: 'jws', payload: said, signature }, digest: null },
    ]);
    const { validUntil: _until, ...endless } = said;
    expect(offersOf({ format: 'jws', signature: await jws(endless) })).toHaveLength(1);
    expect(receiptOf({ format: 'jws', signature: await jws(acknowledged) })?.statement.payload).toEqual(acknowledged);
  });
});

describe('an offer is that of a payment', () => {
  test('wherever it stands among others, and not by where it says that it belongs', () => {
    const other = typed({ ...said, amount: '1' });
    const found = offersOf({ ...other, acceptIndex: 0 }, { ...typed(said), acceptIndex: 0 });
    expect(found.map(({ statement }) => statement.payload)).toEqual([said]);
  });

  test('in another case of addresses, and by the name that version 1 has for the network', () => {
    const spelt = {
      ...said,
      network: 'base-sepolia',
      asset: offer.asset.toLowerCase(),
      payTo: offer.payTo.toUpperCase(),
    };
    expect(offersOf(typed(spelt))).toHaveLength(1);
  });

  test.each<[string, object]>([
    ['another amount', { amount: `${offer.amount + 1n}` }],
    ['an amount in another spelling', { amount: `0${offer.amount}` }],
    ['another payee', { payTo: account.address }],
    ['another token', { asset: account.address }],
    ['another network', { network: 'eip155:8453' }],
    ['an unknown network', { network: 'eip155:99999' }],
    ['another scheme', { scheme: 'upto' }],
    ['another version', { version: 2 }],
    ['a stranger’s resource', { resourceUrl: 'https://other.example/report' }],
    ['a number as text', { version: '1' }],
    ['no end', { validUntil: undefined }],
    ['an end that is no instant', { validUntil: -1 }],
    ['too much in it', { resourceUrl: `${URL}?${'x'.repeat(EVIDENCE_MAX_CHARS)}` }],
  ])('not with %s', (_what, members) => {
    expect(offersOf(typed({ ...said, ...members }))).toEqual([]);
  });

  test.each<[string, unknown]>([
    ['no format', { payload: said, signature: '0x00' }],
    ['an unknown format', { ...typed(said), format: 'pgp' }],
    ['no signature', { format: 'eip712', payload: said }],
    ['a signature that is no hex', typed(said, 'signed')],
    ['a JWS that is none', { format: 'jws', signature: 'a.b' }],
    ['a JWS of no JSON', { format: 'jws', signature: 'e30.%%%.c2ln' }],
    ['a text', 'signed'],
    ['nothing', null],
  ])('not with %s', (_what, statement) => {
    expect(offersOf(statement)).toEqual([]);
  });

  test('up to the bound of what is kept', () => {
    const sizeOf = (chars: number) => typed({ ...said, resourceUrl: `${URL}?${'x'.repeat(chars)}` });
    const spare = EVIDENCE_MAX_CHARS - JSON.stringify(sizeOf(0).payload).length - sizeOf(0).signature.length;
    expect(offersOf(sizeOf(spare))).toHaveLength(1);
    expect(offersOf(sizeOf(spare + 1))).toEqual([]);
  });

  test('and members that nobody signed are not kept', () => {
    expect(offersOf(typed({ ...said, note: 'free' }))[0]?.statement.payload).toEqual(said);
  });
});

describe('a receipt is that of a payment', () => {
  const receipt = typed({ ...acknowledged, transaction: '' });

  test('from its payer, in its time', () => {
    expect(receiptOf(receipt)).not.toBeNull();
    expect(receiptOf(typed({ ...receipt.payload, issuedAt: now - 300 }))).not.toBeNull();
    expect(receiptOf(typed({ ...receipt.payload, issuedAt: terms.validBefore + 300 }))).not.toBeNull();
  });

  test.each<[string, object]>([
    ['another payer', { payer: account.address }],
    ['another network', { network: 'eip155:8453' }],
    ['a stranger’s resource', { resourceUrl: 'https://other.example/report' }],
    ['a time before the payment', { issuedAt: now - 301 }],
    ['a time after anybody could settle it', { issuedAt: terms.validBefore + 301 }],
    ['no transaction, signed as typed data', { transaction: undefined }],
  ])('not with %s', (_what, members) => {
    expect(receiptOf(typed({ ...receipt.payload, ...members }))).toBeNull();
  });

  test('not from a text that is no JSON', () => {
    expect(matchingReceipt('{', payment, URL)).toBeNull();
  });
});

test('nothing that a stranger writes makes reading it throw', () => {
  const anything = fc.oneof(fc.jsonValue(), fc.anything());
  const mixed = fc.record({ format: fc.constantFrom('eip712', 'jws', 1), payload: anything, signature: anything });
  fc.assert(
    fc.property(fc.oneof(anything, fc.array(mixed).map(challengeWith)), fc.string(), (document, text) => {
      matchingOffers(document, payment, URL);
      matchingReceipt(text, payment, text);
    }),
  );
  fc.assert(fc.property(fc.jsonValue(), (document) => signedReceiptIn(document) === undefined));
});
