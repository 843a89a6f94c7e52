import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectRefusal, expectSuccess } from './checks.ts';
import { AGENTCORE_OPERATIONS, TOKEN_OPERATIONS, type AgentCoreOperation } from './coverage.ts';
import { callerOf, createSdk, succeed, type Input, type Way } from './sdk.ts';
import { readTarget } from './target.ts';
import {
  newToken,
  newName,
  ROLE_ARN,
  managerInput,
  connectorInput,
  providerInput,
  walletInput,
  sessionInput,
  offerOf,
  paymentInput,
} from './requests.ts';
import { createWorld, textOf, type Manager, type User } from './world.ts';

const sdk = createSdk(readTarget());
const world = createWorld(sdk);
const managers: Partial<Record<Way, Manager>> = {};
const AGENT_NAME = 'conformance agent/1.0';

beforeAll(async () => {
  managers.IAM = await world.manager('IAM');
  managers.JWT = await world.manager('JWT');
});
afterAll(() => world.close());

/** Makes whatever an operation needs, and gives the input that must succeed. */
type Prepare = (at: { readonly way: Way; readonly manager: Manager; readonly user: User }) => Promise<Input> | Input;

const byHand = (operation: AgentCoreOperation, input: Input) =>
  sdk.call(operation, callerOf(operation, 'IAM'), input).then(succeed);

const wallet: Prepare = async ({ manager, user }) => ({
  paymentManagerArn: manager.arn,
  paymentInstrumentId: await world.wallet(manager, user, 'SeedVault'),
});
const session: Prepare = async ({ manager, user }) => ({
  paymentManagerArn: manager.arn,
  paymentSessionId: await world.session(manager, user, '1.00'),
});
const provider = async () => ({ name: await world.provider('CoinbaseCDP') });
const workload = async () => ({ name: await world.workload() });
const workloadName = async () => ({ workloadName: await world.workload() });

const PREPARE: Readonly<Record<AgentCoreOperation, Prepare>> = {
  CreatePaymentManager: ({ way }) => ({
    ...managerInput(sdk.target, way),
    description: 'made by the conformance suite',
    tags: { suite: 'conformance' },
    clientToken: newToken(),
  }),
  GetPaymentManager: ({ manager }) => ({ paymentManagerId: manager.id }),
  UpdatePaymentManager: ({ manager }) => ({ paymentManagerId: manager.id, description: 'changed', roleArn: ROLE_ARN }),
  DeletePaymentManager: ({ way }) => world.emptyManager(way),
  ListPaymentManagers: () => ({ maxResults: 2 }),
  CreatePaymentConnector: ({ manager }) => ({ ...connectorInput(manager.id, 'SeedVault'), description: 'a seed' }),
  GetPaymentConnector: ({ manager }) => world.connector(manager),
  UpdatePaymentConnector: async ({ manager }) => ({ ...(await world.connector(manager)), description: 'changed' }),
  DeletePaymentConnector: ({ manager }) => world.connector(manager),
  ListPaymentConnectors: ({ manager }) => ({ paymentManagerId: manager.id, maxResults: 1 }),
  RotatePaymentConnectorCredentials: async ({ manager }) => ({
    ...(await world.connector(manager)),
    credentialsToRotate: { coinbaseCDP: { secrets: ['API_KEY'] } },
  }),
  CreatePaymentCredentialProvider: () => ({ ...providerInput('CoinbaseCDP'), tags: { suite: 'conformance' } }),
  GetPaymentCredentialProvider: provider,
  UpdatePaymentCredentialProvider: async () => providerInput('CoinbaseCDP', await world.provider('CoinbaseCDP')),
  DeletePaymentCredentialProvider: provider,
  ListPaymentCredentialProviders: async () => {
    await world.provider('StripePrivy');
    return { maxResults: 1 };
  },
  CreateWorkloadIdentity: () => ({
    name: newName('workload.'),
    allowedResourceOauth2ReturnUrls: ['https://app.example/return'],
    tags: { suite: 'conformance' },
  }),
  GetWorkloadIdentity: workload,
  UpdateWorkloadIdentity: async () => ({
    ...(await workload()),
    allowedResourceOauth2ReturnUrls: ['https://app.example/other'],
  }),
  DeleteWorkloadIdentity: workload,
  ListWorkloadIdentities: () => ({ maxResults: 1 }),
  TagResource: ({ manager }) => ({ resourceArn: manager.arn, tags: { team: 'agents / 1' } }),
  UntagResource: ({ manager }) => ({ resourceArn: manager.arn, tagKeys: ['team', 'not there'] }),
  ListTagsForResource: ({ manager }) => ({ resourceArn: manager.arn }),
  GetWorkloadAccessToken: workloadName,
  GetWorkloadAccessTokenForJWT: async () => ({
    ...(await workloadName()),
    userToken: await sdk.token('agent-token'),
  }),
  GetWorkloadAccessTokenForUserId: async () => ({ ...(await workloadName()), userId: 'somebody' }),
  GetResourcePaymentToken: async () => {
    const issued = await byHand('GetWorkloadAccessToken', await workloadName());
    return {
      workloadIdentityToken: issued['workloadAccessToken'],
      resourceCredentialProviderName: await world.provider('CoinbaseCDP'),
      paymentTokenRequest: {
        coinbaseCdpTokenRequest: { requestMethod: 'GET', requestPath: '/platform/v2/evm/accounts' },
      },
    };
  },
  CreatePaymentInstrument: ({ manager }) => walletInput(manager, 'AwsKms'),
  GetPaymentInstrument: wallet,
  ListPaymentInstruments: async (at) => ({ ...(await wallet(at)), paymentInstrumentId: undefined, maxResults: 1 }),
  DeletePaymentInstrument: async (at) => ({
    ...(await wallet(at)),
    paymentConnectorId: at.manager.connectors.SeedVault,
  }),
  GetPaymentInstrumentBalance: async (at) => ({
    ...(await wallet(at)),
    paymentConnectorId: at.manager.connectors.SeedVault,
    chain: 'BASE_SEPOLIA',
    token: 'USDC',
  }),
  CreatePaymentSession: ({ manager }) => ({ paymentManagerArn: manager.arn, ...sessionInput('2.50') }),
  GetPaymentSession: session,
  ListPaymentSessions: async (at) => ({ ...(await session(at)), paymentSessionId: undefined, maxResults: 1 }),
  DeletePaymentSession: session,
  ProcessPayment: async ({ manager, user }) => ({
    paymentManagerArn: manager.arn,
    ...paymentInput(
      {
        paymentSessionId: await world.session(manager, user, '1.00'),
        paymentInstrumentId: await world.wallet(manager, user, 'SeedVault'),
      },
      '2',
      offerOf('2', '10000'),
    ),
  }),
};

/** Refused by design: AWS rotates credentials that it made itself, and Bursar makes none. */
const REFUSED: AgentCoreOperation = 'RotatePaymentConnectorCredentials';

async function checkOperation(operation: AgentCoreOperation, way: Way): Promise<void> {
  const manager = managers[way]!;
  const user = world.user(way, 0);
  const prepared = await PREPARE[operation]({ way, manager, user });
  // These two have no agent name in the model.
  const hasAgent = !operation.startsWith('Delete');
  const isOfUser = TOKEN_OPERATIONS.includes(operation);
  const input = isOfUser ? { ...prepared, ...user.header, ...(hasAgent ? { agentName: AGENT_NAME } : {}) } : prepared;
  const outcome = await sdk.call(operation, callerOf(operation, way), input);
  if (operation === REFUSED) {
    expectRefusal(operation, outcome, { name: 'ValidationException', status: 400, reason: 'ResourceConflict' });
    return;
  }
  // GetWorkloadAccessTokenForUserId has a user id in its body, which is no header.
  const sent = isOfUser ? input : { ...input, userId: undefined };
  if (outcome.output !== null) world.removeLater(operation, { manager, user }, outcome.output);
  expectSuccess(sdk, { way, operation, input: sent }, outcome);
}

describe('every operation, through the official clients', () => {
  test.each(AGENTCORE_OPERATIONS)('%s by IAM', (operation) => checkOperation(operation, 'IAM'));
  test.each(TOKEN_OPERATIONS)('%s by JWT', (operation) => checkOperation(operation, 'JWT'));
});

describe('a caller with a token', () => {
  test('is the user that the token names, whatever the header says', async () => {
    const manager = managers.JWT!;
    const user = world.user('JWT', 0);
    const { paymentSession } = succeed(
      await sdk.call('CreatePaymentSession', 'manager-token', {
        userId: 'somebody-else',
        paymentManagerArn: manager.arn,
        ...sessionInput('1.00'),
      }),
    );
    const paymentSessionId = textOf(paymentSession, 'paymentSessionId');
    const key = { paymentManagerArn: manager.arn, paymentSessionId };
    world.later(() => sdk.call('DeletePaymentSession', 'manager-token', key));
    expect(textOf(paymentSession, 'userId')).not.toBe('somebody-else');
    const read = succeed(await sdk.call('GetPaymentSession', 'agent-token', { ...user.header, ...key }));
    expect(read['paymentSession']).toEqual(paymentSession);
  });
});
