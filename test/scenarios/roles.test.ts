import { describe, expect, test } from 'vitest';
import { OPERATIONS, ROLE_NAMES, type OperationName, type RoleName } from '../../lib/contract/operations.ts';
import { BursarError, createBursarClient } from '../../lib/client/index.ts';
import type { LocalCredentials } from '../../lib/local/info.ts';
import {
  askSeller,
  clientOf,
  newToken,
  newUser,
  openSession,
  openWallet,
  paymentOf,
  readAnswer,
  withStack,
} from './scene.ts';

const scene = withStack();
const operations = Object.keys(OPERATIONS) as OperationName[];
const KEY_OF = {
  ControlPlaneRole: 'controlPlane',
  ManagementRole: 'management',
  ProcessPaymentRole: 'processPayment',
  ObserverRole: 'observer',
  TokenRole: 'token',
  TreasuryRole: 'treasury',
} as const satisfies Record<RoleName, string>;

function pathOf(operation: OperationName): string {
  return OPERATIONS[operation].path
    .replace('{paymentManagerId}', 'nobodys-0123456789')
    .replace('{paymentConnectorId}', 'nobodys-0123456789')
    .replace('{paymentInstrumentId}', 'payment-instrument-000000000000000')
    .replace('{resourceArn}', 'nothing')
    .replace('{processPaymentId}', '00000000-0000-4000-8000-000000000000');
}

/** What an empty request with this key comes to: past the gate it is judged by its content, not by its sender. */
async function knock(operation: OperationName, credentials: LocalCredentials): Promise<BursarError | 'answered'> {
  const { endpoint, region } = scene.stack.info;
  const client = createBursarClient({ endpoint, region, credentials, attemptsMax: 1 });
  const { method } = OPERATIONS[operation];
  const body = method === 'GET' || method === 'DELETE' ? {} : { body: {} };
  try {
    await client.send({ method, path: pathOf(operation), ...body });
    return 'answered';
  } catch (error) {
    if (error instanceof BursarError) return error;
    throw error;
  }
}

/** Lists of the deployment ask for nothing, and what does not exist is not found. */
const HARMLESS = ['ValidationException', 'ResourceNotFoundException'];

describe.each(ROLE_NAMES)('the key of %s', (role) => {
  const allowed = operations.filter((name) => (OPERATIONS[name].roles as readonly RoleName[]).includes(role));
  const others = operations.filter((name) => !allowed.includes(name));

  test.each(allowed)('gets to %s', async (operation) => {
    const outcome = await knock(operation, scene.stack.info.credentials[KEY_OF[role]]);
    if (outcome !== 'answered') expect(HARMLESS).toContain(outcome.errorName);
  });

  test.each(others)('is refused at %s', async (operation) => {
    const outcome = await knock(operation, scene.stack.info.credentials[KEY_OF[role]]);
    if (outcome === 'answered') throw new Error(`${role} was let in at ${operation}`);
    const { status, errorName, message, requestId } = outcome;
    expect([status, errorName]).toEqual([403, 'AccessDeniedException']);
    expect(message).toContain(`${role}`);
    expect(requestId).toMatch(/^[0-9a-f-]{36}$/);
  });
});

test('every operation is some role’s, and no role may do everything', () => {
  for (const name of operations) expect(OPERATIONS[name].roles.length).toBeGreaterThan(0);
  expect(new Set(operations.map((name) => OPERATIONS[name].roles.length))).not.toContain(ROLE_NAMES.length);
});

describe('nobody gets in', () => {
  test.each(operations)('without a signature, at %s', async (operation) => {
    const { method } = OPERATIONS[operation];
    const answer = await readAnswer(
      await fetch(scene.stack.info.endpoint + pathOf(operation), {
        method,
        headers: { 'content-type': 'application/json' },
        ...(method === 'GET' ? {} : { body: '{}' }),
      }),
    );
    expect(answer.status).toBe(403);
    expect(answer.headers.get('x-amzn-errortype')).toBe('AccessDeniedException');
    expect(answer.body).toEqual({
      __type: 'AccessDeniedException',
      message: expect.stringMatching(/./) as string,
    });
  });

  test.each<[string, (key: LocalCredentials) => LocalCredentials]>([
    ['with a wrong secret', ({ accessKeyId }) => ({ accessKeyId, secretAccessKey: 'x'.repeat(40) })],
    ['with an unknown key', ({ secretAccessKey }) => ({ accessKeyId: 'AKIAUNKNOWN000000000', secretAccessKey })],
    [
      'with the secret of another role',
      ({ accessKeyId }) => ({ ...scene.stack.info.credentials.management, accessKeyId }),
    ],
  ])('%s', async (_how, alter) => {
    const { credentials } = scene.stack.info;
    for (const operation of ['ProcessPayment', 'GetPaymentSession'] as const) {
      const outcome = await knock(operation, alter(credentials.processPayment));
      if (outcome === 'answered') throw new Error(`a stranger was let in at ${operation}`);
      const { status, errorName, message } = outcome;
      expect([status, errorName]).toEqual([403, 'AccessDeniedException']);
      for (const { secretAccessKey } of Object.values(credentials)) expect(message).not.toContain(secretAccessKey);
    }
  });

  test('for another region', async () => {
    const { endpoint, credentials } = scene.stack.info;
    const client = createBursarClient({
      endpoint,
      region: 'eu-west-1',
      credentials: credentials.management,
      attemptsMax: 1,
    });
    await expect(
      client.send({ method: 'POST', path: '/payments/listPaymentSessions', body: {} }),
    ).rejects.toMatchObject({ status: 403, errorName: 'AccessDeniedException' });
  });

  test('at a path that is no operation’s', async () => {
    for (const role of ['controlPlane', 'management', 'processPayment'] as const) {
      await expect(
        clientOf(scene.stack, role).send({ method: 'POST', path: '/payments/processPayments', body: {} }),
      ).rejects.toMatchObject({ status: 403 });
    }
  });
});

/** The tests above send every operation as every role, and one of them freezes the deployment. */
async function thawIfFrozen(): Promise<void> {
  const operator = clientOf(scene.stack, 'controlPlane');
  const { frozenAt } = (await operator.call('GetGate', {})).gate;
  if (frozenAt !== undefined) await operator.call('ThawGate', { frozenAt });
}

test('an agent can neither open a session nor a wallet, and its backend cannot pay, with complete requests', async () => {
  const { stack } = scene;
  const { paymentManagerArn, paymentConnectorIds } = stack.info;
  await thawIfFrozen();
  const userId = newUser();
  const wallet = await openWallet(stack, userId, 'SeedVault');
  const sessionId = await openSession(stack, userId, '1.00');
  const payment = {
    ...paymentOf(wallet, sessionId, await askSeller(stack, 'weather')),
    paymentManagerArn,
    clientToken: newToken(),
  };
  const session = { paymentManagerArn, expiryTimeInMinutes: 60 };
  const instrument = {
    paymentManagerArn,
    paymentConnectorId: paymentConnectorIds.SeedVault,
    paymentInstrumentType: 'EMBEDDED_CRYPTO_WALLET',
    paymentInstrumentDetails: { embeddedCryptoWallet: { network: 'ETHEREUM', linkedAccounts: [] } },
  };
  const denied = { status: 403, errorName: 'AccessDeniedException' };
  const agent = clientOf(stack, 'processPayment');
  const backend = clientOf(stack, 'management');
  const send = (client: typeof agent, name: string, body: object) =>
    client.send({ method: 'POST', path: `/payments/${name}`, userId, body });

  await expect(send(agent, 'createPaymentSession', session)).rejects.toMatchObject(denied);
  await expect(send(agent, 'createPaymentInstrument', instrument)).rejects.toMatchObject(denied);
  await expect(send(backend, 'processPayment', payment)).rejects.toMatchObject(denied);
  expect(await send(agent, 'processPayment', payment)).toMatchObject({ status: 'PROOF_GENERATED' });
});
