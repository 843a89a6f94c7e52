import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Adapter, AdapterPayload, ClientMetadata, Configuration, Provider } from 'oidc-provider';
import { LOOPBACK } from '../../domain/loopback.ts';
import { readRequestBody } from '../loopback/request-body.ts';

/** A client of a browser, through which people sign in. */
export interface PeopleClient {
  readonly clientId: string;
  /** Besides that of OpenID Connect. */
  readonly scope: string;
}

const PATH = '/interaction/';
const FORM_MAX_BYTES = 2_048;
const USER_ID = /^[\x21-\x7e]{1,120}$/;
const LIFE_SECONDS = 600;
const COOKIE_KEY_BYTES = 32;
const LOCAL_PAGE = new RegExp(`^http://${LOOPBACK.replaceAll('.', '\\.')}:[0-9]+/`);

/** A client without a secret, which only a page on this machine can be. */
export function toClient({ clientId, scope }: PeopleClient): ClientMetadata {
  return {
    client_id: clientId,
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code'],
    response_types: ['code'],
    redirect_uris: [`http://${LOOPBACK}/`],
    scope: `openid ${scope}`,
  };
}

/** What a provider needs to let people sign in: who they are is what they say, since whoever sits at this machine is everybody. */
export function letPeopleIn({ scope }: PeopleClient, audience: string): Partial<Configuration> {
  return {
    adapter: keptInMemory(),
    clientBasedCORS: (_context, origin) => LOCAL_PAGE.test(`${origin}/`),
    cookies: { keys: [randomBytes(COOKIE_KEY_BYTES).toString('base64url')] },
    findAccount: (_context, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
    interactions: { url: (_context, { uid }) => `${PATH}${uid}` },
    loadExistingGrant: async ({ oidc }) => {
      const { client, session, provider } = oidc;
      if (client === undefined || session?.accountId === undefined) return undefined;
      const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
      grant.addOIDCScope(`openid ${scope}`);
      grant.addResourceScope(audience, scope);
      await grant.save();
      return grant;
    },
    responseTypes: ['code'],
  };
}

export const PEOPLE_TTL = {
  AccessToken: 3_600,
  AuthorizationCode: 60,
  Grant: LIFE_SECONDS,
  IdToken: LIFE_SECONDS,
  Interaction: LIFE_SECONDS,
  Session: LIFE_SECONDS,
} as const;

/** Sends people back to pages of this machine, whatever their port. */
export function allowLocalPages(provider: Provider, { clientId }: PeopleClient): void {
  provider.Client.prototype.redirectUriAllowed = function isLocal(this: { clientId: string }, uri: string): boolean {
    return this.clientId === clientId && LOCAL_PAGE.test(uri);
  };
}

/** Answers where people say who they are; `false` for requests that are the provider's. */
export async function serveSignIn(
  provider: Provider,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<boolean> {
  if (!(request.url ?? '').startsWith(PATH)) return false;
  if (request.method !== 'POST') {
    const headers = { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': "default-src 'none'" };
    response.writeHead(200, headers).end(FORM);
    return true;
  }
  const form = new URLSearchParams(Buffer.from((await readRequestBody(request, FORM_MAX_BYTES)) ?? '').toString());
  const accountId = form.get('user') ?? '';
  if (!USER_ID.test(accountId)) {
    response
      .writeHead(400, { 'content-type': 'text/plain' })
      .end('expected a user id of 1 to 120 printable characters');
    return true;
  }
  await provider.interactionFinished(request, response, { login: { accountId } });
  return true;
}

const FORM = `<!doctype html><html lang="en"><meta name="viewport" content="width=device-width"><title>Sign in (local)</title>
<h1>Sign in (local)</h1><p>Whoever sits at this machine is every user.</p>
<form method="post"><label>User id <input name="user" value="local-application" required></label> <button>Sign in</button></form></html>
`;

/** Until the process ends. */
function keptInMemory(): (name: string) => Adapter {
  const all = new Map<string, { readonly payload: AdapterPayload; readonly endsAt: number }>();
  const find = (key: string): AdapterPayload | undefined => {
    const found = all.get(key);
    return found !== undefined && Date.now() < found.endsAt ? found.payload : undefined;
  };
  return (name) => ({
    upsert: async (id, payload, expiresIn = LIFE_SECONDS) => {
      const kept = { payload, endsAt: Date.now() + expiresIn * 1_000 };
      all.set(`${name}:${id}`, kept);
      if (payload.uid !== undefined) all.set(`${name}:uid:${payload.uid}`, kept);
    },
    find: async (id) => find(`${name}:${id}`),
    findByUid: async (uid) => find(`${name}:uid:${uid}`),
    findByUserCode: async () => undefined,
    consume: async (id) => {
      const payload = find(`${name}:${id}`);
      if (payload !== undefined) payload.consumed = Math.floor(Date.now() / 1_000);
    },
    destroy: async (id) => void all.delete(`${name}:${id}`),
    revokeByGrantId: async (grantId) => {
      for (const [key, { payload }] of all) if (payload.grantId === grantId) all.delete(key);
    },
  });
}
