import { beforeAll, expect, test } from 'vitest';
import {
  anInstant,
  connectorRequest,
  createTenant,
  managerRequest,
  withFunctions,
  type Tenant,
} from '../../support/functions.ts';

const functions = withFunctions();
const { call } = functions;
let tenant: Tenant;
beforeAll(async () => {
  tenant = await createTenant(functions);
});

test('a manager is ready at once and named by its ARN', async () => {
  const { status, body, headers } = await call<{ paymentManagerId: string }>('CreatePaymentManager', {
    json: managerRequest({ name: 'Research1', description: 'For the research team', tags: { team: 'research' } }),
  });
  expect(status).toBe(202);
  expect(headers['x-amzn-requestid']).toBe('11111111-2222-3333-4444-555555555555');
  const { paymentManagerId } = body;
  expect(paymentManagerId).toMatch(/^research1-[0-9a-z]{10}$/);
  expect(body).toEqual({
    paymentManagerArn: `arn:aws:bedrock-agentcore:us-east-1:111122223333:payment-manager/${paymentManagerId}`,
    paymentManagerId,
    name: 'Research1',
    authorizerType: 'AWS_IAM',
    roleArn: 'arn:aws:iam::111122223333:role/service',
    workloadIdentityDetails: {
      workloadIdentityArn: `arn:aws:bedrock-agentcore:us-east-1:111122223333:workload-identity-directory/default/workload-identity/${paymentManagerId}`,
    },
    tags: { team: 'research' },
    createdAt: anInstant,
    status: 'READY',
  });
});

test.each(['SeedVault', 'AwsKms'])('a %s connector is ready at once and shows no secret', async (type) => {
  const { status, body } = await call('CreatePaymentConnector', {
    json: connectorRequest({ name: 'My_wallets', type }),
    path: { paymentManagerId: tenant.managerId },
  });
  expect(status).toBe(202);
  expect(body).toEqual({
    paymentManagerId: tenant.managerId,
    paymentConnectorId: expect.stringMatching(/^my_wallets-[0-9a-z]{10}$/),
    name: 'My_wallets',
    type,
    credentialProviderConfigurations: [],
    createdAt: anInstant,
    status: 'READY',
  });
});

test('refuses a connector for a manager that there is none of', async () => {
  const { status, body } = await call('CreatePaymentConnector', {
    json: connectorRequest(),
    path: { paymentManagerId: 'missing-0123456789' },
  });
  expect(status).toBe(404);
  expect(body).toEqual({ __type: 'ResourceNotFoundException', message: 'Payment manager not found' });
});
