import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { isGatewayInput, requestOfInput, withProof } from '../../../lib/client/agent/proof-input.ts';
import { URL_OF_REPORT } from './world.ts';

const PROOF = [
  { name: 'PAYMENT-SIGNATURE', value: 'signed' },
  { name: 'X-Also', value: 'too' },
];
const PRESENTED = { 'PAYMENT-SIGNATURE': 'signed', 'X-Also': 'too' };
const hashOf = (text: string) => createHash('sha256').update(text).digest('hex');

describe('the request behind a call', () => {
  test.each(['url', 'uri', 'endpoint'])('is what its input names as %s', async (name) => {
    expect(await requestOfInput({ [name]: URL_OF_REPORT })).toEqual({
      method: 'GET',
      url: URL_OF_REPORT,
      bodyHash: hashOf(''),
    });
  });

  test('is in the parameters of a gateway', async () => {
    const parameters = { url: URL_OF_REPORT, method: 'post' };
    const input = { toolName: 'search', parameters, url: 'https://other.example/' };
    expect(isGatewayInput(input)).toBe(true);
    expect(await requestOfInput(input)).toMatchObject({ method: 'POST', url: URL_OF_REPORT });
  });

  test.each<[string, object]>([
    ['parameters without the name of a tool', { parameters: { url: 'https://other.example/' } }],
    ['the name of a tool without parameters', { toolName: 'search', parameters: 'url' }],
  ])('and not where there are %s', async (_what, more) => {
    const input = { url: URL_OF_REPORT, ...more };
    expect(isGatewayInput(input)).toBe(false);
    expect(await requestOfInput(input)).toMatchObject({ url: URL_OF_REPORT });
  });

  test.each<[string, unknown, string]>([
    ['a text', 'question', 'question'],
    ['an object', { q: 'tea' }, '{"q":"tea"}'],
    ['null', null, ''],
  ])('has the hash of a body that is %s', async (_what, body, text) => {
    expect(await requestOfInput({ url: URL_OF_REPORT, method: 'POST', body })).toMatchObject({
      bodyHash: hashOf(text),
    });
  });

  test('may be one in plain http, and no other protocol', async () => {
    expect(await requestOfInput({ url: 'http://127.0.0.1/a' })).toMatchObject({ url: 'http://127.0.0.1/a' });
    for (const url of ['web+http://seller.example/', 'mailto:a@seller.example', '/report', 402]) {
      expect(await requestOfInput({ url })).toBeNull();
    }
  });
});

describe('a proof goes among the headers', () => {
  test.each([undefined, null, {}])('of an input that has %j', (headers) => {
    expect(withProof({ url: URL_OF_REPORT, headers }, PROOF)).toEqual({ url: URL_OF_REPORT, headers: PRESENTED });
  });

  test('of a gateway among its parameters', () => {
    const input = { toolName: 'search', parameters: { url: URL_OF_REPORT }, other: 1 };
    expect(withProof(input, PROOF)).toEqual({ ...input, parameters: { url: URL_OF_REPORT, headers: PRESENTED } });
  });

  test('in place of those that the model has given the same names, however they are listed', () => {
    const own = { 'payment-signature': 'mine', 'X-ALSO': 'mine', accept: '*/*' };
    const headersOf = (headers: unknown) => (withProof({ headers }, PROOF) as { readonly headers: unknown }).headers;
    const pairs = Object.entries(own);
    const named = pairs.map(([name, value]) => ({ name, value }));
    expect(headersOf(own)).toEqual({ accept: '*/*', ...PRESENTED });
    expect(headersOf(named)).toEqual([{ name: 'accept', value: '*/*' }, ...PROOF]);
    expect(headersOf(pairs)).toEqual([['accept', '*/*'], ...Object.entries(PRESENTED)]);
  });

  test.each<[string, unknown]>([
    ['a text', 'accept: */*'],
    ['a list of texts', ['accept: */*']],
    ['a list of several kinds', [{ name: 'accept', value: '*/*' }, ['accept', '*/*']]],
  ])('and nowhere where they are %s', (_what, headers) => {
    expect(withProof({ url: URL_OF_REPORT, headers }, PROOF)).toBeNull();
  });

  test('and nowhere in what is no object', () => {
    for (const input of ['https://seller.example/', null, [URL_OF_REPORT]]) expect(withProof(input, PROOF)).toBeNull();
  });
});
