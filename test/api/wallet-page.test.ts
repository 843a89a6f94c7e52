import { beforeEach, expect, test } from 'vitest';
import type { ApiEvent } from '../../lib/api/http.ts';
import { createWalletPageFunction, type WalletPageDeps } from '../../lib/api/wallet-page/page-function.ts';
import { PAGE_ROUTES } from '../../lib/contract/wallet-page.ts';
import { NotNow } from '../../lib/domain/ports/services.ts';
import { toEpochMs } from '../../lib/domain/time.ts';
import { createTestClock } from '../support/paying.ts';
import { problemsOf } from '../telemetry/log-schema.ts';

const SECRET = 'bwl_Canary7f3a91c2Canary7f3a91c2Canary7f3a91c2Can';
const TOKEN = 'bwp_Canary7f3a91c2Canary7f3a91c2Canary7f3a91c2Can';
const grant = {
  managerId: 'demo-0123456789',
  userId: 'ada',
  instrumentId: 'payment-instrument-Z6Emdn5jxFEC87s',
  agentName: null,
  expiresAt: toEpochMs(Date.parse('2026-11-29T12:30:00Z')),
};

let lines: string[] = [];
let closed: string[] = [];
beforeEach(() => {
  lines = [];
  closed = [];
});

function serve(route: string, parts: Partial<ApiEvent> = {}, overrides: Partial<WalletPageDeps> = {}) {
  const [httpMethod = '', resource = ''] = route.split(' ');
  const answer = createWalletPageFunction({
    assets: { script: 'let script', style: 'p{}' },
    openPage: async (secret) => (secret === SECRET ? { token: TOKEN, grant } : null),
    closePage: async (token) => void closed.push(token),
    findSignIn: async (managerId) =>
      managerId === 'demo-0123456789' ? { tokenEndpoint: 'https://login.example/token' } : null,
    deployment: { partition: 'aws', region: 'us-east-1', account: '111122223333' },
    clock: createTestClock(),
    log: (line) => lines.push(line),
    ...overrides,
  });
  return answer({
    httpMethod,
    resource,
    path: resource,
    headers: null,
    multiValueHeaders: null,
    pathParameters: null,
    queryStringParameters: null,
    multiValueQueryStringParameters: null,
    body: null,
    isBase64Encoded: false,
    requestContext: { requestId: 'request-1' },
    ...parts,
  });
}
const post = (body: string, overrides: Partial<WalletPageDeps> = {}) =>
  serve('POST /wallet/session', { body }, overrides);

test('serves a document that runs nothing but its own script, and that nobody frames or learns from', async () => {
  const { statusCode, headers, body } = await serve('GET /wallet');
  expect(statusCode).toBe(200);
  expect(headers).toEqual({
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'content-security-policy':
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
  });
  expect(body).not.toMatch(/<script>|<style|\son\w+=|style=/);
  expect(body).toMatch(/<script src="wallet\/page\.js\?v=[0-9a-f]{16}" defer><\/script>/);
});

test('lets what is named after its content be kept, and names it anew when it changes', async () => {
  const document = (await serve('GET /wallet')).body;
  for (const [name, text, type] of [
    ['page.js', 'let script', 'text/javascript; charset=utf-8'],
    ['page.css', 'p{}', 'text/css; charset=utf-8'],
  ] as const) {
    const v = document.split(`${name}?v=`)[1]!.slice(0, 16);
    const { headers, body } = await serve(`GET /wallet/${name}`, { queryStringParameters: { v } });
    expect([body, headers['content-type']]).toEqual([text, type]);
    expect(headers['cache-control']).toBe('public, max-age=31536000, immutable');
  }
  const changed = await serve('GET /wallet', {}, { assets: { script: 'let other', style: 'p{}' } });
  expect(changed.body).not.toBe((await serve('GET /wallet')).body);
});

test.each([null, { v: '0123456789abcdef' }])(
  'lets no cache keep a script as the version %o, which it is not',
  async (asked) => {
    for (const route of ['GET /wallet/page.js', 'GET /wallet/page.css']) {
      const { statusCode, headers } = await serve(route, { queryStringParameters: asked });
      expect([statusCode, headers['cache-control']]).toEqual([200, 'no-store']);
    }
  },
);

test('opens a session with a link, which no cache keeps', async () => {
  const { statusCode, headers, body } = await post(JSON.stringify({ secret: SECRET }));
  expect([statusCode, headers['cache-control']]).toEqual([201, 'no-store']);
  expect(JSON.parse(body)).toEqual({
    token: TOKEN,
    expiresAt: '2026-11-29T12:30:00.000Z',
    paymentManagerArn: 'arn:aws:bedrock-agentcore:us-east-1:111122223333:payment-manager/demo-0123456789',
    paymentInstrumentId: grant.instrumentId,
  });
});

test.each([
  ['a secret that opens nothing', JSON.stringify({ secret: `${SECRET}x` }), 403, 'link_refused'],
  ['no secret', '{}', 400, 'malformed'],
  ['a secret that is no text', '{"secret":{}}', 400, 'malformed'],
  ['no JSON', '<', 400, 'malformed'],
  ['a long body', JSON.stringify({ secret: 'x'.repeat(1_024) }), 400, 'malformed'],
])('refuses %s', async (_name, body, status, code) => {
  const answer = await post(body);
  expect([answer.statusCode, JSON.parse(answer.body)]).toEqual([status, { code }]);
});

test('ends the session whose token it is shown, and says nothing of others', async () => {
  for (const headers of [{ Authorization: `Bearer ${TOKEN}` }, {}]) {
    const { statusCode, body } = await serve('DELETE /wallet/session', { headers });
    expect([statusCode, body]).toEqual([204, '']);
  }
  expect(closed).toEqual([TOKEN]);
});

test('tells a failure to the log alone, and that it is busy to whoever asks', async () => {
  const failing = async () => {
    throw new Error('the table is gone');
  };
  const failed = await post(JSON.stringify({ secret: SECRET }), { openPage: failing });
  expect([failed.statusCode, failed.body]).toEqual([500, '{"code":"failed"}']);
  expect(lines.at(-1)).toContain('the table is gone');
  const busy = async () => {
    throw new NotNow('throttled');
  };
  expect((await post(JSON.stringify({ secret: SECRET }), { openPage: busy })).statusCode).toBe(429);
});

test('writes one line a request, as published, with neither secret nor token', async () => {
  for (const route of PAGE_ROUTES) await serve(route, { headers: { Authorization: `Bearer ${TOKEN}` } });
  await post(JSON.stringify({ secret: SECRET }));
  await serve('GET /wallet/elsewhere');
  expect(lines).toHaveLength(PAGE_ROUTES.length + 2);
  expect(lines.flatMap(problemsOf)).toEqual([]);
  expect(lines.join()).not.toContain('Canary');
});

test('lets the page of a manager ask its issuer, and tells it how users sign in', async () => {
  const demo = { pathParameters: { paymentManagerId: 'demo-0123456789' } };
  const { headers, body } = await serve('GET /wallet/{paymentManagerId}', demo);
  expect(headers['content-security-policy']).toContain("connect-src 'self' https://login.example;");
  expect(body).toContain('<script src="page.js?v=');
  const way = await serve('GET /wallet/{paymentManagerId}/sign-in', demo);
  expect([way.statusCode, way.body]).toEqual([200, '{"tokenEndpoint":"https://login.example/token"}']);

  const other = { pathParameters: { paymentManagerId: 'nobody-0123456789' } };
  const page = await serve('GET /wallet/{paymentManagerId}', other);
  expect(page.headers['content-security-policy']).toContain("connect-src 'self';");
  expect((await serve('GET /wallet/{paymentManagerId}/sign-in', other)).statusCode).toBe(404);
});
