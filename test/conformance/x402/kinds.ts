import type { Shape } from './shape.ts';

// Kinds of 402 besides those that were seen as they are, each once. All names and words are made up.

const url = 'https://api.seller.example/data';
const entry = {
  scheme: 'exact',
  network: 'eip155:8453',
  amount: '10000',
  asset: '0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913',
  payTo: '0x209693Bc6afc0C5328bA36FaF03C514EF312287C',
  maxTimeoutSeconds: 60,
  extra: { name: 'USD Coin', version: '2' },
};
const { amount, ...others } = entry;
const entryV1 = {
  ...others,
  network: 'base',
  maxAmountRequired: amount,
  resource: url,
  description: 'd',
  mimeType: '',
};

type Rest = Pick<Shape, 'official' | 'bursar'> & Partial<Shape>;
const error = 'Payment required';
const inHeader = (id: string, offer: object, rest: Rest, document: object = {}): Shape => ({
  id: `v2-${id}`,
  url,
  headers: {},
  paymentRequired: { x402Version: 2, error, resource: { url }, accepts: [{ ...entry, ...offer }], ...document },
  body: '{}',
  ...rest,
});
const inBody = (id: string, offer: object, rest: Rest, document: object = {}): Shape => ({
  id: `v1-${id}`,
  url,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ x402Version: 1, error, accepts: [{ ...entryV1, ...offer }], ...document }),
  ...rest,
});

const pays = { official: 'pays', bursar: 'pays' } as const;
/** What the official client cannot read, and what is clear all the same. */
const wider = { official: 'throws', bursar: 'pays' } as const;
/** What the official client signs, and nobody should. */
const stricter = (says: string) => ({ official: 'pays', bursar: 'refuses', says }) as const;

const nested = (levels: number, name: string): unknown =>
  JSON.parse(`${`{"${name}":`.repeat(levels)}1${'}'.repeat(levels)}`);
const page = { body: '<p>please pay</p> ', bodyChars: 1_000_000 };
const circle = {
  name: 'GatewayWalletBatched',
  version: '1',
  verifyingContract: '0x77777777Dcc4d5A8B6E418Fd04D8997ef11000eE',
};

export const KINDS: readonly Shape[] = [
  // What is only sent back.
  inBody('constructor-in-schema', { outputSchema: nested(3, 'constructor') }, pays),
  inHeader('deep-extension', {}, pays, { extensions: { bazaar: { info: nested(100, 'items') } } }),
  inHeader('half-a-character', { description: 'cut \ud83d' }, pays),
  inBody('many-offers', {}, pays, {
    accepts: [...Array.from({ length: 200 }, () => ({ ...entryV1, network: 'celo' })), entryV1],
  }),
  inBody('large-schema', { outputSchema: { example: 'x'.repeat(50_000) } }, pays),
  inHeader('page-of-a-megabyte', {}, { ...pays, ...page }),
  inBody('page-longer-than-terms', {}, { official: 'throws', bursar: 'returns', ...page }),

  // Where the terms stand.
  { ...inBody('in-header', {}, pays), paymentRequired: { x402Version: 1, error, accepts: [entryV1] }, body: '' },
  { ...inBody('blank-header', {}, pays), paymentRequired: '' },
  {
    ...inHeader('in-body', {}, wider),
    paymentRequired: '',
    body: JSON.stringify({ x402Version: 2, accepts: [entry] }),
  },
  inHeader('version-text', {}, wider, { x402Version: '2' }),
  inBody(
    'no-offers',
    {},
    { official: 'throws', bursar: 'returns', says: 'and says: Payment required' },
    { accepts: null },
  ),
  inHeader(
    'no-offers',
    {},
    { official: 'throws', bursar: 'returns', says: 'and says: Payment required' },
    { accepts: [] },
  ),
  {
    ...inBody('name-twice', {}, stricter('two members of the same name')),
    body: JSON.stringify({ x402Version: 1, accepts: [entryV1] }).replace('"payTo"', '"payTo":"0x1","payTo"'),
  },

  // How the terms are spelt.
  inBody('network-name-case', { network: 'Base' }, wider),
  inHeader('network-id-case', { network: 'EIP155:8453' }, wider),
  inHeader('number-amounts', { amount: 10_000, maxAmountRequired: '10000' }, pays),
  inBody('amounts-differ', { amount: '20000' }, stricter('must be the same in amount and maxAmountRequired')),
  inHeader('amount-hex', { amount: '0x2710' }, stricter('amount must be a positive number')),
  inHeader('amount-fraction', { amount: 0.01 }, { official: 'throws', bursar: 'refuses', says: 'whole number' }),
  inHeader('amount-zero', { amount: '0' }, stricter('amount must be a positive number')),
  inHeader('time-text', { maxTimeoutSeconds: '300' }, pays),
  inBody('time-years', { maxTimeoutSeconds: 99_999_999 }, pays),
  inBody('time-too-short', { maxTimeoutSeconds: 5 }, stricter('must be at least 10')),
  inHeader('method-case', { extra: { ...entry.extra, assetTransferMethod: 'EIP3009' } }, pays),
  inHeader('extra-missing', { extra: undefined }, wider),
  inBody('zero-payee', { payTo: `0x${'0'.repeat(40)}` }, stricter('from which nobody can take the money')),

  // What is to be signed.
  inHeader(
    'gateway-batched',
    { extra: circle, maxTimeoutSeconds: 345_600 },
    stricter("Circle Gateway's batched payments"),
  ),
  inBody('wrong-domain', { extra: { name: 'Seller Coin', version: '2' } }, stricter('does not belong to USDC')),
  inBody('wrong-domain-version', { extra: { name: 'USD Coin', version: '1' } }, stricter('does not belong to USDC')),
  inHeader('permit2-without-name', { extra: { assetTransferMethod: 'permit2' } }, pays),
  inHeader('identifier-required', {}, pays, { extensions: { 'payment-identifier': { info: { required: true } } } }),
  inHeader('identifier-of-own-form', {}, stricter('payment-identifier'), {
    extensions: {
      'payment-identifier': { info: { required: true }, schema: { properties: { id: { maxLength: 8 } } } },
    },
  }),

  // Whose resource it is.
  inHeader('resource-parent', {}, pays, { resource: { url: 'https://seller.example/' } }),
  inBody('resource-port', { resource: 'http://api.seller.example:3000/data' }, pays),
  inBody('resource-path', { resource: '/data' }, pays),
  inHeader('resource-stranger', {}, stricter('another origin'), { resource: { url: 'https://other.example/data' } }),
  inBody('resource-stranger', { resource: '//other.example/data' }, stricter('another origin')),
];
