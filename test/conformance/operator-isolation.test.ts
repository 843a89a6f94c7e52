import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { visible } from './checks.ts';
import { AGENTCORE_OPERATIONS, TOKEN_OPERATIONS, type AgentCoreOperation } from './coverage.ts';
import { callerOf, createSdk, succeed, type Input } from './sdk.ts';
import { readTarget } from './target.ts';
import { newName, managerInput, connectorInput, providerInput } from './requests.ts';
import { createWorld, textOf, type Manager } from './world.ts';

const sdk = createSdk(readTarget());
const world = createWorld(sdk);
const as = (operation: AgentCoreOperation, input: Input) => sdk.call(operation, callerOf(operation, 'IAM'), input);

interface Stage {
  readonly managers: readonly [Manager, Manager];
  readonly deleted: {
    readonly managerId: string;
    readonly managerArn: string;
    readonly connector: string;
    readonly workload: string;
    readonly workloadArn: string;
    readonly provider: string;
    readonly providerArn: string;
  };
}
let stage: Stage;

beforeAll(async () => {
  const managers = [await world.manager('IAM'), await world.manager('IAM')] as const;
  const manager = succeed(await as('CreatePaymentManager', managerInput(sdk.target, 'IAM')));
  const connector = succeed(await as('CreatePaymentConnector', connectorInput(managers[0].id, 'AwsKms')));
  const workload = succeed(await as('CreateWorkloadIdentity', { name: newName('workload.') }));
  const provider = succeed(await as('CreatePaymentCredentialProvider', providerInput('StripePrivy')));
  const deleted = {
    managerId: textOf(manager, 'paymentManagerId'),
    managerArn: textOf(manager, 'paymentManagerArn'),
    connector: textOf(connector, 'paymentConnectorId'),
    workload: textOf(workload, 'name'),
    workloadArn: textOf(workload, 'workloadIdentityArn'),
    provider: textOf(provider, 'name'),
    providerArn: textOf(provider, 'credentialProviderArn'),
  };
  const key = { paymentManagerId: managers[0].id, paymentConnectorId: deleted.connector };
  succeed(await as('DeletePaymentConnector', key));
  succeed(await as('DeletePaymentManager', { paymentManagerId: deleted.managerId }));
  succeed(await as('DeleteWorkloadIdentity', { name: deleted.workload }));
  succeed(await as('DeletePaymentCredentialProvider', { name: deleted.provider }));
  stage = { managers, deleted };
});
afterAll(() => world.close());

/** An operation with an id in its place: one that never was, and others that are not there for this call. */
interface Row {
  readonly operation: AgentCoreOperation;
  readonly member: string;
  /** @default 404 */
  readonly status?: number;
  readonly input: (id: string) => Input;
  readonly never: () => string;
  readonly foreign: () => Readonly<Record<string, string>>;
}

const NEVER = 'never-0000000000';
const managerRow = (operation: AgentCoreOperation, members: () => Input = () => ({}), status = 404): Row => ({
  operation,
  member: 'paymentManagerId',
  status,
  input: (paymentManagerId) => ({ ...members(), paymentManagerId }),
  never: () => NEVER,
  foreign: () => ({ 'a deleted one': stage.deleted.managerId }),
});
const connectorRow = (operation: AgentCoreOperation, members: Input = {}): Row => ({
  operation,
  member: 'paymentConnectorId',
  input: (paymentConnectorId) => ({ paymentManagerId: stage.managers[0].id, ...members, paymentConnectorId }),
  never: () => NEVER,
  foreign: () => ({
    'a deleted one': stage.deleted.connector,
    'another manager’s SeedVault': stage.managers[1].connectors.SeedVault,
    'another manager’s AwsKms': stage.managers[1].connectors.AwsKms,
  }),
});
const named = (
  operation: AgentCoreOperation,
  member: string,
  kind: 'workload' | 'provider',
  members: (name: string) => Input = () => ({}),
): Row => ({
  operation,
  member,
  input: (name) => ({ ...members(name), [member]: name }),
  never: () => newName('never'),
  foreign: () => ({ 'a deleted one': stage.deleted[kind] }),
});
const tagRow = (operation: AgentCoreOperation, members: Input = {}): Row => ({
  operation,
  member: 'resourceArn',
  input: (resourceArn) => ({ ...members, resourceArn }),
  never: () => stage.managers[0].arn.replace(stage.managers[0].id, NEVER),
  foreign: () => ({
    'a deleted manager’s': stage.deleted.managerArn,
    'a deleted workload identity’s': stage.deleted.workloadArn,
    'a deleted credential provider’s': stage.deleted.providerArn,
    'one of another account': stage.managers[0].arn.replace(/:[0-9]{12}:/, ':999999999999:'),
    'one of another service': 'arn:aws:ecs:us-east-1:111122223333:cluster/somebody-elses',
  }),
});
const rotation = { credentialsToRotate: { coinbaseCDP: { secrets: ['API_KEY'] } } };
const connectorAt = (): Input => ({ paymentConnectorId: stage.managers[0].connectors.AwsKms });

const ROWS: readonly Row[] = [
  managerRow('GetPaymentManager'),
  managerRow('UpdatePaymentManager', () => ({ description: 'taken over' })),
  managerRow('DeletePaymentManager'),
  managerRow('CreatePaymentConnector', () => connectorInput('', 'AwsKms')),
  managerRow('GetPaymentConnector', connectorAt),
  managerRow('UpdatePaymentConnector', () => ({ ...connectorAt(), description: 'taken over' })),
  managerRow('DeletePaymentConnector', connectorAt),
  managerRow('RotatePaymentConnectorCredentials', () => ({ ...connectorAt(), ...rotation })),
  // AgentCore declares no "not found" here.
  managerRow('ListPaymentConnectors', undefined, 200),
  connectorRow('GetPaymentConnector'),
  connectorRow('UpdatePaymentConnector', { description: 'taken over' }),
  connectorRow('DeletePaymentConnector'),
  connectorRow('RotatePaymentConnectorCredentials', rotation),
  {
    operation: 'CreatePaymentConnector',
    member: 'credentialProviderArn',
    input: (credentialProviderArn) => ({
      ...connectorInput(stage.managers[0].id, 'AwsKms'),
      type: 'StripePrivy',
      credentialProviderConfigurations: [{ stripePrivy: { credentialProviderArn } }],
    }),
    never: () => stage.deleted.providerArn.replace(stage.deleted.provider, NEVER),
    foreign: () => ({
      'a deleted one': stage.deleted.providerArn,
      'one of another account': stage.deleted.providerArn.replace(/:[0-9]{12}:/, ':999999999999:'),
    }),
  },
  named('GetPaymentCredentialProvider', 'name', 'provider'),
  named('UpdatePaymentCredentialProvider', 'name', 'provider', (name) => providerInput('StripePrivy', name)),
  named('DeletePaymentCredentialProvider', 'name', 'provider'),
  named('GetWorkloadIdentity', 'name', 'workload'),
  named('UpdateWorkloadIdentity', 'name', 'workload'),
  named('DeleteWorkloadIdentity', 'name', 'workload'),
  named('GetWorkloadAccessToken', 'workloadName', 'workload'),
  named('GetWorkloadAccessTokenForUserId', 'workloadName', 'workload', () => ({ userId: 'somebody' })),
  named('GetResourcePaymentToken', 'resourceCredentialProviderName', 'provider', () => ({
    workloadIdentityToken: `bwt_${'A'.repeat(43)}`,
    paymentTokenRequest: { stripePrivyTokenRequest: { requestPath: '/v1/wallets', requestBody: '{}' } },
  })),
  tagRow('TagResource', { tags: { team: 'theirs' } }),
  tagRow('UntagResource', { tagKeys: ['team'] }),
  tagRow('ListTagsForResource'),
];

async function expectAsNever({ operation, input, never, foreign, status = 404 }: Row): Promise<void> {
  const missing = await as(operation, input(never()));
  expect(visible(missing).status).toBe(status);
  if (status === 404) expect(missing.error?.name).toBe('ResourceNotFoundException');
  for (const [kind, id] of Object.entries(foreign())) {
    expect(visible(await as(operation, input(id))), kind).toEqual(visible(missing));
  }
}

describe('to an operator, what is of another manager or gone is as if it never was', () => {
  test.each(ROWS)('$operation: $member', expectAsNever);

  test('GetWorkloadAccessTokenForJWT: workloadName', async () => {
    const userToken = await sdk.token('agent-token');
    // Some manager must trust the issuer, or the token is refused first.
    await world.manager('JWT');
    await expectAsNever(named('GetWorkloadAccessTokenForJWT', 'workloadName', 'workload', () => ({ userToken })));
  });

  test('and what is of the other manager is unharmed', async () => {
    const [, { id, connectors }] = stage.managers;
    for (const paymentConnectorId of Object.values(connectors)) {
      const found = succeed(await as('GetPaymentConnector', { paymentManagerId: id, paymentConnectorId }));
      expect(found).toMatchObject({ status: 'READY' });
      expect(found['description']).toBeUndefined();
    }
  });
});

test('every operation that takes an id is in one of the two tables', () => {
  const withoutIds: readonly AgentCoreOperation[] = [
    'CreatePaymentManager',
    'ListPaymentManagers',
    'CreatePaymentCredentialProvider',
    'ListPaymentCredentialProviders',
    'CreateWorkloadIdentity',
    'ListWorkloadIdentities',
  ];
  const here = new Set(ROWS.map(({ operation }) => operation)).add('GetWorkloadAccessTokenForJWT');
  const all = [...here, ...TOKEN_OPERATIONS, ...withoutIds];
  expect(all.toSorted()).toEqual([...AGENTCORE_OPERATIONS].toSorted());
});
