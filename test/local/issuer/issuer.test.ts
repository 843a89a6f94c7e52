import { JwtVerifier } from 'aws-jwt-verify';
import type { Jwks } from 'aws-jwt-verify/jwk';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, expect, test, vi } from 'vitest';
import { DEFAULT_AUDIENCE, startIssuer, type Issuer, type IssuerOptions } from '../../../lib/local/issuer/index.ts';
import { requestToken } from '../../../lib/local/issuer/request-token.ts';

const MODULE = join(import.meta.dirname, '../../../lib/local/issuer');
const CLIENTS = [
  { clientId: 'agent', scopes: ['bursar/pay'] },
  { clientId: 'manager', scopes: ['bursar/manage', 'bursar/pay'] },
  { clientId: 'scopeless', scopes: [] },
];

const scratch = mkdtempSync(join(tmpdir(), 'bursar-issuer-'));
const opened: { close(): Promise<unknown> }[] = [];

afterEach(async () => {
  for (const each of opened.splice(0)) await each.close();
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

async function start(options: Partial<IssuerOptions> = {}): Promise<Issuer> {
  const issuer = await startIssuer({ dataDir: null, clients: CLIENTS, ...options });
  opened.push(issuer);
  return issuer;
}

function freshDir(): string {
  return mkdtempSync(join(scratch, 'data-'));
}

function ask(issuer: Issuer, clientId: string, scope: string, resource?: string): Promise<string> {
  const { clientSecret } = issuer.clients[clientId]!;
  const { tokenEndpoint } = issuer;
  return requestToken({
    tokenEndpoint,
    clientId,
    clientSecret,
    scope,
    ...(resource === undefined ? {} : { resource }),
  });
}

function post(issuer: Issuer, form: Record<string, string>, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(issuer.tokenEndpoint, { method: 'POST', body: new URLSearchParams(form), headers });
}

async function readJson(url: string): Promise<Record<string, unknown>> {
  const response = await fetch(url);
  expect(response.status).toBe(200);
  return (await response.json()) as Record<string, unknown>;
}

async function readKeys(issuer: Issuer): Promise<Jwks> {
  return (await readJson(`${issuer.issuer}/jwks`)) as unknown as Jwks;
}

function kidOf(token: string): string {
  return (JSON.parse(Buffer.from(token.split('.')[0]!, 'base64url').toString()) as { kid: string }).kid;
}

/** By a library that has nothing in common with the issuer's, with the keys that are published now. */
async function verify(
  issuer: Issuer,
  token: string,
  audience: string = DEFAULT_AUDIENCE,
): Promise<Record<string, unknown>> {
  const verifier = JwtVerifier.create({ issuer: issuer.issuer, audience, jwksUri: `${issuer.issuer}/jwks` });
  verifier.cacheJwks(await readKeys(issuer));
  return verifier.verify(token);
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

/** Something else on a port. */
async function occupy(port: number): Promise<Server> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  opened.push({ close: () => new Promise((resolve) => server.close(resolve)) });
  return server;
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
  const { port } = (await occupy(0)).address() as AddressInfo;
  for (const each of opened.splice(0)) await each.close();
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

test('closes at once, whoever is still connected', async () => {
  const issuer = await start();
  const socket = connect(Number(new URL(issuer.issuer).port), '127.0.0.1');
  const ended = once(socket, 'close');
  socket.resume();
  socket.on('error', () => {});
  socket.write(
    'POST /token HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 9\r\n\r\nhalf',
  );
  await fetch(issuer.discoveryUrl);
  await issuer.close();
  await ended;
}, 3_000);

test('a restart keeps the port, the secrets and the keys', async () => {
  const dataDir = freshDir();
  const first = await start({ dataDir });
  const token = await ask(first, 'agent', 'bursar/pay');
  const keys = await readKeys(first);
  await first.close();

  const second = await start({ dataDir, clients: [...CLIENTS, { clientId: 'newcomer', scopes: ['bursar/pay'] }] });
  expect(second.issuer).toBe(first.issuer);
  expect(await readKeys(second)).toEqual(keys);
  expect(second.clients).toMatchObject(first.clients);
  expect(await verify(second, token)).toMatchObject({ sub: 'agent' });
  await ask(second, 'newcomer', 'bursar/pay');
});

test('another data directory has other keys and secrets', async () => {
  const [first, second] = [await start({ dataDir: freshDir() }), await start({ dataDir: freshDir() })];
  expect(second.clients['agent']!.clientSecret).not.toBe(first.clients['agent']!.clientSecret);
  expect((await readKeys(second)).keys[0]!.kid).not.toBe((await readKeys(first)).keys[0]!.kid);
});

test('only its owner can read what it keeps', async () => {
  const dataDir = freshDir();
  const issuer = await start({ dataDir });
  issuer.rotateKeys();
  const files = readdirSync(dataDir);
  expect(files).toEqual(['issuer.json']);
  expect(statSync(join(dataDir, files[0]!)).mode & 0o777).toBe(0o600);
});

test('a restart takes another port where its own is taken, says so, and comes back to its own', async () => {
  const dataDir = freshDir();
  const first = await start({ dataDir });
  await first.close();
  const other = await occupy(Number(new URL(first.issuer).port));

  const heard: string[] = [];
  const second = await start({ dataDir, report: (message) => heard.push(message) });
  expect(second.issuer).not.toBe(first.issuer);
  expect(heard).toEqual([expect.stringContaining(first.issuer)]);
  expect(await verify(second, await ask(second, 'agent', 'bursar/pay'))).toMatchObject({ iss: second.issuer });
  await second.close();
  await new Promise((resolve) => other.close(resolve));

  heard.length = 0;
  expect((await start({ dataDir, report: (message) => heard.push(message) })).issuer).toBe(first.issuer);
  expect(heard).toEqual([]);
});

test('refuses to start on a port asked for that is taken', async () => {
  const { port } = (await occupy(0)).address() as AddressInfo;
  await expect(start({ port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
});

test('refuses a data directory with something else in it, and quotes nothing of it', async () => {
  const dataDir = freshDir();
  writeFileSync(join(dataDir, 'issuer.json'), '{"port": 1, "keys": [{"d": "private"}], "secrets": {}}');
  const refused = await start({ dataDir }).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(Error);
  expect(String(refused)).toContain('issuer.json');
  expect(String(refused)).not.toContain('private');
});

test('signs with a new key after a rotation, while tokens of the old one stay valid', async () => {
  const dataDir = freshDir();
  const issuer = await start({ dataDir });
  const before = await ask(issuer, 'agent', 'bursar/pay');
  issuer.rotateKeys();
  const after = await ask(issuer, 'agent', 'bursar/pay');

  expect(kidOf(after)).not.toBe(kidOf(before));
  expect((await readKeys(issuer)).keys.map(({ kid }) => kid)).toEqual([kidOf(after), kidOf(before)]);
  expect(await verify(issuer, before)).toMatchObject({ sub: 'agent' });
  expect(await verify(issuer, after)).toMatchObject({ sub: 'agent' });

  await issuer.close();
  const again = await start({ dataDir });
  expect(kidOf(await ask(again, 'agent', 'bursar/pay'))).toBe(kidOf(after));
  expect(await verify(again, before)).toMatchObject({ sub: 'agent' });
});

test('publishes no more than eight keys of an algorithm, the newest', async () => {
  const issuer = await start();
  for (let rotation = 0; rotation < 7; rotation += 1) issuer.rotateKeys();
  const { keys } = await readKeys(issuer);
  expect(keys).toHaveLength(8);
  issuer.rotateKeys();
  const renewed = await readKeys(issuer);
  expect(renewed.keys.slice(1)).toEqual(keys.slice(0, 7));
});

test('lets its process end once it is closed, and starts within a second', async () => {
  const program = `
    import { startIssuer } from ${JSON.stringify(join(MODULE, 'index.ts'))};
    import { requestToken } from ${JSON.stringify(join(MODULE, 'request-token.ts'))};
    const began = performance.now();
    const issuer = await startIssuer({ dataDir: null, clients: ${JSON.stringify(CLIENTS)} });
    const startedMs = performance.now() - began;
    await requestToken({ tokenEndpoint: issuer.tokenEndpoint, ...issuer.clients.agent, scope: 'bursar/pay' });
    await issuer.close();
    const refused = await fetch(issuer.discoveryUrl).then(() => false, () => true);
    process.stdout.write(JSON.stringify({ startedMs, refused }));`;
  const path = join(scratch, 'program.mjs');
  writeFileSync(path, program);
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [path], { timeout: 10_000 });
  expect(stderr).toBe('');
  const { startedMs, refused } = JSON.parse(stdout) as { startedMs: number; refused: boolean };
  expect(refused).toBe(true);
  expect(startedMs).toBeLessThan(1_000);
});

test('the state on disk holds each secret once and no token', async () => {
  const dataDir = freshDir();
  const issuer = await start({ dataDir });
  const token = await ask(issuer, 'agent', 'bursar/pay');
  const text = readFileSync(join(dataDir, 'issuer.json'), 'utf8');
  expect(text.split(issuer.clients['agent']!.clientSecret)).toHaveLength(2);
  expect(text).not.toContain(token.split('.')[2]!);
});
