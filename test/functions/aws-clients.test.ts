import { Readable } from 'node:stream';
import {
  BedrockAgentCoreClient,
  CreatePaymentInstrumentCommand,
  CreatePaymentSessionCommand,
  DeletePaymentInstrumentCommand,
  DeletePaymentSessionCommand,
  GetPaymentInstrumentBalanceCommand,
  GetPaymentInstrumentCommand,
  GetPaymentSessionCommand,
  ListPaymentInstrumentsCommand,
  ListPaymentSessionsCommand,
  ProcessPaymentCommand,
  ResourceNotFoundException,
  ValidationException,
} from '@aws-sdk/client-bedrock-agentcore';
import {
  BedrockAgentCoreControlClient,
  CreatePaymentConnectorCommand,
  CreatePaymentManagerCommand,
  ResourceNotFoundException as ControlNotFound,
  ValidationException as ControlInvalid,
  type PaymentConnectorType,
} from '@aws-sdk/client-bedrock-agentcore-control';
import { beforeAll, expect, test } from 'vitest';
import { OPERATIONS, type OperationName } from '../../lib/contract/operations.ts';
import { BALANCE, createTenant, newToken, offer, withFunctions, type Tenant } from '../support/functions.ts';

const functions = withFunctions();
let tenant: Tenant;
beforeAll(async () => {
  tenant = await createTenant(functions);
});

interface SdkRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** Carries the SDK's requests to the functions, as API Gateway would. */
const requestHandler = {
  handle: async ({ method, path, headers, body: sent }: SdkRequest) => {
    const operation = (Object.keys(OPERATIONS) as OperationName[]).find(
      (name) => OPERATIONS[name].method === method && patternOf(name).test(path),
    );
    if (operation === undefined) throw new Error(`no route for ${method} ${path}`);
    const answer = await functions.call(operation, {
      path: { ...patternOf(operation).exec(path)?.groups },
      event: { headers, body: sent instanceof Uint8Array ? new TextDecoder().decode(sent) : (sent ?? null) },
    });
    const body = Readable.from([Buffer.from(answer.text)]);
    const response = { statusCode: answer.status, headers: answer.headers, body };
    return { response };
  },
};

function patternOf(operation: OperationName): RegExp {
  return new RegExp(`^${OPERATIONS[operation].path.replaceAll(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`);
}

const options = {
  endpoint: 'https://api.example.com',
  region: 'us-east-1',
  signingName: 'execute-api',
  credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'none' },
  requestHandler,
  maxAttempts: 1,
};
const client = new BedrockAgentCoreClient(options as never);
const control = new BedrockAgentCoreControlClient(options as never);
const user = () => ({ paymentManagerArn: tenant.paymentManagerArn, userId: 'user-1', agentName: 'research-agent' });

test('the control client creates managers and connectors', async () => {
  const manager = await control.send(
    new CreatePaymentManagerCommand({
      name: 'sdk',
      authorizerType: 'AWS_IAM',
      roleArn: 'arn:aws:iam::111122223333:role/service',
    }),
  );
  expect(manager.$metadata).toMatchObject({ httpStatusCode: 202, requestId: expect.any(String) as string });
  expect(manager).toMatchObject({ status: 'READY', createdAt: expect.any(Date) as Date });
  const connector = await control.send(
    new CreatePaymentConnectorCommand({
      paymentManagerId: manager.paymentManagerId,
      name: 'seed',
      // One of ours: AWS's own type does not know it, and its client sends it all the same.
      type: 'SeedVault' as PaymentConnectorType,
      credentialProviderConfigurations: [],
    }),
  );
  expect(connector).toMatchObject({
    paymentManagerId: manager.paymentManagerId,
    status: 'READY',
    type: 'SeedVault',
    createdAt: expect.any(Date) as Date,
  });
});

test('the data client creates, reads, lists and deletes instruments', async () => {
  const { paymentConnectorId } = tenant;
  const { paymentInstrument } = await client.send(
    new CreatePaymentInstrumentCommand({
      ...user(),
      paymentConnectorId,
      paymentInstrumentType: 'EMBEDDED_CRYPTO_WALLET',
      paymentInstrumentDetails: {
        embeddedCryptoWallet: {
          network: 'ETHEREUM',
          linkedAccounts: [{ oAuth2: { github: { sub: '42', username: 'ada' } } }],
        },
      },
    }),
  );
  const paymentInstrumentId = paymentInstrument?.paymentInstrumentId;
  expect(paymentInstrument).toMatchObject({
    status: 'ACTIVE',
    createdAt: expect.any(Date) as Date,
    paymentInstrumentDetails: {
      embeddedCryptoWallet: { linkedAccounts: [{ oAuth2: { github: { sub: '42', username: 'ada' } } }] },
    },
  });
  const read = await client.send(new GetPaymentInstrumentCommand({ ...user(), paymentInstrumentId }));
  expect(read.paymentInstrument).toEqual(paymentInstrument);
  const listed = await client.send(new ListPaymentInstrumentsCommand({ ...user(), maxResults: 100 }));
  expect(listed.paymentInstruments?.map((each) => each.paymentInstrumentId)).toContain(paymentInstrumentId);
  expect(listed.nextToken).toBeUndefined();
  const balance = await client.send(
    new GetPaymentInstrumentBalanceCommand({
      ...user(),
      paymentConnectorId,
      paymentInstrumentId,
      chain: 'BASE_SEPOLIA',
      token: 'USDC',
    }),
  );
  expect(balance.tokenBalance).toEqual({
    amount: BALANCE.toString(),
    decimals: 6,
    token: 'USDC',
    network: 'ETHEREUM',
    chain: 'BASE_SEPOLIA',
  });
  const { agentName: _agent, ...owner } = user();
  const deleted = await client.send(
    new DeletePaymentInstrumentCommand({ ...owner, paymentConnectorId, paymentInstrumentId }),
  );
  expect(deleted.status).toBe('DELETED');
});

test('the data client opens a session, pays in it, and closes it', async () => {
  const { paymentSession } = await client.send(
    new CreatePaymentSessionCommand({
      ...user(),
      expiryTimeInMinutes: 60,
      limits: { maxSpendAmount: { value: '1.00', currency: 'USD' } },
    }),
  );
  const paymentSessionId = paymentSession?.paymentSessionId;
  const payment = {
    ...user(),
    paymentSessionId,
    paymentInstrumentId: tenant.paymentInstrumentId,
    paymentType: 'CRYPTO_X402' as const,
    paymentInput: { cryptoX402: { version: '2', payload: offer() } },
    clientToken: newToken(),
  };
  const paid = await client.send(new ProcessPaymentCommand(payment));
  expect(paid).toMatchObject({
    status: 'PROOF_GENERATED',
    paymentSessionId,
    createdAt: expect.any(Date) as Date,
    updatedAt: expect.any(Date) as Date,
    paymentOutput: { cryptoX402: { version: '2', payload: { authorization: { value: '500000' } } } },
  });
  const again = await client.send(new ProcessPaymentCommand(payment));
  expect(again.paymentOutput).toEqual(paid.paymentOutput);

  const read = await client.send(new GetPaymentSessionCommand({ ...user(), paymentSessionId }));
  expect(read.paymentSession?.availableLimits).toMatchObject({
    availableSpendAmount: { value: '0.50', currency: 'USD' },
    updatedAt: expect.any(Date) as Date,
  });
  const listed = await client.send(new ListPaymentSessionsCommand({ ...user(), maxResults: 1 }));
  expect(listed.paymentSessions?.map((each) => each.paymentSessionId)).toEqual([paymentSessionId]);
  expect(listed.nextToken).toEqual(expect.any(String));
  const { agentName: _agent, ...owner } = user();
  const deleted = await client.send(new DeletePaymentSessionCommand({ ...owner, paymentSessionId }));
  expect(deleted.status).toBe('DELETED');
});

async function failureOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => null,
    (error: unknown) => error,
  );
}

test('both clients know the errors for what they are', async () => {
  const missing = { ...user(), paymentSessionId: 'payment-session-000000000000000' };
  const notFound = await failureOf(client.send(new GetPaymentSessionCommand(missing)));
  expect(notFound).toBeInstanceOf(ResourceNotFoundException);
  expect(notFound).toMatchObject({
    message: 'Payment session not found',
    $metadata: { httpStatusCode: 404, requestId: expect.any(String) as string },
  });
  const invalid = await failureOf(client.send(new CreatePaymentSessionCommand({ ...user(), expiryTimeInMinutes: 5 })));
  expect(invalid).toBeInstanceOf(ValidationException);
  expect(invalid).toMatchObject({
    reason: 'FieldValidationFailed',
    fieldList: [{ name: 'expiryTimeInMinutes', message: expect.stringContaining('15 to 480') as string }],
  });
  const nameless = { name: 'a-b', authorizerType: 'AWS_IAM', roleArn: 'arn:aws:iam::111122223333:role/a' } as const;
  expect(await failureOf(control.send(new CreatePaymentManagerCommand(nameless)))).toBeInstanceOf(ControlInvalid);
  const orphan = {
    paymentManagerId: 'missing-0123456789',
    name: 'seed',
    type: 'AwsKms' as PaymentConnectorType,
    credentialProviderConfigurations: [],
  };
  expect(await failureOf(control.send(new CreatePaymentConnectorCommand(orphan)))).toBeInstanceOf(ControlNotFound);
});

test('a client that sends no user hears which header it needs', async () => {
  const failure = await failureOf(
    client.send(new ListPaymentSessionsCommand({ paymentManagerArn: tenant.paymentManagerArn, userId: '' })),
  );
  expect(failure).toMatchObject({
    fieldList: [{ name: 'userId', message: expect.stringContaining('User-Id') as string }],
  });
});
