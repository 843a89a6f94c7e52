import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { toEpochMs } from '../../lib/domain/time.ts';
import { verifySignature, type SignedRequest } from '../../lib/sigv4/verification.ts';
import { addHeader, NOW, PAYMENT, refused, replaceHeader, rules, sign } from './signing.ts';

const accepted = { ok: true };
const WITH_QUERY = { ...PAYMENT, method: 'DELETE', query: { a: '1', tagKeys: ['x', 'y'] } };
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

function replaceTarget(request: SignedRequest, from: string, to: string): SignedRequest {
  expect(request.target).toContain(from);
  return { ...request, target: request.target.replace(from, to) };
}

/** Changes the Authorization header; the change must find something to change. */
function replaceAuthorization(request: SignedRequest, from: string | RegExp, to: string): SignedRequest {
  return replaceHeader(request, 'authorization', (value) => {
    const changed = value.replace(from, to);
    expect(changed).not.toBe(value);
    return changed;
  });
}

describe('the scope of a signature', () => {
  test.each([
    ['of the day before', '/20261121/', '/20261120/', 'incomplete'],
    ['of no day', '/20261121/', '/2026112/', 'incomplete'],
    ['with another end', '/aws4_request', '/aws4_requests', 'incomplete'],
    ['without its end', '/aws4_request', '', 'incomplete'],
    ['with more behind its end', '/aws4_request', '/aws4_request/x', 'incomplete'],
    ['of AgentCore', '/execute-api/', '/bedrock-agentcore/', 'wrong-scope'],
    ['of another region', '/us-east-1/', '/us-east-2/', 'wrong-scope'],
    ['in capitals', '/execute-api/', '/Execute-Api/', 'wrong-scope'],
  ])('is refused %s', async (_, from, to, reason) => {
    const request = await sign(PAYMENT);
    expect(verifySignature(request, rules)).toMatchObject(accepted);
    expect(verifySignature(replaceAuthorization(request, from, to), rules)).toMatchObject(refused(reason));
  });

  test('is refused of the day before also just after midnight, and accepted of the new day', async () => {
    const midnight = Date.UTC(2026, 10, 22);
    const after = { ...rules, now: toEpochMs(midnight + 60_000) };
    const request = await sign(PAYMENT, { at: midnight + 30_000 });
    expect(verifySignature(request, after)).toMatchObject(accepted);
    const stale = replaceAuthorization(request, '/20261122/', '/20261121/');
    expect(verifySignature(stale, after)).toMatchObject(refused('incomplete'));
    expect(verifySignature(await sign(PAYMENT, { at: midnight - 30_000 }), after)).toMatchObject(accepted);
  });
});

describe('what was signed', () => {
  test('is refused with another body, of the same length, longer or none', async () => {
    const request = await sign(PAYMENT);
    expect(verifySignature({ ...request, body: Buffer.from('{"a":1}') }, rules)).toMatchObject(accepted);
    for (const body of ['{"a":2}', '{"a":1} ', '']) {
      expect(verifySignature({ ...request, body: Buffer.from(body) }, rules)).toMatchObject(refused('invalid'));
    }
  });

  test('is refused with another body even where nothing but the signature covers it', async () => {
    const request = await sign(PAYMENT, { digest: 'unsent' });
    expect(request.headers.map(([name]) => name)).not.toContain('x-amz-content-sha256');
    expect(verifySignature(request, rules)).toMatchObject(accepted);
    expect(verifySignature({ ...request, body: Buffer.from('{"a":2}') }, rules)).toMatchObject(refused('invalid'));
  });

  test.each([
    ['of another body', sha256('{"a":2}')],
    ['of no body', sha256('')],
    ['in capitals', sha256('{"a":1}').toUpperCase()],
    ['that is left out', ''],
    ['for chunks', 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD'],
    ['that is not signed', 'UNSIGNED-PAYLOAD'],
  ])('is refused with a digest %s, although it was signed so', async (_, digest) => {
    const withDigest = (value: string) => sign({ ...PAYMENT, headers: { 'x-amz-content-sha256': value } });
    expect(verifySignature(await withDigest(sha256('{"a":1}')), rules)).toMatchObject(accepted);
    expect(verifySignature(await withDigest(digest), rules)).toMatchObject({
      ok: false,
      error: { reason: 'invalid', message: expect.stringContaining("'x-amz-content-sha256' must be") },
    });
  });

  test('is refused with another query, and accepted in another order of its names', async () => {
    const request = await sign(WITH_QUERY);
    expect(request.target).toMatch(/\?a=1&tagKeys=x&tagKeys=y$/);
    expect(verifySignature(request, rules)).toMatchObject(accepted);
    const reordered = replaceTarget(request, 'a=1&tagKeys=x&tagKeys=y', 'tagKeys=y&a=1&tagKeys=x');
    expect(verifySignature(reordered, rules)).toMatchObject(accepted);
    for (const [from, to] of [
      ['a=1', 'a=2'],
      ['a=1&', ''],
      ['a=1', 'a=1&a=1'],
      ['a=1', 'A=1'],
      ['&tagKeys=y', ''],
      ['tagKeys=y', 'tagKeys=y&b'],
    ] as const) {
      expect(verifySignature(replaceTarget(request, from, to), rules)).toMatchObject(refused('invalid'));
    }
  });

  test('is refused under another method, path, host or user', async () => {
    const request = await sign(PAYMENT);
    const user = 'x-amzn-bedrock-agentcore-payments-user-id';
    for (const changed of [
      { ...request, method: 'GET' },
      { ...request, target: '/prod/payments/getPayment' },
      replaceHeader(request, 'host', () => 'localhost:8787'),
      replaceHeader(request, user, () => 'eve'),
      addHeader(request, 'X-Amzn-Bedrock-AgentCore-Payments-User-Id', 'eve'),
    ]) {
      expect(verifySignature(changed, rules)).toMatchObject(refused('invalid'));
    }
    expect(
      verifySignature(
        replaceHeader(request, user, (value) => ` ${value} `),
        rules,
      ),
    ).toMatchObject(accepted);
  });

  test('is refused with an encoded path that was decoded or encoded once more on the way', async () => {
    const request = await sign({ ...PAYMENT, method: 'GET', path: '/v1/tags/arn%3Aaws%3Ax%2Fy', body: '' });
    expect(verifySignature(request, rules)).toMatchObject(accepted);
    for (const path of ['/v1/tags/arn:aws:x%2Fy', '/v1/tags/arn%3Aaws%3Ax/y', '/v1/tags/arn%253Aaws%253Ax%252Fy']) {
      expect(verifySignature({ ...request, target: path }, rules)).toMatchObject(refused('invalid'));
    }
  });
});

describe('an Authorization header', () => {
  test.each([
    ['of the asymmetric kind', /^AWS4-HMAC-SHA256/, 'AWS4-ECDSA-P256-SHA256'],
    ['of another digest', /^AWS4-HMAC-SHA256/, 'AWS4-HMAC-SHA512'],
    ['without a signature', /, Signature=.*$/, ''],
    ['with a short signature', /[0-9a-f]$/, ''],
    ['with a signature in capitals', /Signature=.*$/, `Signature=${'A'.repeat(64)}`],
    ['with two signatures', /$/, `, Signature=${'0'.repeat(64)}`],
    ['without signed headers', /SignedHeaders=[^,]+, /, ''],
    ['with no signed header', /SignedHeaders=[^,]+/, 'SignedHeaders='],
    [
      'with a second credential',
      / Credential=/,
      ' Credential=x/20261121/us-east-1/execute-api/aws4_request, Credential=',
    ],
  ])('is refused %s', async (_, from, to) => {
    const request = await sign(PAYMENT);
    expect(verifySignature(request, rules)).toMatchObject(accepted);
    expect(verifySignature(replaceAuthorization(request, from, to), rules)).toMatchObject(refused('incomplete'));
  });

  test('is refused with a Date in place of X-Amz-Date', async () => {
    const request = await sign(PAYMENT);
    const headers = request.headers.map(([name, value]) => [name === 'x-amz-date' ? 'date' : name, value] as const);
    expect(verifySignature({ ...request, headers }, rules)).toMatchObject(refused('incomplete'));
  });

  test.each(['20261121T073000', '2026-11-21T07:30:00Z', '20261121T073000Z ,20261121T073000Z', ''])(
    'is refused at %j',
    async (instant) => {
      const request = replaceHeader(await sign(PAYMENT), 'x-amz-date', () => instant);
      expect(verifySignature(request, rules)).toMatchObject(refused('incomplete'));
    },
  );
});

describe('a presigned URL', () => {
  const presign = (expiresIn = 60, at?: number) =>
    sign(WITH_QUERY, { form: 'query', expiresIn, ...(at === undefined ? {} : { at }) });

  test('is accepted at the edge of the skew before its time, and refused a second earlier', async () => {
    expect(verifySignature(await presign(60, NOW + 300_000), rules)).toMatchObject(accepted);
    expect(verifySignature(await presign(60, NOW + 301_000), rules)).toMatchObject(refused('expired'));
  });

  test('is accepted for at most a week', async () => {
    const week = 7 * 24 * 60 * 60;
    const request = await presign(week);
    expect(verifySignature(request, rules)).toMatchObject(accepted);
    for (const expires of [String(week + 1), '0', '-1', '1e3', '']) {
      const changed = replaceTarget(request, `X-Amz-Expires=${week}`, `X-Amz-Expires=${expires}`);
      expect(verifySignature(changed, rules)).toMatchObject(refused('incomplete'));
    }
  });

  test.each([
    ['a longer life', 'X-Amz-Expires=60', 'X-Amz-Expires=61', 'invalid'],
    ['another query', 'a=1', 'a=2', 'invalid'],
    ['more of a query', 'a=1', 'a=1&b=2', 'invalid'],
    ['another service', '%2Fexecute-api%2F', '%2Fbedrock-agentcore%2F', 'wrong-scope'],
    ['another region', '%2Fus-east-1%2F', '%2Feu-west-1%2F', 'wrong-scope'],
    ['another day', '%2F20261121%2F', '%2F20261120%2F', 'incomplete'],
    ['an asymmetric algorithm', 'AWS4-HMAC-SHA256', 'AWS4-ECDSA-P256-SHA256', 'incomplete'],
    ['a member in another case', 'X-Amz-Signature', 'x-amz-signature', 'incomplete'],
    ['no host signed', 'host%3B', '', 'incomplete'],
  ])('is refused with %s', async (_, from, to, reason) => {
    const request = await presign();
    expect(verifySignature(request, rules)).toMatchObject(accepted);
    expect(verifySignature(replaceTarget(request, from, to), rules)).toMatchObject(refused(reason));
  });

  test('is refused with another body, method or an x-amz- header that it does not cover', async () => {
    const request = await presign();
    expect(verifySignature({ ...request, body: Buffer.from('{"a":2}') }, rules)).toMatchObject(refused('invalid'));
    expect(verifySignature({ ...request, method: 'POST' }, rules)).toMatchObject(refused('invalid'));
    expect(verifySignature(addHeader(request, 'X-Amz-Target', 'x'), rules)).toMatchObject(refused('incomplete'));
  });
});
