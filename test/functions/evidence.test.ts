import { createEIP712OfferReceiptIssuer, type SignedOffer, type SignedReceipt } from '@x402/extensions/offer-receipt';
import { privateKeyToAccount } from 'viem/accounts';
import { beforeAll, describe, expect, test } from 'vitest';
import { challengeOf, SELLER_URL } from '../support/asking.ts';
import { createTenant, newToken, offer, withFunctions, type Tenant } from '../support/functions.ts';
import { BASE_SEPOLIA } from '../support/payments.ts';

// What sellers sign of offers and settlements, through the functions that deploy.

const functions = withFunctions();
const { call } = functions;
const payee = privateKeyToAccount(`0x${'07'.repeat(32)}`);
const stranger = privateKeyToAccount(`0x${'08'.repeat(32)}`);
let tenant: Tenant;
beforeAll(async () => {
  tenant = await createTenant(functions);
});

type Account = typeof payee;
const issuer = (account: Account) =>
  createEIP712OfferReceiptIssuer(account.address, (of) =>
    account.signTypedData(of as Parameters<typeof account.signTypedData>[0]),
  );

const AMOUNT = '500000';
const entry = offer({ payTo: payee.address, amount: AMOUNT });
const terms = { acceptIndex: 3, scheme: 'exact', network: BASE_SEPOLIA.id, asset: BASE_SEPOLIA.usdc.address };
const signOffer = (by: Account, amount = AMOUNT) =>
  issuer(by).issueOffer(SELLER_URL, { ...terms, payTo: payee.address, amount, offerValiditySeconds: 60 });

const declaring = (offers: unknown) => ({ extensions: { 'offer-receipt': { info: { offers }, schema: {} } } });

interface Paid {
  readonly processPaymentId: string;
  readonly paymentOutput: { readonly cryptoX402: { readonly payload: { authorization: { readonly from: string } } } };
}

async function pay(more: object = {}, clientToken = newToken()) {
  const { paymentManagerArn, paymentSessionId, paymentInstrumentId } = tenant;
  const { status, body } = await call<Paid>('PayChallenge', {
    json: {
      paymentManagerArn,
      paymentSessionId,
      paymentInstrumentId,
      clientToken,
      request: { method: 'GET', url: SELLER_URL },
      challenge: { status: 402, ...challengeOf([entry], more) },
    },
  });
  expect(status).toBe(200);
  return body;
}

interface Statement {
  readonly payload: object;
  readonly signature: string;
  readonly signer: string;
}

async function evidenceOf(processPaymentId: string) {
  const { body } = await call<{ readonly evidence?: { readonly offer?: Statement; readonly receipt?: Statement } }>(
    'GetPayment',
    { json: { paymentManagerArn: tenant.paymentManagerArn }, path: { processPaymentId } },
  );
  return body.evidence;
}

const report = (processPaymentId: string, signedReceipt?: unknown, outcome = 'DELIVERED') =>
  call<{ readonly status: string; readonly signedReceipt?: string }>('ReportOutcome', {
    json: {
      paymentManagerArn: tenant.paymentManagerArn,
      processPaymentId,
      url: SELLER_URL,
      outcome,
      ...(signedReceipt === undefined ? {} : { signedReceipt }),
    },
  });

describe('the signed offer that was paid', () => {
  test('is kept with the payment, the one that the payee signed before all others', async () => {
    const own = await signOffer(payee);
    const offers = [await signOffer(stranger), await signOffer(payee, '1'), own];
    const { processPaymentId } = await pay(declaring(offers));
    expect(await evidenceOf(processPaymentId)).toEqual({
      offer: {
        format: 'eip712',
        payload: (own as Extract<SignedOffer, { format: 'eip712' }>).payload,
        signature: own.signature,
        signer: 'PAYEE',
        keptAt: expect.any(String) as string,
      },
    });
  });

  test('is kept and marked where another key signed it', async () => {
    const { processPaymentId } = await pay(declaring([await signOffer(stranger)]));
    expect((await evidenceOf(processPaymentId))?.offer?.signer).toBe('UNKNOWN');
  });

  test('stays when the same payment is asked for with another 402, unless now its payee signed it', async () => {
    const clientToken = newToken();
    const { processPaymentId } = await pay(declaring([await signOffer(stranger)]), clientToken);
    const [own, later] = [await signOffer(payee), { ...(await signOffer(payee)), signature: `0x${'5a'.repeat(65)}` }];
    for (const offers of [[own], [later], [await signOffer(stranger)]]) await pay(declaring(offers), clientToken);
    expect((await evidenceOf(processPaymentId))?.offer).toMatchObject({ signer: 'PAYEE', signature: own.signature });
  });

  const huge = { format: 'eip712', payload: { resourceUrl: 'x'.repeat(20_000) }, signature: `0x${'00'.repeat(65)}` };
  test.each<[string, () => Promise<unknown>]>([
    ['of another amount', async () => [await signOffer(payee, '1')]],
    ['too big', () => Promise.resolve([huge])],
    ['no list', () => Promise.resolve({ 0: 'x' })],
    ['garbage', () => Promise.resolve([null, 'x', [], { format: 'eip712' }, { format: 'jws', signature: 'a.b.c' }])],
    ['many', () => Promise.resolve(Array.from({ length: 900 }, () => ({ format: 'jws', signature: 'e30.e30.e30' })))],
  ])('is not kept where it is %s, and the payment is made as without', async (_what, offers) => {
    const { processPaymentId } = await pay(declaring(await offers()));
    expect(await evidenceOf(processPaymentId)).toBeUndefined();
  });
});

describe('the receipt that came with a settlement', () => {
  const signReceipt = (by: Account, payer: string, transaction?: string) =>
    issuer(by).issueReceipt(SELLER_URL, payer, BASE_SEPOLIA.id, transaction);

  test('is kept as its client reports it', async () => {
    const paid = await pay();
    const { from } = paid.paymentOutput.cryptoX402.payload.authorization;
    const receipt = await signReceipt(payee, from, `0x${'ab'.repeat(32)}`);
    expect(await report(paid.processPaymentId, JSON.stringify(receipt))).toMatchObject({
      body: { status: 'RECORDED', signedReceipt: 'KEPT' },
    });
    expect(await evidenceOf(paid.processPaymentId)).toMatchObject({
      receipt: {
        payload: (receipt as Extract<SignedReceipt, { format: 'eip712' }>).payload,
        signature: receipt.signature,
        signer: 'PAYEE',
      },
    });
  });

  test('is marked where another key signed it, and the payee’s takes its place', async () => {
    const paid = await pay();
    const { from } = paid.paymentOutput.cryptoX402.payload.authorization;
    await report(paid.processPaymentId, JSON.stringify(await signReceipt(stranger, from)));
    expect((await evidenceOf(paid.processPaymentId))?.receipt?.signer).toBe('UNKNOWN');
    await report(paid.processPaymentId, JSON.stringify(await signReceipt(payee, from)));
    expect((await evidenceOf(paid.processPaymentId))?.receipt?.signer).toBe('PAYEE');
  });

  test('of another payer, or what is none, is ignored, and the outcome counts all the same', async () => {
    const { processPaymentId } = await pay();
    const foreign = JSON.stringify(await signReceipt(payee, stranger.address));
    for (const text of [foreign, 'no JSON', '['.repeat(4_096), '{"__proto__":1}']) {
      expect(await report(processPaymentId, text, 'FAILED')).toMatchObject({
        status: 200,
        body: { status: 'RECORDED', failuresInARow: 1, signedReceipt: 'IGNORED' },
      });
    }
    expect(await evidenceOf(processPaymentId)).toBeUndefined();
    await report(processPaymentId);
  });

  test('is not taken above its bound, nor for somebody else’s payment', async () => {
    const { processPaymentId } = await pay();
    expect((await report(processPaymentId, 'x'.repeat(4_097))).status).toBe(400);
    const { status } = await call('ReportOutcome', {
      json: {
        paymentManagerArn: tenant.paymentManagerArn,
        processPaymentId,
        url: SELLER_URL,
        outcome: 'DELIVERED',
        signedReceipt: '{}',
      },
      user: 'user-2',
    });
    expect(status).toBe(404);
  });
});
