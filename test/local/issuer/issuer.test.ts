import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test, vi } from 'vitest';
import { DEFAULT_AUDIENCE, type Issuer } from '../../../lib/local/issuer/index.ts';
import { requestToken } from '../../../lib/local/issuer/request-token.ts';
import { ask, closeAll, occupy, readJson, readKeys, start, verify } from './fixture.ts';

function post(issuer: Issuer, form: Record<string, string>, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(issuer.tokenEndpoint, { method: 'POST', body: new URLSearchParams(form), headers });
}

/** Sends more than the issuer reads, and is gone before it has all. */
async function hangUp(issuer: Issuer): Promise<void> {
  const socket = connect(Number(new URL(issuer.issuer).port), '127.0.0.1');
  const closed = once(socket, 'close');
  const body = 'x'.repeat(100_000);
  socket.write(
    `POST /token HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    () => socket.resetAndDestroy(),
  );
  await closed;
  await fetch(issuer.discoveryUrl);
}

test('the discovery document names the issuer, its keys and the one grant', async () => {
  const issuer = await start();
  expect(issuer.discoveryUrl).toBe(`${issuer.issuer}/.well-known/openid-configuration`);
  expect(await readJson(issuer.discoveryUrl)).toMatchObject({
    issuer: issuer.issuer,
    jwks_uri: `${issuer.issuer}/jwks`,
    token_endpoint: issuer.tokenEndpoint,
    grant_types_supported: ['client_credentials'],
    response_types_supported: [],
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
  });
});

test('publishes no private member of a key', async () => {
  const { keys } = await readKeys(
    await start({ resources: [{ audience: 'urn:a' }, { audience: 'urn:b', algorithm: 'RS256' }] }),
  );
  expect(keys.map((key) => Object.keys(key).toSorted())).toEqual([
    ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'],
    ['alg', 'e', 'kid', 'kty', 'n', 'use'],
  ]);
});

test('a token verifies with an independent library and says who, for whom and what', async () => {
  const issuer = await start();
  const before = Math.floor(Date.now() / 1000);
  const token = await ask(issuer, 'manager', 'bursar/manage bursar/pay');
  expect(JSON.parse(Buffer.from(token.split('.')[0]!, 'base64url').toString())).toMatchObject({
    alg: 'ES256',
    typ: 'at+jwt',
  });
  const claims = await verify(issuer, token);
  expect(claims).toMatchObject({
    iss: issuer.issuer,
    sub: 'manager',
    client_id: 'manager',
    aud: DEFAULT_AUDIENCE,
    scope: 'bursar/manage bursar/pay',
    jti: expect.any(String),
  });
  const { iat, exp } = claims as { iat: number; exp: number };
  expect(iat).toBeGreaterThanOrEqual(before);
  expect(exp - iat).toBe(3_600);
});

test('a verifier refuses a token whose claims were changed', async () => {
  const issuer = await start();
  const [header, payload, signature] = (await ask(issuer, 'agent', 'bursar/pay')).split('.');
  const claims = JSON.parse(Buffer.from(payload!, 'base64url').toString()) as Record<string, unknown>;
  const forged = Buffer.from(JSON.stringify({ ...claims, sub: 'manager' })).toString('base64url');
  await expect(verify(issuer, `${header}.${forged}.${signature}`)).rejects.toThrow('Invalid signature');
});

test('two tokens of one client are different ones', async () => {
  const issuer = await start();
  expect(await ask(issuer, 'agent', 'bursar/pay')).not.toBe(await ask(issuer, 'agent', 'bursar/pay'));
});

test('a resource chooses the audience and the key', async () => {
  const resources = [{ audience: 'urn:first' }, { audience: 'https://second.example/v1', algorithm: 'RS256' }] as const;
  const issuer = await start({ resources });
  const first = await verify(issuer, await ask(issuer, 'agent', 'bursar/pay'), 'urn:first');
  expect(first).toMatchObject({ aud: 'urn:first', scope: 'bursar/pay' });
  const token = await ask(issuer, 'agent', 'bursar/pay', 'https://second.example/v1');
  expect(token).toMatch(new RegExp(`^${Buffer.from('{"alg":"RS256"').toString('base64url').slice(0, 18)}`));
  expect(await verify(issuer, token, 'https://second.example/v1')).toMatchObject({ scope: 'bursar/pay' });
});

test('refuses a resource that it does not know', async () => {
  await expect(ask(await start(), 'agent', 'bursar/pay', 'urn:other')).rejects.toMatchObject({
    status: 400,
    code: 'invalid_target',
  });
});

test('a token lives as long as it was told to', async () => {
  const issuer = await start({ tokenLifetimeSeconds: 2 });
  const { iat, exp } = (await verify(issuer, await ask(issuer, 'agent', 'bursar/pay'))) as { iat: number; exp: number };
  expect(exp - iat).toBe(2);
});

test('refuses to start with a lifetime that is none, and gives the port back', async () => {
  const { port } = await occupy(0);
  await closeAll();
  await expect(start({ port, tokenLifetimeSeconds: -1 })).rejects.toThrow('ClientCredentials');
  expect((await start({ port })).issuer).toBe(`http://127.0.0.1:${port}`);
});

test('takes the secret in the form as well', async () => {
  const issuer = await start();
  const { clientId, clientSecret } = issuer.clients['agent']!;
  const form = { grant_type: 'client_credentials', client_id: clientId, scope: 'bursar/pay' };
  const taken = await post(issuer, { ...form, client_secret: clientSecret });
  expect(taken.status).toBe(200);
  expect(await taken.json()).toMatchObject({ token_type: 'Bearer', expires_in: 3_600, scope: 'bursar/pay' });
  expect((await post(issuer, { ...form, client_secret: `${clientSecret}x` })).status).toBe(401);
  expect((await post(issuer, form)).status).toBe(401);
});

test.each(['agent', 'nobody'])('refuses a wrong secret of %s with 401', async (clientId) => {
  const issuer = await start();
  const request = { tokenEndpoint: issuer.tokenEndpoint, clientId, clientSecret: 'wrong', scope: 'bursar/pay' };
  await expect(requestToken(request)).rejects.toMatchObject({ status: 401, code: 'invalid_client' });
});

test("refuses one client's secret for another", async () => {
  const issuer = await start();
  const { clientSecret } = issuer.clients['agent']!;
  const request = { tokenEndpoint: issuer.tokenEndpoint, clientId: 'manager', clientSecret, scope: 'bursar/pay' };
  await expect(requestToken(request)).rejects.toMatchObject({ status: 401 });
});

test.each([
  ['agent', 'bursar/manage'],
  ['agent', 'bursar/pay bursar/manage'],
  ['agent', 'openid'],
  ['manager', 'bursar/unheard-of'],
  ['scopeless', 'bursar/pay'],
])('refuses %s the scope %s', async (clientId, scope) => {
  await expect(ask(await start(), clientId, scope)).rejects.toMatchObject({ status: 400, code: 'invalid_scope' });
});

test('a token for no scope has none', async () => {
  const issuer = await start();
  expect(await verify(issuer, await ask(issuer, 'scopeless', ''))).not.toHaveProperty('scope');
});

test.each(['authorization_code', 'refresh_token', 'password', 'urn:ietf:params:oauth:grant-type:device_code'])(
  'refuses the grant %s',
  async (grant) => {
    const issuer = await start();
    const { clientId, clientSecret } = issuer.clients['agent']!;
    const answer = await post(issuer, { grant_type: grant, client_id: clientId, client_secret: clientSecret });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ error: 'unsupported_grant_type' });
  },
);

test.each(['me', 'reg', 'request', 'session/end', 'token/introspection', 'token/revocation', 'interaction/x'])(
  'has no endpoint /%s',
  async (path) => {
    const { issuer } = await start();
    expect((await fetch(`${issuer}/${path}`)).status).toBe(404);
    expect((await fetch(`${issuer}/${path}`, { method: 'POST' })).status).toBe(404);
  },
);

test('refuses to let anybody log in', async () => {
  const { issuer } = await start();
  const answer = await fetch(`${issuer}/auth?client_id=agent&response_type=code`, { redirect: 'manual' });
  expect(answer.status).toBe(400);
  expect(await answer.json()).toMatchObject({ error: 'unsupported_response_type' });
});

test('prints nothing', async () => {
  const printed = (['log', 'info', 'warn', 'error'] as const).map((level) => vi.spyOn(console, level));
  try {
    const issuer = await start();
    await ask(issuer, 'agent', 'bursar/pay');
    await fetch(`${issuer.issuer}/auth`);
    await fetch(`${issuer.issuer}/session/end/confirm`, { method: 'POST' });
    await fetch(issuer.tokenEndpoint, { method: 'POST', headers: { origin: 'http://elsewhere.example' } });
    await hangUp(issuer);
    for (const spy of printed) expect(spy).not.toHaveBeenCalled();
  } finally {
    for (const spy of printed) spy.mockRestore();
  }
});
