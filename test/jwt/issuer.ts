import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK, type JWTPayload } from 'jose';
import { discoveryUrlOf } from '../../lib/domain/tenants/jwt-authorizer.ts';

export interface TestKey {
  readonly id: string;
  readonly algorithm: string;
  readonly privateKey: CryptoKey;
  readonly jwk: JWK;
}

/** A key pair with its public half as a key set lists it. */
export async function createKey(id: string, algorithm: string) {
  const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true });
  const jwk: JWK = { ...(await exportJWK(publicKey)), kid: id, alg: algorithm, use: 'sig' };
  return { id, algorithm, privateKey, jwk } satisfies TestKey;
}

/** A token as an issuer signs it; `header` and `claims` may say anything. */
export async function signToken(
  key: TestKey,
  claims: JWTPayload,
  header: Record<string, unknown> = {},
): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg: key.algorithm, kid: key.id, ...header }).sign(key.privateKey);
}

export interface TestIssuer {
  readonly issuer: string;
  readonly discoveryUrl: string;
  /** What the key set holds now. */
  keys: unknown[];
  /** Laid over the discovery document. */
  discovery: Record<string, unknown>;
  /** Answers in place of the issuer, while set. */
  answer: ((request: IncomingMessage, response: ServerResponse) => void) | null;
  /** Requests so far, by path. */
  readonly counts: { discovery: number; keys: number };
  close(): Promise<void>;
}

/** An issuer on a free port of this host. */
export async function startIssuer(keys: readonly TestKey[]): Promise<TestIssuer> {
  const server = createServer((request, response) => {
    const isKeys = request.url === '/keys';
    state.counts[isKeys ? 'keys' : 'discovery'] += 1;
    if (state.answer !== null) return state.answer(request, response);
    const document = isKeys
      ? { keys: state.keys }
      : { issuer: state.issuer, jwks_uri: `${state.issuer}/keys`, ...state.discovery };
    response.setHeader('content-type', 'application/json').end(JSON.stringify(document));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const state: TestIssuer = {
    issuer,
    discoveryUrl: discoveryUrlOf(issuer),
    keys: keys.map(({ jwk }) => jwk),
    discovery: {},
    answer: null,
    counts: { discovery: 0, keys: 0 },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return state;
}
