import { JwtVerifier } from 'aws-jwt-verify';
import type { Jwks } from 'aws-jwt-verify/jwk';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect } from 'vitest';
import { DEFAULT_AUDIENCE, startIssuer, type Issuer, type IssuerOptions } from '../../../lib/local/issuer/index.ts';
import { requestToken } from '../../../lib/local/issuer/request-token.ts';
import { close, listen } from '../../../lib/local/loopback/server.ts';

export const CLIENTS = [
  { clientId: 'agent', scopes: ['bursar/pay'] },
  { clientId: 'manager', scopes: ['bursar/manage', 'bursar/pay'] },
  { clientId: 'scopeless', scopes: [] },
];

export const scratch = mkdtempSync(join(tmpdir(), 'bursar-issuer-'));
const opened: { close(): Promise<unknown> }[] = [];

export async function closeAll(): Promise<void> {
  for (const each of opened.splice(0)) await each.close();
}

afterEach(closeAll);
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

export async function start(options: Partial<IssuerOptions> = {}): Promise<Issuer> {
  const issuer = await startIssuer({ dataDir: null, clients: CLIENTS, ...options });
  opened.push(issuer);
  return issuer;
}

export function freshDir(): string {
  return mkdtempSync(join(scratch, 'data-'));
}

export function ask(issuer: Issuer, clientId: string, scope: string, resource?: string): Promise<string> {
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

export async function readJson(url: string): Promise<Record<string, unknown>> {
  const response = await fetch(url);
  expect(response.status).toBe(200);
  return (await response.json()) as Record<string, unknown>;
}

export async function readKeys(issuer: Issuer): Promise<Jwks> {
  return (await readJson(`${issuer.issuer}/jwks`)) as unknown as Jwks;
}

export function kidOf(token: string): string {
  return (JSON.parse(Buffer.from(token.split('.')[0]!, 'base64url').toString()) as { kid: string }).kid;
}

/** By a library that has nothing in common with the issuer's, with the keys that are published now. */
export async function verify(
  issuer: Issuer,
  token: string,
  audience: string = DEFAULT_AUDIENCE,
): Promise<Record<string, unknown>> {
  const verifier = JwtVerifier.create({ issuer: issuer.issuer, audience, jwksUri: `${issuer.issuer}/jwks` });
  verifier.cacheJwks(await readKeys(issuer));
  return verifier.verify(token);
}

/** Something else on a port. */
export async function occupy(asked: number): Promise<{ readonly port: number; close(): Promise<void> }> {
  const server = createServer();
  const squatter = { port: await listen(server, asked), close: () => close(server) };
  opened.push(squatter);
  return squatter;
}
