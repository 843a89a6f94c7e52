import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { LOOPBACK } from '../../domain/loopback.ts';
import { discoveryUrlOf } from '../../domain/tenants/jwt-authorizer.ts';
import { close, listen, PortTaken } from '../loopback/server.ts';
import { algorithmOf, createProvider, type IssuerClient, type IssuerResource } from './provider.ts';
import type { PeopleClient } from './people.ts';
import { completeState, openIssuerStore, rotateState } from './state.ts';

export type { IssuerClient, IssuerResource } from './provider.ts';

/** With what a client asks for tokens. */
export interface ClientCredentials {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scopes: readonly string[];
}

/** A running OpenID Connect issuer. */
export interface Issuer {
  /** The tokens' `iss`. */
  readonly issuer: string;
  readonly discoveryUrl: string;
  readonly tokenEndpoint: string;
  /** By client id. */
  readonly clients: Readonly<Record<string, ClientCredentials>>;
  /** Signs with new keys from here on. The old ones stay published, so that their tokens stay valid. */
  rotateKeys(): void;
  /** Stops at once; requests under way are cut off. */
  close(): Promise<void>;
}

export interface IssuerOptions {
  /** A directory of its own for keys, secrets and the port, readable by their owner only; `null` keeps nothing. */
  readonly dataDir: string | null;
  /** @default - the port of the last start; at the first one, or where that is taken, a free one. So does 0. */
  readonly port?: number;
  readonly clients: readonly IssuerClient[];
  /** Through which people sign in, in a browser on this machine. @default - nobody does */
  readonly people?: PeopleClient;
  /**
   * For whom tokens can be had. A request that names none gets one for the first.
   * @default - one, `DEFAULT_AUDIENCE` with ES256
   */
  readonly resources?: readonly [IssuerResource, ...IssuerResource[]];
  /** @default 3600 */
  readonly tokenLifetimeSeconds?: number;
  /** Hears what people should know. No token, secret or key is ever part of it. */
  readonly report?: (message: string) => void;
}

/** The `aud` of tokens where the issuer was given no resources. */
export const DEFAULT_AUDIENCE = 'urn:bursar:local';

const TOKEN_LIFETIME_SECONDS = 3_600;

/**
 * Starts an OpenID Connect issuer on a loopback port, for the client credentials grant, and for people where it is told by which
 * client; clients can't register. Tokens are JWTs (RFC 9068) whose `sub` is the client's id. With the same data directory the issuer
 * of before is back, tokens and all.
 *
 * @throws Error where the port asked for is taken, or the data directory holds something else
 */
export async function startIssuer(options: IssuerOptions): Promise<Issuer> {
  const { dataDir, port = 0, clients, tokenLifetimeSeconds = TOKEN_LIFETIME_SECONDS } = options;
  const resources = options.resources ?? ([{ audience: DEFAULT_AUDIENCE }] as const);
  const report = options.report ?? (() => {});
  const algorithms = [...new Set(resources.map(algorithmOf))];
  const store = openIssuerStore(dataDir);
  let state = completeState(
    store.read(),
    algorithms,
    clients.map(({ clientId }) => clientId),
  );

  let answer = answerUnready;
  const server = createServer((request, response) => {
    // A caller that kept a connection would run into its end at the first request after a restart.
    response.shouldKeepAlive = false;
    answer(request, response);
  });
  const taken = await listenWhereKnown(server, port, state.port, report);
  const issuer = `http://${LOOPBACK}:${taken}`;
  const renew = (): void => {
    answer = createProvider({
      issuer,
      clients,
      people: options.people ?? null,
      resources,
      tokenLifetimeSeconds,
      state,
      report,
    });
  };
  try {
    // A port that only stands in for one that is taken is not kept: managers name the other.
    if (port !== 0 || state.port === null) state = { ...state, port: taken };
    store.write(state);
    renew();
  } catch (error) {
    await close(server);
    throw error;
  }
  return {
    issuer,
    discoveryUrl: discoveryUrlOf(issuer),
    tokenEndpoint: `${issuer}/token`,
    clients: Object.fromEntries(
      clients.map(({ clientId, scopes }) => [clientId, { clientId, clientSecret: state.secrets[clientId]!, scopes }]),
    ),
    rotateKeys: () => {
      state = rotateState(state, algorithms);
      store.write(state);
      renew();
    },
    close: () => close(server),
  };
}

/** The port must be known before there can be a provider, whose URL it is part of. */
function answerUnready(_request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(503).end();
}

/** Listens on the port asked for, else on the one of the last start, else on a free one. */
async function listenWhereKnown(
  server: Server,
  asked: number,
  kept: number | null,
  report: (message: string) => void,
): Promise<number> {
  if (asked !== 0 || kept === null) return listen(server, asked);
  try {
    return await listen(server, kept);
  } catch (error) {
    if (!(error instanceof PortTaken)) throw error;
    const other = await listen(server, 0);
    report(
      `warning: port ${kept} of the token issuer is taken, so it listens on ${other}; ` +
        `managers that name http://${LOOPBACK}:${kept} take no tokens until it is free and the stack starts again`,
    );
    return other;
  }
}
