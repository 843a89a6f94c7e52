import { readFileSync } from 'node:fs';
import type { LocalClient, LocalCredentials } from '../../lib/local/info.ts';

/** Where the suite finds the path of its target's file. */
export const TARGET_VARIABLE = 'BURSAR_CONFORMANCE_TARGET';

/** Keys, or a profile of the AWS configuration files, which may assume a role. */
export type RoleCredentials = (LocalCredentials & { readonly sessionToken?: string }) | { readonly profile: string };

export const ROLES = ['controlPlane', 'management', 'processPayment', 'observer', 'token'] as const;
export type Role = (typeof ROLES)[number];

export const TOKEN_CLIENTS = ['management', 'agent', 'visitor'] as const;
type TokenClient = (typeof TOKEN_CLIENTS)[number];

/** A deployment under test. What the local stack writes to `.bursar/local.json` is one as it is. */
export interface ConformanceTarget {
  /** With its stage. */
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: Readonly<Record<Role, RoleCredentials>>;
  readonly jwt: {
    /** @default - `endpoint` followed by `/oauth` */
    readonly endpoint?: string;
    readonly discoveryUrl: string;
    readonly tokenEndpoint: string;
    /**
     * `management` and `agent` are one client with two scopes; the first is the management scope `bursar/manage`.
     * `visitor` is another client of the same issuer and may ask for both scopes.
     */
    readonly clients: Readonly<Record<TokenClient, LocalClient>>;
  };
  /** What the deployment gives a session that asks for no limit; `null` for none. @default '10.00' */
  readonly defaultSessionLimitUsd?: string | null;
  /** Sellers whose proofs are settled for real. @default - none: offers are built and the proofs are looked at */
  readonly sellers?: readonly { readonly name: string; readonly url: string; readonly protocolVersion: number }[];
  /** Mints test USDC. @default - none: nothing is settled */
  readonly faucet?: string;
}

/** Reads the target's file. Throws with every member that is missing. */
export function readTarget(path: string | undefined = process.env[TARGET_VARIABLE]): ConformanceTarget {
  if (path === undefined)
    throw new Error(`expected the path of a target in ${TARGET_VARIABLE}: run npm run conformance`);
  return parseTarget(JSON.parse(readFileSync(path, 'utf8')));
}

/** Checks that nothing that the suite needs is missing; other members are left alone. */
export function parseTarget(value: unknown): ConformanceTarget {
  const needed = [
    'endpoint',
    'region',
    ...ROLES.map((role) => `credentials.${role}`),
    'jwt.discoveryUrl',
    'jwt.tokenEndpoint',
    ...TOKEN_CLIENTS.flatMap((name) =>
      ['clientId', 'clientSecret', 'scope'].map((part) => `jwt.clients.${name}.${part}`),
    ),
  ];
  const missing = needed.filter((name) => memberOf(value, name.split('.')) === undefined);
  if (missing.length > 0) throw new Error(`the target lacks ${missing.join(', ')}`);
  return value as ConformanceTarget;
}

function memberOf(value: unknown, [name, ...rest]: readonly string[]): unknown {
  if (name === undefined) return value;
  if (typeof value !== 'object' || value === null) return undefined;
  return memberOf((value as Record<string, unknown>)[name], rest);
}
