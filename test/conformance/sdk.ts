import {
  OAUTH_PREFIX,
  OPERATIONS,
  type OperationName,
  type OperationRoute,
  type RoleName,
} from '../../lib/contract/operations.ts';
import type { LocalClient } from '../../lib/local/info.ts';
import { requestToken } from '../../lib/local/issuer/request-token.ts';
import { classOf, findModelOperation, type Plane } from './model.ts';
import { record, type Exchange, type Fault, type Recordable, type Recorder } from './recorder.ts';
import type { ConformanceTarget, Role } from './target.ts';

/** The two ways in. */
export type Way = 'IAM' | 'JWT';
export const WAYS: readonly Way[] = ['IAM', 'JWT'];

/** Who calls: a role of the deployment, or a client of the issuer with one of the two scopes. */
export type Caller = Role | TokenCaller;
export type TokenCaller = 'manager-token' | 'agent-token' | 'other-manager-token' | 'other-agent-token';

export type Input = Readonly<Record<string, unknown>>;
export type Output = Readonly<Record<string, unknown>> & { readonly $metadata: Metadata };

export interface Metadata {
  readonly httpStatusCode?: number;
  readonly requestId?: string;
  readonly attempts?: number;
}

/** What an official client threw. */
export interface Failure extends Error {
  readonly $metadata: Metadata;
  readonly reason?: string;
  readonly fieldList?: readonly { readonly name: string; readonly message: string }[];
}

/** One call: what it sent, in every attempt, and what the caller saw of it. */
export type Outcome = { readonly exchanges: readonly Exchange[] } & (
  | { readonly output: Output; readonly error: null }
  | { readonly output: null; readonly error: Failure }
);

interface SdkClient extends Recordable {
  send(command: object): Promise<Output>;
  destroy(): void;
}
type ClientClass = new (options: object) => SdkClient;
type CommandClass = new (input: Input) => object;

export const isTokenCaller = (caller: Caller): caller is TokenCaller => caller.endsWith('-token');

/** The official clients of a deployment, unmodified: configured as their users would, and listened to. */
export interface Sdk {
  readonly target: ConformanceTarget;
  /** Where requests of this way must arrive, with the stage and without a slash at the end. */
  prefixOf(way: Way): string;
  /** One call, never retried unless `attemptsMax` says so. Does not throw for what the service refuses. */
  call(
    operation: string,
    caller: Caller,
    input: Input,
    options?: { readonly attemptsMax?: number; readonly faults?: readonly Fault[] },
  ): Promise<Outcome>;
  /** A token of the issuer, as the callers with tokens send it. */
  token(caller: TokenCaller): Promise<string>;
  close(): void;
}

/** @param tokens gives what callers with tokens send. @default - tokens of the issuer */
export function createSdk(target: ConformanceTarget, tokens = createTokens(target)): Sdk {
  const made = new Map<string, { readonly client: SdkClient; readonly recorder: Recorder }>();
  const jwtEndpoint = target.jwt.endpoint ?? `${target.endpoint}${OAUTH_PREFIX}`;
  const open = (plane: Plane, caller: Caller, attemptsMax: number) => {
    const name = plane === 'data' ? 'BedrockAgentCoreClient' : 'BedrockAgentCoreControlClient';
    const common = { region: target.region, maxAttempts: attemptsMax };
    const client = new (classOf<ClientClass>(plane, name))(
      isTokenCaller(caller)
        ? { ...common, endpoint: jwtEndpoint, ...bearer(() => tokens(caller)) }
        : { ...common, endpoint: target.endpoint, signingName: 'execute-api', ...credentialsOf(target, caller) },
    );
    return { client, recorder: record(client) };
  };
  return {
    target,
    prefixOf: (way) => new URL(way === 'IAM' ? target.endpoint : jwtEndpoint).pathname.replace(/\/$/, ''),
    call: async (operation, caller, input, { attemptsMax = 1, faults = [] } = {}) => {
      const { plane } = findModelOperation(operation);
      const key = `${plane} ${caller} ${attemptsMax}`;
      const held = made.get(key) ?? open(plane, caller, attemptsMax);
      // A client is used by one call at a time, so that its recorder knows whose requests it hears.
      made.delete(key);
      held.recorder.exchanges.length = 0;
      held.recorder.faults.splice(0, held.recorder.faults.length, ...faults);
      try {
        return await settle(held, new (classOf<CommandClass>(plane, `${operation}Command`))(input));
      } finally {
        if (made.has(key)) held.client.destroy();
        else made.set(key, held);
      }
    },
    token: tokens,
    close: () => {
      for (const { client } of made.values()) client.destroy();
      made.clear();
    },
  };
}

async function settle(
  { client, recorder }: { readonly client: SdkClient; readonly recorder: Recorder },
  command: object,
): Promise<Outcome> {
  try {
    const output = await client.send(command);
    return { exchanges: [...recorder.exchanges], output, error: null };
  } catch (error) {
    // What never reached the wire is a mistake of the suite, or a target that is not there.
    if (!(error instanceof Error) || recorder.exchanges.length === 0) throw error;
    return { exchanges: [...recorder.exchanges], output: null, error: error as Failure };
  }
}

function credentialsOf({ credentials }: ConformanceTarget, role: Role): object {
  const held = credentials[role];
  return 'profile' in held ? { profile: held.profile } : { credentials: held };
}

/** Tokens in place of signatures, by an auth scheme of the caller's own: the clients' documented way to add one. */
function bearer(getToken: () => Promise<string>): object {
  const schemeId = 'smithy.api#httpBearerAuth';
  return {
    httpAuthSchemeProvider: () => [{ schemeId }],
    httpAuthSchemes: [
      {
        schemeId,
        identityProvider: () => async () => ({ token: await getToken() }),
        signer: {
          sign: async (request: { readonly headers: Record<string, string> }, identity: { readonly token: string }) => {
            request.headers['authorization'] = `Bearer ${identity.token}`;
            return request;
          },
        },
      },
    ],
  };
}

const TOKEN_MAX_AGE_MS = 60_000;

/** Asks for each kind of token once a minute. */
function createTokens({ jwt }: ConformanceTarget): (caller: TokenCaller) => Promise<string> {
  const held = new Map<TokenCaller, { readonly token: Promise<string>; readonly askedAt: number }>();
  return (caller) => {
    const known = held.get(caller);
    if (known !== undefined && Date.now() - known.askedAt < TOKEN_MAX_AGE_MS) return known.token;
    const token = requestToken({ tokenEndpoint: jwt.tokenEndpoint, ...tokenClientOf(jwt.clients, caller) });
    held.set(caller, { token, askedAt: Date.now() });
    return token;
  };
}

function tokenClientOf(clients: ConformanceTarget['jwt']['clients'], caller: TokenCaller): LocalClient {
  const { management, agent, visitor } = clients;
  switch (caller) {
    case 'manager-token':
      return management;
    case 'agent-token':
      return agent;
    case 'other-manager-token':
      return { ...visitor, scope: management.scope };
    case 'other-agent-token':
      return { ...visitor, scope: agent.scope };
  }
}

/** Nothing of AgentCore's is TreasuryRole's. */
const CALLER_OF_ROLE: Readonly<Record<Exclude<RoleName, 'TreasuryRole'>, Role>> = {
  ControlPlaneRole: 'controlPlane',
  ManagementRole: 'management',
  ProcessPaymentRole: 'processPayment',
  ObserverRole: 'observer',
  TokenRole: 'token',
};

/** Who may make this call. @param user the second user of a manager with tokens is another client of the issuer */
export function callerOf(operation: OperationName, way: Way, user: 0 | 1 = 0): Caller {
  const route: OperationRoute = OPERATIONS[operation];
  if (way === 'IAM') {
    const role = route.roles[0]!;
    if (role === 'TreasuryRole') throw new Error(`${operation} is none of AgentCore's`);
    return CALLER_OF_ROLE[role];
  }
  if (route.oauth === null) throw new Error(`${operation} takes no tokens`);
  const isAgent = route.oauth === 'pay';
  if (user === 0) return isAgent ? 'agent-token' : 'manager-token';
  return isAgent ? 'other-agent-token' : 'other-manager-token';
}

/** The output of a call that must succeed. */
export function succeed({ output, error }: Outcome): Output {
  if (error !== null) throw new Error(`expected success, got ${error.name}: ${error.message}`, { cause: error });
  return output;
}

/** The error of a call that must fail. */
export function fail({ output, error }: Outcome): Failure {
  if (error === null) throw new Error(`expected a refusal, got ${Object.keys(output).join(', ')}`);
  return error;
}
