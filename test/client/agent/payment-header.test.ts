import { beforeAll, expect, test } from 'vitest';
import {
  createPaymentManager,
  PaymentError,
  PaymentInstrumentNotFound,
  type ManagerClient,
  type PaymentHeaderInput,
} from '../../../lib/client/agent/index.ts';
import { createTenant, withFunctions, type Tenant } from '../../support/functions.ts';
import { mppHeader, readCredential } from '../../support/mpp.ts';
import { base64, makeEntry } from '../script.ts';
import { openService, USER } from '../service.ts';
import { terms } from './world.ts';

// The header that goes to a seller, as the manager of AWS's Python SDK makes it.

const functions = withFunctions();
let tenant: Tenant;
beforeAll(async () => {
  tenant = await createTenant(functions);
});

const generate = (asked: unknown, more: Partial<PaymentHeaderInput> = {}) => {
  const { paymentInstrumentId, paymentSessionId } = tenant;
  const { client, asked: sent } = openService(functions);
  const { paymentManagerArn } = tenant;
  const manager = createPaymentManager({ client, paymentManagerArn, agentName: 'assistant', userId: USER });
  const paymentRequiredRequest = asked as PaymentHeaderInput['paymentRequiredRequest'];
  const header = manager.generatePaymentHeader({
    paymentInstrumentId,
    paymentSessionId,
    paymentRequiredRequest,
    ...more,
  });
  return { header, asked: sent };
};
const inHeader = (document: object) => ({
  statusCode: 402,
  headers: { 'Payment-Required': base64(document) },
  body: '',
});
const inBody = (body: unknown) => ({ statusCode: 402, headers: {}, body });
const decoded = (value: string | undefined) => JSON.parse(Buffer.from(value ?? '', 'base64').toString()) as object;

test.each([
  ['in a header', () => inHeader(terms())],
  ['in a body', () => inBody(terms())],
  ['in a body that is text', () => inBody(JSON.stringify(terms()))],
])('one of version 2 answers terms %s', async (_what, asked) => {
  const header = await generate(asked()).header;
  expect(Object.keys(header)).toEqual(['PAYMENT-SIGNATURE']);
  expect(decoded(header['PAYMENT-SIGNATURE'])).toMatchObject({ x402Version: 2, accepted: terms().accepts[0] });
});

test('one of version 1 answers terms of version 1', async () => {
  const header = await generate(inBody({ x402Version: 1, accepts: [makeEntry(1)] })).header;
  expect(decoded(header['X-PAYMENT'])).toMatchObject({ x402Version: 1, network: 'base-sepolia' });
});

test('one of MPP answers a challenge of MPP', async () => {
  const asked = { statusCode: 402, headers: { 'www-authenticate': mppHeader() }, body: {} };
  const { header, asked: sent } = generate(asked, { buyerPaysGasFees: false });
  expect(readCredential((await header)['Authorization']!).challenge).toMatchObject({ method: 'evm' });
  expect(sent.at(-1)!.body).toMatchObject({ paymentInput: { mpp: { buyerPaysGasFees: false } } });
});

test('it is for the cheapest offer, or for that of the network that is preferred', async () => {
  const accepts = ['300000', '200000'].map((amount) => makeEntry(2, { amount }));
  const dear = makeEntry(2, {
    network: 'eip155:8453',
    amount: '100000',
    extra: { name: 'USD Coin', version: '2' },
    asset: '0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913',
  });
  const asked = inBody({ x402Version: 2, accepts: [...accepts, dear] });
  const cheapest = generate(inBody({ x402Version: 2, accepts }));
  expect(decoded((await cheapest.header)['PAYMENT-SIGNATURE'])).toMatchObject({ accepted: { amount: '200000' } });
  for (const preferred of ['eip155:84532', 'base-sepolia']) {
    const networkPreferences = ['solana-mainnet', preferred, 'eip155:8453'];
    const { header } = generate(asked, { networkPreferences });
    expect(decoded((await header)['PAYMENT-SIGNATURE'])).toMatchObject({ accepted: { amount: '200000' } });
  }
});

test('it is the same one for the same client token', async () => {
  const [first, second] = [
    generate(inBody(terms()), { clientToken: 'a'.repeat(40) }),
    generate(inBody(terms()), { clientToken: 'a'.repeat(40) }),
  ];
  expect(await second.header).toEqual(await first.header);
  expect(first.asked.at(-1)!.body).toMatchObject({ clientToken: 'a'.repeat(40) });
});

test.each<[string, unknown, Partial<PaymentHeaderInput>, RegExp]>([
  ['another status', { ...inBody({}), statusCode: 200 }, {}, /402 Status Validation/],
  ['no body', { statusCode: 402, headers: {} }, {}, /Input Validation: paymentRequiredRequest/],
  ['no headers', { statusCode: 402, body: '' }, {}, /Input Validation: paymentRequiredRequest/],
  ['no status', { headers: {}, body: '' }, {}, /Input Validation: paymentRequiredRequest/],
  ['nothing', undefined, {}, /Input Validation: paymentRequiredRequest/],
  ['a page', inBody('<h1>402</h1>'), {}, /Extraction/],
  ['broken terms', { statusCode: 402, headers: { 'payment-required': '!' }, body: '' }, {}, /Extraction/],
  ['no wallet', inBody(terms()), { paymentInstrumentId: ' ' }, /Input Validation: paymentInstrumentId/],
  ['no session', inBody(terms()), { paymentSessionId: '' }, /Input Validation: paymentSessionId/],
  ['an empty token', inBody(terms()), { clientToken: '' }, /Input Validation: clientToken/],
  [
    'gas fees that are a text',
    inBody(terms()),
    { buyerPaysGasFees: 'false' as unknown as boolean },
    /Input Validation: buyerPaysGasFees/,
  ],
  ...['1e6', 'much', '', '1'.repeat(79)].map((permit2AllowanceLimit) => {
    const what = `an allowance of ${permit2AllowanceLimit.length} characters that is no number`;
    const message = /Input Validation: permit2AllowanceLimit/;
    return [what, inBody(terms()), { permit2AllowanceLimit }, message] as [string, unknown, object, RegExp];
  }),
  ['a price above the limit', inBody(terms()), { maxPriceUsd: '0.49' }, /Accept Selection/],
  ['a limit that is none', inBody(terms()), { maxPriceUsd: 'much' }, /Input Validation: maxPriceUsd/],
  ['the goods of somebody else', inBody(terms()), { url: 'https://other.example/' }, /Accept Selection/],
])('it is refused for %s, and nothing is asked for', async (_what, asked, more, message) => {
  const { header, asked: sent } = generate(asked, more);
  await expect(header).rejects.toThrow(message);
  await expect(header).rejects.toBeInstanceOf(PaymentError);
  expect(sent).toEqual([]);
});

test('it is refused for a wallet that is not there', async () => {
  const paymentInstrumentId = `payment-instrument-${'0'.repeat(15)}`;
  await expect(generate(inBody(terms()), { paymentInstrumentId }).header).rejects.toBeInstanceOf(
    PaymentInstrumentNotFound,
  );
});

const ceiling = makeEntry(2, {
  scheme: 'upto',
  extra: { name: 'USDC', version: '2', facilitatorAddress: `0x${'3'.repeat(40)}` },
});

/** A service that has a wallet of that network, and keeps what it is asked to pay. */
function serviceOf(network: string, paymentOutput: object = {}) {
  const paid: unknown[] = [];
  const client = {
    call: async () => ({ paymentInstrument: { paymentInstrumentDetails: { embeddedCryptoWallet: { network } } } }),
    processPayment: async (input: object) => {
      paid.push(input);
      return { paymentOutput };
    },
  } as unknown as ManagerClient;
  const manager = createPaymentManager({ client, paymentManagerArn: 'arn', userId: USER });
  const names = { paymentInstrumentId: 'wallet', paymentSessionId: 'session' };
  const header = (asked: object, more: Partial<PaymentHeaderInput> = {}) =>
    manager.generatePaymentHeader({ ...names, paymentRequiredRequest: inBody(asked), ...more });
  return { header, paid };
}

test('it is refused for a wallet of a network that nothing is offered on', async () => {
  const { header, paid } = serviceOf('SOLANA');
  await expect(header(terms())).rejects.toThrow('Accept Selection: nothing that is offered can be paid by a wallet');
  expect(paid).toEqual([]);
});

test('it is refused where the answer holds no proof, and says why', async () => {
  await expect(serviceOf('ETHEREUM').header(terms())).rejects.toMatchObject({
    name: 'PaymentError',
    message: 'Payment Processing: the payment output holds no proof of what was asked for',
    cause: expect.any(Error) as Error,
  });
});

test.each([
  ['goes along with a ceiling', ceiling, '78', '78'],
  ['may be as long as a number of the chain', ceiling, '9'.repeat(78), '9'.repeat(78)],
  ['need not be there', ceiling, undefined, undefined],
  ['is left out of every other scheme', makeEntry(2), '78', undefined],
])('an allowance %s', async (_what, entry, permit2AllowanceLimit, sent) => {
  const { header, paid } = serviceOf('ETHEREUM');
  await header({ x402Version: 2, accepts: [entry] }, { permit2AllowanceLimit }).catch(() => undefined);
  const [{ paymentInput }] = paid as [{ readonly paymentInput: { readonly cryptoX402: object } }];
  expect(paymentInput.cryptoX402).toStrictEqual({
    version: '2',
    payload: entry,
    ...(sent === undefined ? {} : { permit2AllowanceLimit: sent }),
  });
});
