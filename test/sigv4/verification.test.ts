import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toEpochMs } from '../../lib/domain/time.ts';
import { verifySignature, type SignedRequest } from '../../lib/sigv4/verification.ts';
import { addHeader, NOW, PAYMENT, refused, replaceHeader, rules, sign, TOKEN, tokenRules } from './signing.ts';

describe('a signature in the header', () => {
  test('is accepted and names the access key', async () => {
    expect(verifySignature(await sign(PAYMENT), rules)).toEqual({ ok: true, value: { accessKeyId: 'AKIDEXAMPLE' } });
  });

  // From AWS's published signing test suite, so that the SDK's signer and this verifier can't err together.
  test.each([
    ['get-vanilla', [], '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31'],
    [
      'get-header-key-duplicate',
      ['value2', 'value2', 'value1'],
      'c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea',
    ],
  ])('is accepted as AWS published it: %s', (_, values, signature) => {
    const names = ['host', ...(values.length > 0 ? ['my-header1'] : []), 'x-amz-date'].join(';');
    const request: SignedRequest = {
      method: 'GET',
      target: '/',
      headers: [
        ['Host', 'example.amazonaws.com'],
        ...values.map((value) => ['My-Header1', value] as const),
        ['X-Amz-Date', '20150830T123600Z'],
        [
          'Authorization',
          'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, ' +
            `SignedHeaders=${names}, Signature=${signature}`,
        ],
      ],
      body: new Uint8Array(),
    };
    const vector = { ...rules, service: 'service', now: toEpochMs(Date.UTC(2015, 7, 30, 12, 36, 0)) };
    expect(verifySignature(request, vector)).toMatchObject({ ok: true });
    expect(verifySignature({ ...request, target: '/?a' }, vector)).toMatchObject(refused('invalid'));
  });

  test('is accepted at the edge of the skew and refused a second further, both ways', async () => {
    for (const direction of [-1, 1]) {
      const edge = await sign(PAYMENT, { at: NOW + direction * 300_000 });
      expect(verifySignature(edge, rules)).toMatchObject({ ok: true });
      const past = await sign(PAYMENT, { at: NOW + direction * 301_000 });
      expect(verifySignature(past, rules)).toMatchObject(refused('expired'));
    }
  });

  test('is refused when there is none', async () => {
    const { headers, ...rest } = await sign(PAYMENT);
    const bare = { ...rest, headers: headers.filter(([name]) => name !== 'authorization') };
    expect(verifySignature(bare, rules)).toMatchObject(refused('missing'));
    expect(verifySignature(addHeader(bare, 'Authorization', 'Bearer abc'), rules)).toMatchObject(refused('missing'));
  });

  test.each([
    ['another service', { service: 'bedrock-agentcore' }],
    ['another region', { region: 'eu-west-1' }],
  ])('is refused when made for %s', async (_, options) => {
    expect(verifySignature(await sign(PAYMENT, options), rules)).toMatchObject(refused('wrong-scope'));
  });

  test('is refused when made with an unknown key', async () => {
    const result = verifySignature(await sign(PAYMENT), { ...rules, findCredential: () => null });
    expect(result).toMatchObject(refused('unknown-key'));
  });

  test.each(['authorization', 'host', 'x-amz-date'])('is refused with a second %s header', async (name) => {
    const request = await sign(PAYMENT);
    const [, value] = request.headers.find(([key]) => key.toLowerCase() === name)!;
    expect(verifySignature(addHeader(request, name, value), rules)).toMatchObject(refused('incomplete'));
  });

  test('is refused when an x-amz- header was added afterwards, and accepted with another one', async () => {
    const request = await sign(PAYMENT);
    expect(verifySignature(addHeader(request, 'X-Amz-Target', 'x'), rules)).toMatchObject(refused('incomplete'));
    expect(verifySignature(addHeader(request, 'Accept', '*/*'), rules)).toMatchObject({ ok: true });
  });

  test('is refused when a signed header was taken away', async () => {
    const request = await sign(PAYMENT);
    const headers = request.headers.filter(([name]) => name !== 'content-type');
    expect(verifySignature({ ...request, headers }, rules)).toMatchObject(refused('incomplete'));
  });

  test.each([
    ['leaves out host', 'content-type;x-amz-content-sha256;x-amz-date'],
    ['leaves out x-amz-date', 'content-type;host;x-amz-content-sha256'],
    ['leaves out x-amz-content-sha256', 'content-type;host;x-amz-date'],
    ['is not sorted', 'host;content-type;x-amz-content-sha256;x-amz-date'],
    ['repeats a name', 'content-type;host;host;x-amz-content-sha256;x-amz-date'],
    ['has capitals', 'content-type;Host;x-amz-content-sha256;x-amz-date'],
  ])('is refused when the list of signed headers %s', async (_, names) => {
    const request = replaceHeader(await sign(PAYMENT), 'authorization', (value) =>
      value.replace(/SignedHeaders=[^,]+/, `SignedHeaders=${names}`),
    );
    expect(verifySignature(request, rules)).toMatchObject(refused('incomplete'));
  });

  test('is refused when the body digest says UNSIGNED-PAYLOAD', async () => {
    const request = await sign({ ...PAYMENT, headers: { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' } });
    expect(verifySignature(request, rules)).toMatchObject(refused('invalid'));
  });

  test('is accepted with the credential’s session token and refused with another, none or one too many', async () => {
    const request = await sign(PAYMENT, { sessionToken: TOKEN });
    expect(verifySignature(request, tokenRules)).toMatchObject({ ok: true });
    expect(verifySignature(await sign(PAYMENT, { sessionToken: 'x' }), tokenRules)).toMatchObject(
      refused('unknown-key'),
    );
    expect(verifySignature(await sign(PAYMENT), tokenRules)).toMatchObject(refused('unknown-key'));
    expect(verifySignature(request, rules)).toMatchObject(refused('unknown-key'));
  });
});

describe('a signature in the query', () => {
  test('is accepted until it expires and refused a second later', async () => {
    const request = await sign(PAYMENT, { form: 'query', expiresIn: 60 });
    expect(verifySignature(request, { ...rules, now: toEpochMs(NOW + 60_000) })).toMatchObject({ ok: true });
    expect(verifySignature(request, { ...rules, now: toEpochMs(NOW + 61_000) })).toMatchObject(refused('expired'));
  });

  test('is accepted with the credential’s session token and refused without', async () => {
    const request = await sign(PAYMENT, { form: 'query', sessionToken: TOKEN });
    expect(verifySignature(request, tokenRules)).toMatchObject({ ok: true });
    const bare = { ...request, target: request.target.replace(/X-Amz-Security-Token=[^&]*&/, '') };
    expect(verifySignature(bare, tokenRules)).toMatchObject(refused('unknown-key'));
  });

  test('is refused beside one in the header', async () => {
    const inQuery = await sign(PAYMENT, { form: 'query' });
    const inHeader = await sign(PAYMENT);
    const both = { ...inQuery, headers: inHeader.headers };
    expect(verifySignature(both, rules)).toMatchObject(refused('incomplete'));
  });

  test('is refused when a part of it is repeated', async () => {
    const request = await sign(PAYMENT, { form: 'query' });
    const twice = { ...request, target: `${request.target}&X-Amz-Expires=60` };
    expect(verifySignature(twice, rules)).toMatchObject(refused('incomplete'));
  });
});

const segment = fc.string({ unit: 'grapheme', maxLength: 8 }).map((text) => encodeURIComponent(text.toWellFormed()));
const anyRequest = fc.record({
  method: fc.constantFrom('GET', 'POST', 'DELETE', 'PATCH'),
  path: fc.array(segment, { maxLength: 4 }).map((parts) => `/${parts.join('/')}`),
  query: fc.dictionary(
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 6 }).filter((name) => !/^(x-amz|__proto__)/i.test(name)),
    fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 6 }),
      fc.array(fc.string({ maxLength: 4 }), { minLength: 1, maxLength: 3 }),
    ),
    { maxKeys: 4 },
  ),
  headers: fc.dictionary(
    fc.stringMatching(/^x-[b-z][a-z0-9-]{0,8}$/),
    fc.stringMatching(/^[!-~]([ -~]{0,20}[!-~])?$/),
    { maxKeys: 4 },
  ),
  body: fc.string({ unit: 'grapheme', maxLength: 40 }),
});

describe('whatever the SDK’s signer signs', () => {
  test('is accepted', async () => {
    await fc.assert(
      fc.asyncProperty(
        anyRequest,
        fc.constantFrom('header', 'query'),
        fc.boolean(),
        async (request, form, temporary) => {
          const signed = await sign(request, { form, ...(temporary ? { sessionToken: TOKEN } : {}) });
          expect(verifySignature(signed, temporary ? tokenRules : rules)).toMatchObject({ ok: true });
        },
      ),
      { numRuns: 300 },
    );
  });

  test('is refused after a change of one byte in a part that counts', async () => {
    await fc.assert(
      fc.asyncProperty(anyRequest, fc.nat(), fc.nat(), async (request, part, at) => {
        const signed = await sign(request);
        const variants = tamper(signed, at);
        const variant = variants[part % variants.length]!;
        expect(verifySignature(variant, rules)).toMatchObject({ ok: false });
      }),
      { numRuns: 300 },
    );
  });
});

/** One byte changed in the body, in a signed header, in the path, in the query or in the method. */
function tamper(request: SignedRequest, at: number): SignedRequest[] {
  const swap = (text: string): string => {
    const letters = [...text.matchAll(/[A-Za-z0-9]/g)].map((match) => match.index);
    const index = letters[at % letters.length];
    if (index === undefined) return `${text}0`;
    return text.slice(0, index) + (text[index] === 'Q' ? 'R' : 'Q') + text.slice(index + 1);
  };
  const body = Uint8Array.from(request.body.length === 0 ? [0] : request.body);
  body[at % body.length]! ^= 1 << (at % 8);
  const [name] = request.headers[at % request.headers.length]!;
  const [path = '', query] = request.target.split('?');
  const rest = query === undefined ? '' : `?${query}`;
  return [
    { ...request, body },
    replaceHeader(request, name.toLowerCase(), swap),
    { ...request, method: swap(request.method) },
    { ...request, target: `${path}Q${rest}` },
    { ...request, target: `${path}?Q${query === undefined ? '' : `&${query}`}` },
  ];
}

test('never throws, whatever the request', () => {
  const header = fc.tuple(
    fc.constantFrom('Authorization', 'Host', 'X-Amz-Date', 'X-Amz-Security-Token', 'X-Amz-Content-Sha256'),
    fc.oneof(
      fc.string(),
      fc.constant('20261121T073000Z'),
      fc
        .string()
        .map(
          (text) => `AWS4-HMAC-SHA256 Credential=${text}, SignedHeaders=host;x-amz-date, Signature=${'0'.repeat(64)}`,
        ),
    ),
  );
  fc.assert(
    fc.property(
      fc.string(),
      fc.string(),
      fc.array(header, { maxLength: 6 }),
      fc.uint8Array(),
      (method, target, headers, body) => {
        expect(verifySignature({ method, target, headers, body }, rules)).toMatchObject({ ok: false });
      },
    ),
  );
});
