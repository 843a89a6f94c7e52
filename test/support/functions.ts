import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, vi } from 'vitest';
import type { ApiEvent, ApiResponse } from '../../lib/api/http.ts';
import { findAnswerFlaw } from '../../lib/contract/answer-check.ts';
import { OPERATIONS, type FunctionName, type OperationName } from '../../lib/contract/operations.ts';
import { createAwsEndpoint, type AwsEndpoint } from '../../lib/local/aws-endpoint/endpoint.ts';
import { composeIssueTokens } from '../../lib/functions/issue-tokens.ts';
import { composeManageConnectors } from '../../lib/functions/manage-connectors.ts';
import { composeManageIdentities } from '../../lib/functions/manage-identities.ts';
import { composeManageInstruments } from '../../lib/functions/manage-instruments.ts';
import { composeManageSessions } from '../../lib/functions/manage-sessions.ts';
import { composeProcessPayment } from '../../lib/functions/process-payment.ts';
import { composeReadPayments } from '../../lib/functions/read-payments.ts';
import { expectPublished } from '../telemetry/log-schema.ts';
import { withDatabase, type TestDatabase } from './database.ts';
import { toEvent, type CallOptions } from './events.ts';
import { PAY_TO } from './paying.ts';
import { BASE_SEPOLIA } from './payments.ts';
import { startRpcEndpoint, type RpcEndpoint } from './rpc-endpoint.ts';

export const ACCOUNT = '111122223333';
export const REGION = 'us-east-1';

export const BALANCE = 12_345_678n;

export interface Answer<T = Record<string, unknown>> {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** The body as it was sent. */
  readonly text: string;
  readonly body: T;
}

/** The deployable functions behind the API, with a database, a KMS, a secrets manager and a chain of their own. */
export interface TestFunctions {
  readonly database: TestDatabase;
  /** Actions that reached KMS and Secrets Manager, such as `CreateKey`. */
  readonly awsCalls: string[];
  /** What the functions logged. */
  readonly logs: string[];
  call<T = Record<string, unknown>>(operation: OperationName, options?: CallOptions): Promise<Answer<T>>;
}

type Handler = (event: ApiEvent, context: object) => Promise<ApiResponse>;
type Handlers = Readonly<Record<FunctionName, Handler>>;

export function withFunctions(overrides: Readonly<Record<string, string>> = {}): TestFunctions {
  const database = withDatabase();
  const awsCalls: string[] = [];
  const logs: string[] = [];
  let aws: AwsEndpoint | undefined;
  let chain: RpcEndpoint | undefined;
  let handlers: Handlers;

  beforeAll(async () => {
    vi.spyOn(process.stdout, 'write').mockImplementation((line) => {
      logs.push(String(line));
      return true;
    });
    aws = await createAwsEndpoint({
      dataDir: null,
      region: REGION,
      account: ACCOUNT,
      verify: ({ headers }) => {
        awsCalls.push(String(headers['x-amz-target']).split('.')[1] ?? '');
        return null;
      },
    });
    chain = await startRpcEndpoint(BALANCE);
    Object.assign(process.env, database.environment, {
      AWS_ENDPOINT_URL_KMS: aws.url,
      AWS_ENDPOINT_URL_SECRETS_MANAGER: aws.url,
    });
    handlers = composeAll({
      ...process.env,
      METRIC_NAMESPACE: 'Bursar',
      BOOKS_TABLE: database.booksTable,
      REGISTRY_TABLE: database.registryTable,
      DEPLOYMENT_PARTITION: 'aws',
      DEPLOYMENT_ACCOUNT: ACCOUNT,
      DEFAULT_SESSION_LIMIT_USD: '10.00',
      ALLOWED_NETWORKS: BASE_SEPOLIA.id,
      RPC_URLS: JSON.stringify({ [BASE_SEPOLIA.id]: `${chain.url}` }),
      SECRETS_KEY_ARN: 'arn:aws:kms:us-east-1:000000000000:key/secrets',
      SECRET_NAME_PREFIX: 'bursar/test',
      JWT_ISSUERS: 'any',
      CREDENTIAL_NAME_PREFIX: 'bursar/credentials/test',
      WALLET_KEY_TAG: 'test',
      PAYING_ROLE_ARN: `arn:aws:iam::${ACCOUNT}:role/paying`,
      KEY_ADMIN_ROLE_ARN: `arn:aws:iam::${ACCOUNT}:role/key-admin`,
      ...overrides,
    });
  });

  afterAll(async () => {
    vi.restoreAllMocks();
    await chain?.close();
    await aws?.close();
    expectPublished(logs);
  });

  return {
    database,
    awsCalls,
    logs,
    call: async <T>(operation: OperationName, options: CallOptions = {}) => {
      const event = toEvent(operation, options);
      const response = await handlers[OPERATIONS[operation].function](event, {
        getRemainingTimeInMillis: () => 15_000,
      });
      const { statusCode: status, headers, body: text } = response;
      expect(findAnswerFlaw(operation, { status, text })).toBeNull();
      return { status, headers, text, body: (text === '' ? null : JSON.parse(text)) as T };
    },
  };
}

function composeAll(env: NodeJS.ProcessEnv): Handlers {
  const composed = {
    'process-payment': composeProcessPayment(env),
    'read-payments': composeReadPayments(env),
    'manage-sessions': composeManageSessions(env),
    'manage-instruments': composeManageInstruments(env),
    'manage-connectors': composeManageConnectors(env),
    'manage-identities': composeManageIdentities(env),
    'issue-tokens': composeIssueTokens(env),
  };
  // Lambda calls a handler with two arguments; middy's own type asks for a callback too.
  return composed as unknown as Handlers;
}

/** RFC 3339 with milliseconds, as AgentCore's payments resources have it. */
export const anInstant = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string;

export const newToken = (): string => randomBytes(24).toString('hex');

/** One tenant with a wallet and a session of one user. */
export interface Tenant {
  readonly paymentManagerArn: string;
  readonly managerId: string;
  readonly paymentConnectorId: string;
  readonly paymentInstrumentId: string;
  readonly paymentSessionId: string;
}

export const managerRequest = (overrides: object = {}) => ({
  name: 'demo',
  authorizerType: 'AWS_IAM',
  roleArn: `arn:aws:iam::${ACCOUNT}:role/service`,
  clientToken: newToken(),
  ...overrides,
});

export const connectorRequest = (overrides: object = {}) => ({
  name: 'seed',
  type: 'SeedVault',
  credentialProviderConfigurations: [],
  clientToken: newToken(),
  ...overrides,
});

export const instrumentRequest = (
  tenant: Pick<Tenant, 'paymentManagerArn' | 'paymentConnectorId'>,
  overrides: object = {},
) => ({
  paymentManagerArn: tenant.paymentManagerArn,
  paymentConnectorId: tenant.paymentConnectorId,
  paymentInstrumentType: 'EMBEDDED_CRYPTO_WALLET',
  paymentInstrumentDetails: { embeddedCryptoWallet: { network: 'ETHEREUM', linkedAccounts: [] } },
  clientToken: newToken(),
  ...overrides,
});

export const sessionRequest = (tenant: Pick<Tenant, 'paymentManagerArn'>, overrides: object = {}) => ({
  paymentManagerArn: tenant.paymentManagerArn,
  expiryTimeInMinutes: 60,
  limits: { maxSpendAmount: { value: '10.00', currency: 'USD' } },
  clientToken: newToken(),
  ...overrides,
});

export const offer = (overrides: object = {}) => ({
  scheme: 'exact',
  network: BASE_SEPOLIA.id,
  amount: '500000',
  asset: BASE_SEPOLIA.usdc.address,
  payTo: PAY_TO,
  maxTimeoutSeconds: 60,
  extra: { name: BASE_SEPOLIA.usdc.domainName, version: BASE_SEPOLIA.usdc.domainVersion },
  ...overrides,
});

export const paymentRequest = (tenant: Tenant, overrides: object = {}, payload: object = offer()) => ({
  paymentManagerArn: tenant.paymentManagerArn,
  paymentSessionId: tenant.paymentSessionId,
  paymentInstrumentId: tenant.paymentInstrumentId,
  paymentType: 'CRYPTO_X402',
  paymentInput: { cryptoX402: { version: '2', payload } },
  clientToken: newToken(),
  ...overrides,
});

export async function createTenant({ call }: TestFunctions, user = 'user-1'): Promise<Tenant> {
  const manager = await call<{ paymentManagerArn: string; paymentManagerId: string }>('CreatePaymentManager', {
    json: managerRequest(),
  });
  const { paymentManagerArn, paymentManagerId: managerId } = manager.body;
  const connector = await call<{ paymentConnectorId: string }>('CreatePaymentConnector', {
    json: connectorRequest(),
    path: { paymentManagerId: managerId },
  });
  const { paymentConnectorId } = connector.body;
  const instrument = await call<{ paymentInstrument: { paymentInstrumentId: string } }>('CreatePaymentInstrument', {
    json: instrumentRequest({ paymentManagerArn, paymentConnectorId }),
    user,
  });
  const session = await call<{ paymentSession: { paymentSessionId: string } }>('CreatePaymentSession', {
    json: sessionRequest({ paymentManagerArn }),
    user,
  });
  return {
    paymentManagerArn,
    managerId,
    paymentConnectorId,
    paymentInstrumentId: instrument.body.paymentInstrument.paymentInstrumentId,
    paymentSessionId: session.body.paymentSession.paymentSessionId,
  };
}

/** All items of a list, two at a time. */
export async function pageThrough(
  { call }: TestFunctions,
  operation: 'ListPaymentInstruments' | 'ListPaymentSessions' | 'ListPayments',
  member: string,
  json: object,
  user: string,
): Promise<Record<string, unknown>[]> {
  const items: Record<string, unknown>[] = [];
  let nextToken: unknown;
  for (let pages = 0; pages < 20; pages += 1) {
    const page = await call(operation, {
      json: { ...json, maxResults: 2, ...(nextToken === undefined ? {} : { nextToken }) },
      user,
    });
    expect(page.status).toBe(200);
    const found = page.body[member] as Record<string, unknown>[];
    expect(found.length).toBeLessThanOrEqual(2);
    items.push(...found);
    nextToken = page.body['nextToken'];
    if (nextToken === undefined) return items;
  }
  throw new Error('a list without end');
}
