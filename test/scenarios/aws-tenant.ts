import {
  BedrockAgentCoreClient,
  CreatePaymentInstrumentCommand,
  CreatePaymentSessionCommand,
} from '@aws-sdk/client-bedrock-agentcore';
import {
  BedrockAgentCoreControlClient,
  CreatePaymentConnectorCommand,
  CreatePaymentManagerCommand,
  type CreatePaymentConnectorCommandInput,
} from '@aws-sdk/client-bedrock-agentcore-control';
import { afterAll, beforeAll, expect } from 'vitest';
import type { CallerRole } from '../../lib/local/services.ts';
import { newToken, type Address, type Scene } from './scene.ts';

/** AWS's own clients, one for each role. */
export interface AwsClients {
  readonly control: BedrockAgentCoreControlClient;
  readonly backend: BedrockAgentCoreClient;
  readonly agent: BedrockAgentCoreClient;
}

/** Clients as a user of AWS's SDK configures them: the endpoint, and what to sign for. */
export function withAwsClients(scene: Scene): AwsClients {
  const clients: Partial<AwsClients> = {};
  const connect = (role: CallerRole) => {
    const { endpoint, region, credentials } = scene.stack.info;
    return { endpoint, region, credentials: credentials[role], signingName: 'execute-api' };
  };
  beforeAll(() => {
    Object.assign(clients, {
      control: new BedrockAgentCoreControlClient(connect('controlPlane')),
      backend: new BedrockAgentCoreClient(connect('management')),
      agent: new BedrockAgentCoreClient(connect('processPayment')),
    });
  });
  afterAll(() => {
    for (const client of Object.values(clients)) client.destroy();
  });
  return clients as AwsClients;
}

/** A manager with both connectors, made with the official control client. */
export async function createTenant({ control }: AwsClients) {
  const manager = await control.send(
    new CreatePaymentManagerCommand({
      name: 'Scenario',
      authorizerType: 'AWS_IAM',
      roleArn: 'arn:aws:iam::000000000000:role/service',
      clientToken: newToken(),
    }),
  );
  const add = (type: string) =>
    control.send(
      new CreatePaymentConnectorCommand({
        paymentManagerId: manager.paymentManagerId,
        name: `of_${type}`,
        // Types of ours, which AWS's do not name.
        type: type as CreatePaymentConnectorCommandInput['type'],
        credentialProviderConfigurations: [],
      }),
    );
  const connectors = { SeedVault: await add('SeedVault'), AwsKms: await add('AwsKms') };
  return { manager, connectors };
}

export type Tenant = Awaited<ReturnType<typeof createTenant>>;
export type Connector = keyof Tenant['connectors'];

export async function createWallet(
  { backend }: AwsClients,
  { manager, connectors }: Tenant,
  userId: string,
  connector: Connector,
) {
  const { paymentInstrument, $metadata } = await backend.send(
    new CreatePaymentInstrumentCommand({
      userId,
      paymentManagerArn: manager.paymentManagerArn,
      paymentConnectorId: connectors[connector].paymentConnectorId,
      paymentInstrumentType: 'EMBEDDED_CRYPTO_WALLET',
      paymentInstrumentDetails: { embeddedCryptoWallet: { network: 'ETHEREUM', linkedAccounts: [] } },
      clientToken: newToken(),
    }),
  );
  if (paymentInstrument === undefined) throw new Error('the answer has no instrument');
  const address = paymentInstrument.paymentInstrumentDetails?.embeddedCryptoWallet?.walletAddress as Address;
  return { instrument: paymentInstrument, address, $metadata };
}

export async function createSession({ backend }: AwsClients, { manager }: Tenant, userId: string, limitUsd: string) {
  const { paymentSession, $metadata } = await backend.send(
    new CreatePaymentSessionCommand({
      userId,
      paymentManagerArn: manager.paymentManagerArn,
      expiryTimeInMinutes: 60,
      limits: { maxSpendAmount: { value: limitUsd, currency: 'USD' } },
    }),
  );
  if (paymentSession === undefined) throw new Error('the answer has no session');
  return { session: paymentSession, $metadata };
}

/** What a call was refused with. */
export async function failureOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => {
      throw new Error('the call was expected to fail');
    },
    (error: unknown) => error,
  );
}

/** What the clients report of every answer. */
export const metadata = (status: number) => ({
  httpStatusCode: status,
  requestId: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
});
