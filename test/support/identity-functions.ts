import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { CreateSecretCommand, GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, expect, vi } from 'vitest';
import type { ApiEvent, ApiResponse } from '../../lib/api/http.ts';
import { findAnswerFlaw } from '../../lib/contract/answer-check.ts';
import { OPERATIONS, type OperationName } from '../../lib/contract/operations.ts';
import { AwsError } from '../../lib/local/aws-endpoint/aws-error.ts';
import { createAwsEndpoint, type AwsEndpoint } from '../../lib/local/aws-endpoint/endpoint.ts';
import { composeIssueTokens } from '../../lib/functions/issue-tokens.ts';
import { composeManageIdentities } from '../../lib/functions/manage-identities.ts';
import { createApiKey, createEcKey } from '../wallets/provider-keys.ts';
import { expectPublished } from '../telemetry/log-schema.ts';
import { withDatabase, type TestDatabase } from './database.ts';
import { makeEvent } from './events.ts';
import { BASE_SEPOLIA } from './payments.ts';

export const ACCOUNT = '111122223333';
export const REGION = 'us-east-1';
export const PREFIX = 'bursar/test/credentials';

export interface IdentityAnswer {
  readonly status: number;
  readonly text: string;
  readonly body: Record<string, unknown>;
}

/** The two functions of identities, with a database and a secrets manager of their own. */
export interface IdentityFunctions {
  readonly database: TestDatabase;
  /** Actions that reached Secrets Manager, with the function's input. */
  readonly awsCalls: { readonly action: string; readonly input: Record<string, unknown> }[];
  readonly logs: string[];
  /** Makes Secrets Manager answer an action with an error after some good calls, until the returned function is called. */
  failAction(action: string, name: string, goodCalls?: number): () => void;
  call(operation: OperationName, json?: object): Promise<IdentityAnswer>;
  /** A secret of the deployer's own; returns its ARN. */
  createSecret(name: string, value: string): Promise<string>;
  readSecret(id: string): Promise<string>;
  /** Every item of the registry, as text. */
  scan(): Promise<string>;
}

type Handler = (event: ApiEvent, context: object) => Promise<ApiResponse>;

export function withIdentityFunctions(): IdentityFunctions {
  const database = withDatabase();
  const awsCalls: IdentityFunctions['awsCalls'] = [];
  const logs: string[] = [];
  const faults = new Map<string, { readonly name: string; goodCalls: number }>();
  let aws: AwsEndpoint | undefined;
  let secrets: SecretsManagerClient;
  let handlers: Readonly<Record<string, Handler>>;

  beforeAll(async () => {
    vi.spyOn(process.stdout, 'write').mockImplementation((line) => logs.push(String(line)) > 0);
    aws = await createAwsEndpoint({
      dataDir: null,
      region: REGION,
      account: ACCOUNT,
      verify: ({ headers, body }) => {
        const action = String(headers['x-amz-target']).split('.')[1] ?? '';
        awsCalls.push({ action, input: JSON.parse(Buffer.from(body).toString()) as Record<string, unknown> });
        const fault = faults.get(action);
        if (fault === undefined) return null;
        fault.goodCalls -= 1;
        // The worst that a service could do: its error quotes what it was given.
        return fault.goodCalls >= 0 ? null : new AwsError(fault.name, Buffer.from(body).toString());
      },
    });
    Object.assign(process.env, database.environment, { AWS_ENDPOINT_URL_SECRETS_MANAGER: aws.url });
    secrets = new SecretsManagerClient({});
    const env = {
      ...process.env,
      METRIC_NAMESPACE: 'Bursar',
      BOOKS_TABLE: database.booksTable,
      REGISTRY_TABLE: database.registryTable,
      DEPLOYMENT_PARTITION: 'aws',
      DEPLOYMENT_ACCOUNT: ACCOUNT,
      DEFAULT_SESSION_LIMIT_USD: '10.00',
      ALLOWED_NETWORKS: BASE_SEPOLIA.id,
      JWT_ISSUERS: 'any',
      SECRETS_KEY_ARN: 'arn:aws:kms:us-east-1:000000000000:key/secrets',
      CREDENTIAL_NAME_PREFIX: PREFIX,
    };
    const composed = { 'manage-identities': composeManageIdentities(env), 'issue-tokens': composeIssueTokens(env) };
    // Lambda calls a handler with two arguments; middy's own type asks for a callback too.
    handlers = composed as unknown as Readonly<Record<string, Handler>>;
  });

  afterAll(async () => {
    vi.restoreAllMocks();
    secrets.destroy();
    await aws?.close();
    expectPublished(logs);
  });

  return {
    database,
    awsCalls,
    logs,
    failAction: (action, name, goodCalls = 0) => {
      faults.set(action, { name, goodCalls });
      return () => void faults.delete(action);
    },
    call: async (operation, json = {}) => {
      const { resourceArn, tagKeys, ...body } = json as { resourceArn?: string; tagKeys?: string[] };
      const event = makeEvent(operation, {
        json: body,
        ...(OPERATIONS[operation].method === 'POST' ? {} : { body: null }),
        ...(resourceArn === undefined ? {} : { pathParameters: { resourceArn: encodeURIComponent(resourceArn) } }),
        ...(tagKeys === undefined ? {} : { multiValueQueryStringParameters: { tagKeys } }),
        headers: {},
      });
      const handler = handlers[OPERATIONS[operation].function]!;
      const { statusCode: status, body: text } = await handler(event, { getRemainingTimeInMillis: () => 15_000 });
      expect(findAnswerFlaw(operation, { status, text })).toBeNull();
      return { status, text, body: (text === '' ? {} : JSON.parse(text)) as Record<string, unknown> };
    },
    createSecret: async (Name, SecretString) =>
      (await secrets.send(new CreateSecretCommand({ Name, SecretString }))).ARN ?? '',
    readSecret: async (SecretId) => (await secrets.send(new GetSecretValueCommand({ SecretId }))).SecretString ?? '',
    scan: async () => {
      const { Items } = await database.client.send(new ScanCommand({ TableName: database.registryTable }));
      return JSON.stringify(Items);
    },
  };
}

export const coinbaseSecrets = () => ({ apiKeySecret: createApiKey().secret, walletSecret: createEcKey().sec1 });
export const privySecrets = () => ({
  appSecret: `privy${createApiKey().secret.slice(0, 60)}`,
  authorizationPrivateKey: `wallet-auth:${createEcKey().pkcs8}`,
});

export const coinbaseRequest = (name: string, overrides: object = {}) => ({
  name,
  credentialProviderVendor: 'CoinbaseCDP',
  providerConfigurationInput: {
    coinbaseCdpConfiguration: { apiKeyId: 'organizations/1/apiKeys/2', ...coinbaseSecrets(), ...overrides },
  },
});

export const privyRequest = (name: string, overrides: object = {}) => ({
  name,
  credentialProviderVendor: 'StripePrivy',
  providerConfigurationInput: {
    stripePrivyConfiguration: { appId: 'app-1', authorizationId: 'quorum-1', ...privySecrets(), ...overrides },
  },
});

/** Of an answer with a provider. */
export function configurationOf(body: object, vendor: 'coinbaseCdp' | 'stripePrivy'): Record<string, unknown> {
  const { providerConfigurationOutput } = body as {
    readonly providerConfigurationOutput: Record<string, Record<string, unknown>>;
  };
  return providerConfigurationOutput[`${vendor}Configuration`]!;
}

/** The ARN of one secret of a provider. */
export function storedArn(body: object, member: string, vendor: 'coinbaseCdp' | 'stripePrivy' = 'coinbaseCdp'): string {
  return (configurationOf(body, vendor)[`${member}Arn`] as { readonly secretArn: string }).secretArn;
}

/** The members that a refusal names. */
export function fieldsOf(body: object): readonly string[] {
  return (body as { readonly fieldList: readonly { readonly name: string }[] }).fieldList.map(({ name }) => name);
}

/** A token of a workload. */
export async function issueWith({ call }: IdentityFunctions, workloadName: string): Promise<string> {
  const { status, body } = await call('GetWorkloadAccessToken', { workloadName });
  if (status !== 200) throw new Error(`no token for ${workloadName}: ${status}`);
  return body['workloadAccessToken'] as string;
}

export const coinbaseToken = (overrides: object = {}) => ({
  coinbaseCdpTokenRequest: { requestMethod: 'POST', requestPath: '/platform/v2/evm/accounts', ...overrides },
});
export const privyToken = (overrides: object = {}) => ({
  stripePrivyTokenRequest: { requestPath: '/v1/wallets/1/rpc', requestBody: '{"method":"a"}', ...overrides },
});

/** Exchanges a workload's token for one of a provider. */
export const exchangeWith =
  ({ call }: IdentityFunctions) =>
  (workloadIdentityToken: string, provider: string, paymentTokenRequest: object) =>
    call('GetResourcePaymentToken', {
      workloadIdentityToken,
      resourceCredentialProviderName: provider,
      paymentTokenRequest,
    });
