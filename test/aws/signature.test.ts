import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createSigner, type ToSign } from '../../lib/aws/signature.ts';

const PLACE = { region: 'eu-west-1', service: 'dynamodb', host: 'dynamodb.eu-west-1.amazonaws.com' };
const sign = createSigner(PLACE);

/** The signature that the SDK's own signer gives the same headers. */
async function signLikeTheSdk(headers: Readonly<Record<string, string>>, { body, credentials, atMs }: ToSign) {
  const { sessionToken, ...key } = credentials;
  const signer = new SignatureV4({
    service: PLACE.service,
    region: PLACE.region,
    credentials: { ...key, ...(sessionToken === null ? {} : { sessionToken }) },
    sha256: Sha256,
    applyChecksum: false,
  });
  const { authorization: _own, 'x-amz-date': _date, 'x-amz-security-token': _token, ...bare } = headers;
  const request = {
    method: 'POST',
    protocol: 'https:',
    hostname: PLACE.host,
    path: '/',
    query: {},
    headers: bare,
    body,
  };
  const unsignableHeaders = new Set(['content-length', 'user-agent']);
  const signed = await signer.sign(request, { signingDate: new Date(atMs), unsignableHeaders });
  return signed.headers['authorization'];
}

function toRecord(list: readonly string[]): Record<string, string> {
  const pairs = list.flatMap((name, at) => (at % 2 === 0 ? [[name, list[at + 1]!] as const] : []));
  return Object.fromEntries(pairs);
}

test('is the one that the SDK makes, for any body, secret, token and day', async () => {
  const text = fc.string({ minLength: 1, maxLength: 60, unit: fc.constantFrom(...'abcXYZ019/+=') });
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        body: fc.string({ unit: 'grapheme', maxLength: 200 }),
        target: fc.constantFrom('DynamoDB_20120810.UpdateItem', 'TrentService.Sign'),
        contentType: fc.constantFrom('application/x-amz-json-1.0', 'application/x-amz-json-1.1'),
        credentials: fc.record({
          accessKeyId: text.map((id) => id.replaceAll(/\W/g, 'A')),
          secretAccessKey: text,
          sessionToken: fc.option(text),
        }),
        atMs: fc.integer({ min: 1_700_000_000_000, max: 1_900_000_000_000 }),
      }),
      async (request) => {
        const headers = toRecord(sign(request));
        expect(headers['authorization']).toBe(await signLikeTheSdk(headers, request));
        expect(Number(headers['content-length'])).toBe(Buffer.byteLength(request.body));
      },
    ),
    { numRuns: 300 },
  );
});

test('takes another key at midnight and for another secret', () => {
  const request = {
    body: '{}',
    target: 't',
    contentType: 'c',
    credentials: { accessKeyId: 'A', secretAccessKey: 's', sessionToken: null },
    atMs: Date.UTC(2026, 10, 28, 23, 59, 59, 999),
  };
  const scopeOf = (changed: Partial<ToSign>) =>
    /Credential=(\S+),/.exec(toRecord(sign({ ...request, ...changed }))['authorization']!)![1];
  expect(scopeOf({})).toBe('A/20261128/eu-west-1/dynamodb/aws4_request');
  expect(scopeOf({ atMs: request.atMs + 1 })).toBe('A/20261129/eu-west-1/dynamodb/aws4_request');
  const signatures = ['s', 't', 's'].map(
    (secretAccessKey) =>
      toRecord(sign({ ...request, credentials: { ...request.credentials, secretAccessKey } }))['authorization'],
  );
  expect(signatures[0]).toBe(signatures[2]);
  expect(signatures[0]).not.toBe(signatures[1]);
});
