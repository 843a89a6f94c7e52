import type { IncomingMessage, ServerResponse } from 'node:http';
import { Provider, errors, type Adapter, type Configuration } from 'oidc-provider';
import { allowLocalPages, letPeopleIn, PEOPLE_TTL, serveSignIn, toClient, type PeopleClient } from './people.ts';
import type { IssuerState, SigningAlgorithm } from './state.ts';

/** Who may ask for tokens. Its id is the `sub` and the `client_id` of them. */
export interface IssuerClient {
  readonly clientId: string;
  /** The scopes it may ask for. */
  readonly scopes: readonly string[];
}

/** For whom tokens are meant. */
export interface IssuerResource {
  /** An absolute URI; the tokens' `aud`, and the `resource` by which a request asks for it. */
  readonly audience: string;
  /** @default 'ES256' */
  readonly algorithm?: SigningAlgorithm;
}

/** What a provider is made of; all of it fixed for as long as that provider lives. */
export interface ProviderInput {
  readonly issuer: string;
  readonly clients: readonly IssuerClient[];
  /** Those who name none get tokens for the first. */
  readonly resources: readonly [IssuerResource, ...IssuerResource[]];
  /** Through which people sign in; `null`: nobody does. */
  readonly people: PeopleClient | null;
  readonly tokenLifetimeSeconds: number;
  readonly state: Pick<IssuerState, 'keys' | 'secrets'>;
  /** Hears what should not have happened. */
  readonly report: (problem: string) => void;
}

/** The key algorithm of a resource's tokens. */
export function algorithmOf(resource: IssuerResource): SigningAlgorithm {
  return resource.algorithm ?? 'ES256';
}

/**
 * Answers discovery, JWKS and token requests of one issuer, the last for the client credentials grant alone.
 * Tokens are JWTs (RFC 9068), of which nothing is kept: they can't be revoked.
 *
 * @throws Error on a configuration that the provider refuses
 */
export function createProvider(input: ProviderInput): (request: IncomingMessage, response: ServerResponse) => void {
  const provider = new Provider(input.issuer, createConfiguration(input));
  provider.on('server_error', (_context, error) => input.report(`the token issuer failed: ${error.message}`));
  // The framework beneath would print the rest, such as callers that hang up.
  provider.silent = true;
  const { people, report } = input;
  const answer = provider.callback();
  if (people === null) return (request, response) => void answer(request, response);
  allowLocalPages(provider, people);
  return (request, response) => {
    void serveSignIn(provider, request, response).then(
      (isServed) => (isServed ? undefined : answer(request, response)),
      (error: unknown) => {
        report(`the sign-in failed: ${String(error)}`);
        response.destroy();
      },
    );
  };
}

function createConfiguration({
  clients,
  people,
  resources,
  tokenLifetimeSeconds,
  state,
}: ProviderInput): Configuration {
  const peoples = people === null ? [] : [people];
  const scopes = [...new Set([...clients.flatMap((client) => client.scopes), ...peoples.map(({ scope }) => scope)])];
  const [{ audience: defaultAudience }] = resources;
  const off = { enabled: false };
  return {
    adapter: () => NOTHING_KEPT,
    clientAuthMethods: ['client_secret_basic', 'client_secret_post', ...peoples.map(() => 'none' as const)],
    clientDefaults: { id_token_signed_response_alg: algorithmOf(resources[0]) },
    clients: [
      ...clients.map(({ clientId, scopes: allowed }) => ({
        client_id: clientId,
        client_secret: state.secrets[clientId]!,
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
        // An empty list would be no list to the provider; `refuseOtherScopes` holds it.
        ...(allowed.length === 0 ? {} : { scope: allowed.join(' ') }),
      })),
      ...peoples.map(toClient),
    ],
    features: {
      clientCredentials: { enabled: true },
      devInteractions: off,
      dPoP: off,
      pushedAuthorizationRequests: off,
      rpInitiatedLogout: off,
      userinfo: off,
      resourceIndicators: {
        enabled: true,
        defaultResource: (_context, _client, oneOf) => oneOf ?? defaultAudience,
        useGrantedResource: () => true,
        getResourceServerInfo: ({ oidc }, audience, { clientId }) => {
          refuseOtherScopes(
            oidc.requestParamScopes,
            clientId === people?.clientId
              ? ['openid', people.scope]
              : (clients.find((client) => client.clientId === clientId)?.scopes ?? []),
          );
          const resource = resources.find((one) => one.audience === audience);
          if (resource === undefined) throw new errors.InvalidTarget();
          return {
            scope: scopes.join(' '),
            audience,
            accessTokenFormat: 'jwt',
            jwt: { sign: { alg: algorithmOf(resource) } },
          };
        },
      },
    },
    jwks: { keys: state.keys },
    renderError: (context, out) => {
      context.type = 'json';
      context.body = out;
    },
    responseTypes: [],
    scopes,
    ttl: { ClientCredentials: tokenLifetimeSeconds, ...(people === null ? {} : PEOPLE_TTL) },
    ...(people === null ? {} : letPeopleIn(people, defaultAudience)),
  };
}

/** The provider by itself would leave a scope that it has never heard of out of the token. */
function refuseOtherScopes(asked: ReadonlySet<string>, allowed: readonly string[]): void {
  for (const scope of asked)
    if (!allowed.includes(scope)) throw new errors.InvalidScope('requested scope is not allowed', scope);
}

/** For a provider whose tokens say everything themselves. */
const NOTHING_KEPT: Adapter = {
  upsert: async () => {},
  find: async () => undefined,
  findByUserCode: async () => undefined,
  findByUid: async () => undefined,
  consume: async () => {},
  destroy: async () => {},
  revokeByGrantId: async () => {},
};
