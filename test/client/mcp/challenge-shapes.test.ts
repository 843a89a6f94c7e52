import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findChallenge, toSellerChallenge } from '../../../lib/client/mcp/found-challenge.ts';
import { toProofMeta } from '../../../lib/client/mcp/proof-meta.ts';
import { toAuthenticate, toJsonCredential } from '../../../lib/protocols/mpp/json-form.ts';
import { formatCredential } from '../../../lib/protocols/mpp/credential.ts';
import { parseChallenges } from '../../../lib/protocols/mpp/read-challenge.ts';
import { encodeRequest, MPP_REQUEST } from '../../support/mpp.ts';
import { base64, makeEntry } from '../script.ts';
import { askX402, asResult } from './tools-world.ts';

const documentV1 = { x402Version: 1, error: 'X-PAYMENT is required', accepts: [makeEntry(1)] };
const text = (value: unknown) => ({ content: [{ type: 'text', text: JSON.stringify(value) }] });
const charge = {
  id: 'challenge-1',
  realm: 'tools.example',
  method: 'evm',
  intent: 'charge',
  request: MPP_REQUEST,
  expires: '2099-01-01T00:00:00Z',
};
const data = { httpStatus: 402, challenges: [charge] };
const result = (value: object) => findChallenge({ result: value });
const error = (code: number, value: unknown) => findChallenge({ error: { code, message: 'no', data: value } });

describe('a challenge of x402 is found', () => {
  test.each([
    ['version 2 in structuredContent and text', asResult(askX402()), askX402()],
    ['version 1 in structuredContent', { isError: true, structuredContent: documentV1, content: [] }, documentV1],
    ['in the text alone', { isError: true, ...text(askX402()) }, askX402()],
    [
      'in the text beside something else structured',
      { isError: true, structuredContent: {}, ...text(documentV1) },
      documentV1,
    ],
    [
      'in the wrapped text of version 1',
      { isError: true, ...text({ 'x402/error': { code: 402, data: documentV1 } }) },
      documentV1,
    ],
    ['in a result of its own type', { resultType: 'payment_required', paymentRequired: askX402() }, askX402()],
  ])('%s', async (_name, value, document) => {
    const found = result(value)!;
    expect(found).toMatchObject({ document, takesText: false });
    const terms = await toSellerChallenge(found);
    expect(terms).toEqual({ status: 402, headers: [], body: JSON.stringify(document) });
  });

  test('of servers made with `agents`, which take the proof as text', () => {
    const found = result({ isError: true, _meta: { 'x402/error': askX402() }, ...text(askX402()) });
    expect(found).toMatchObject({ document: askX402(), takesText: true });
  });

  test.each([402, -32_042, -32_000])('in the data of an error with code %j', (code) => {
    expect(error(code, askX402())).toMatchObject({ document: askX402() });
  });
});

describe('a challenge of MPP is found', () => {
  test.each([-32_042, -32_043])('in the data of an error with code %j', async (code) => {
    const terms = await toSellerChallenge(error(code, data)!);
    expect(terms.body).toBeNull();
    expect(terms.headers.map(({ name }) => name)).toEqual(['www-authenticate']);
    expect(parseChallenges(terms.headers[0]!.value)).toEqual([
      { ok: true, value: { ...charge, request: encodeRequest(MPP_REQUEST) } },
    ]);
  });

  test('in the _meta of a result, be it an error or not', () => {
    const _meta = { 'org.paymentauth/payment-required': data };
    expect(result({ content: [], _meta })).toMatchObject({ challenges: [charge] });
    expect(result({ content: [], isError: true, _meta })).toMatchObject({ challenges: [charge] });
  });

  test('beside one of x402', async () => {
    const terms = await toSellerChallenge(error(-32_042, { ...data, ...askX402() })!);
    expect(terms.headers[0]!.value).toMatch(/^Payment id="challenge-1"/);
    expect(JSON.parse(terms.body!)).toMatchObject({ x402Version: 2 });
  });
});

test('a text may be as long as a challenge', () => {
  const longest = JSON.stringify(askX402()).padEnd(256 * 1024);
  const answer = (written: string) => result({ isError: true, content: [{ type: 'text', text: written }] });
  expect(answer(longest)).toMatchObject({ document: askX402() });
  expect(answer(`${longest} `)).toBeNull();
});

describe('nothing is taken for a challenge', () => {
  const elicitations = [{ mode: 'url', elicitationId: '1', url: 'https://tools.example/consent', message: 'agree' }];
  test('that is a required elicitation, which has the same code', () => {
    expect(error(-32_042, { elicitations })).toBeNull();
    expect(error(-32_042, { elicitations, ...data, ...askX402() })).toBeNull();
  });

  test.each([
    ['a result that is no error and quotes a challenge', { structuredContent: askX402(), ...text(askX402()) }],
    [
      'an error that says nothing of version or offers',
      { isError: true, structuredContent: { accepts: [makeEntry(2)] } },
    ],
    ['a document without offers', { isError: true, structuredContent: { ...askX402(), accepts: [] } }],
    ['text that is no JSON', { isError: true, content: [{ type: 'text', text: 'please read "x402Version"' }] }],
    ['a second text', { isError: true, content: [{ type: 'text', text: 'sorry' }, ...text(askX402()).content] }],
    [
      'text that is longer than any challenge',
      { isError: true, ...text({ ...askX402(), pad: 'x'.repeat(256 * 1024) }) },
    ],
    [
      'text that spells the version in another way',
      {
        isError: true,
        content: [{ type: 'text', text: JSON.stringify(askX402()).replace('x402V', String.raw`\u0078402V`) }],
      },
    ],
    ['another result type that holds one', { resultType: 'input_required', paymentRequired: askX402() }],
    ['an image', { isError: true, content: [{ type: 'image', data: '', mimeType: 'image/png' }] }],
    ['no content', { isError: true }],
    ['an empty list of challenges', { _meta: { 'org.paymentauth/payment-required': { challenges: [] } } }],
  ])('%s', (_name, value) => {
    expect(result(value)).toBeNull();
  });

  test.each([undefined, null, 'pay', 402, [askX402()], { accepts: [makeEntry(2)] }])('error data %j', (value) => {
    expect(error(402, value)).toBeNull();
  });

  test('and reading one never throws', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.boolean(), (value, isError) => {
        const answer = { isError, structuredContent: value, content: [value], _meta: value, data: value };
        findChallenge({ result: answer });
        findChallenge({ error: answer });
        findChallenge({ result: value, error: value });
      }),
    );
  });
});

describe('challenges of JSON-RPC as a header', () => {
  const written = (challenge: object) => parseChallenges(toAuthenticate([challenge])!)[0];

  test('keep every text, whatever is in it', () => {
    const description = 'a "quoted" \\ back — slash 🫖 ü';
    const value = toAuthenticate([{ ...charge, description }])!;
    expect(value).toMatch(/^[ -~]*$/);
    expect(written({ ...charge, description })).toMatchObject({ ok: true, value: { description } });
  });

  test('have every member that the header has', () => {
    const more = { digest: 'sha-256=:a:', description: 'a report', opaque: 'abc', header: 'Payment-Authorization' };
    const value = toAuthenticate([{ ...charge, ...more, other: 'not one of them' }])!;
    const names = [...value.matchAll(/(\w+)="/g)].map(([, name]) => name);
    expect(names).toEqual([...Object.keys(charge), ...Object.keys(more)]);
    expect(value).toContain(`digest="${more.digest}", description="a report", opaque="abc", header="${more.header}"`);
  });

  test('take what is encoded already, and encode what is not', () => {
    const opaque = { trace: 'a' };
    const request = encodeRequest(MPP_REQUEST);
    expect(written({ ...charge, request, opaque })).toMatchObject({
      ok: true,
      value: { request, opaque: encodeRequest(opaque) },
    });
  });

  test('leave out what cannot stand there, and keep the others', () => {
    const bad = [null, 'Payment', {}, { ...charge, realm: 'a\r\nb' }, { ...charge, expires: 5 }];
    expect(toAuthenticate(bad)).toBeNull();
    expect(parseChallenges(toAuthenticate([...bad, charge])!)).toHaveLength(1);
  });

  test('are no more than one response may hold', () => {
    const many = Array.from({ length: 100 }, () => charge);
    expect(parseChallenges(toAuthenticate(many)!)).toHaveLength(32);
  });
});

describe('a proof in _meta', () => {
  const proof = { x402Version: 2, payload: { signature: '0x1' } };

  test.each(['PAYMENT-SIGNATURE', 'X-PAYMENT'])('is the object that %s has in base64', async (name) => {
    const headers = [{ name, value: base64(proof) }];
    expect(await toProofMeta(headers, false)).toEqual({ 'x402/payment': proof });
    expect(await toProofMeta(headers, true)).toEqual({ 'x402/payment': base64(proof) });
  });

  test.each(['Authorization', 'Payment-Authorization'])(
    'is the credential of %s, its request as JSON',
    async (name) => {
      const challenge = { ...charge, request: encodeRequest(MPP_REQUEST) };
      const credential = { challenge, payload: { type: 'authorization' }, source: 'did:pkh:eip155:84532:0x1' };
      const { paymentCredential } = formatCredential(credential);
      expect(await toProofMeta([{ name, value: paymentCredential }], false)).toEqual({
        'org.paymentauth/credential': { ...credential, challenge: charge },
      });
    },
  );

  test('is refused where it cannot be read', async () => {
    const bad = [
      [],
      [{ name: 'Cookie', value: 'a=b' }],
      [{ name: 'X-PAYMENT', value: '%' }],
      [{ name: 'Authorization', value: 'Bearer token' }],
    ];
    for (const headers of bad) await expect(toProofMeta(headers, false)).rejects.toThrow('no proof');
    expect(toJsonCredential(`Payment ${base64({ challenge: { request: '*' } })}`)).toBeNull();
    const good = base64({ challenge: { request: encodeRequest(MPP_REQUEST) } });
    expect(toJsonCredential(`Payment ${good}`)).not.toBeNull();
    expect(toJsonCredential(`${good.slice(0, 1)}Payment ${good.slice(1)}`)).toBeNull();
  });
});
