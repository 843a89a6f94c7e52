import { describe, expect, test } from 'vitest';
import type { OperationName } from '../../../lib/contract/operations.ts';
import { connectorRequest, managerRequest, newToken, withFunctions, type Answer } from '../../support/functions.ts';

const DUPLICATES = 8;

const functions = withFunctions();
const { call } = functions;

/** A manager with a connector, which belong to one test. */
interface Target {
  readonly paymentManagerId: string;
  readonly paymentConnectorId: string;
}

async function createTarget(): Promise<Target> {
  const manager = await call<Target>('CreatePaymentManager', { json: managerRequest() });
  const { paymentManagerId } = manager.body;
  const connector = await call<Target>('CreatePaymentConnector', {
    json: connectorRequest({ type: 'AwsKms' }),
    path: { paymentManagerId },
  });
  return { paymentManagerId, paymentConnectorId: connector.body.paymentConnectorId };
}

interface Change {
  readonly operation: OperationName;
  /** What the change is made to. */
  readonly target: () => Promise<Partial<Target>>;
  readonly request: object;
  /** Another request, for operations that have more than one. */
  readonly other: object | null;
}

const emptyManager = async () => {
  const { body } = await call<Target>('CreatePaymentManager', { json: managerRequest() });
  return { paymentManagerId: body.paymentManagerId };
};
const { clientToken: _m, ...aManager } = managerRequest();
const { clientToken: _c, ...aConnector } = connectorRequest({ type: 'AwsKms' });

const CHANGES: readonly Change[] = [
  {
    operation: 'CreatePaymentManager',
    target: async () => ({}),
    request: { ...aManager, tags: { b: '2', a: '1' } },
    other: { ...aManager, tags: { b: '2', a: '2' } },
  },
  {
    operation: 'UpdatePaymentManager',
    target: emptyManager,
    request: { description: 'one' },
    other: { description: 'two' },
  },
  { operation: 'DeletePaymentManager', target: emptyManager, request: {}, other: null },
  {
    operation: 'CreatePaymentConnector',
    target: emptyManager,
    request: aConnector,
    other: { ...aConnector, description: 'two' },
  },
  {
    operation: 'UpdatePaymentConnector',
    target: createTarget,
    request: { description: 'one' },
    other: { description: 'two' },
  },
  { operation: 'DeletePaymentConnector', target: createTarget, request: {}, other: null },
];

const change = ({ operation }: Change, path: object, json: object) =>
  call(operation, { json, path: path as Record<string, string> });

function expectMismatch(answer: Answer): void {
  expect(answer.status).toBe(400);
  expect(answer.body).toMatchObject({ reason: 'IdempotentParameterMismatchException' });
}

/** Updates whatever is left of what a change was made to, then deletes it. */
async function wipe(path: Partial<Target>, created: Partial<Target>): Promise<void> {
  const { paymentManagerId, paymentConnectorId } = { ...created, ...path };
  const ids = { paymentManagerId, paymentConnectorId } as Record<string, string>;
  const manager = { paymentManagerId: paymentManagerId! };
  if (paymentConnectorId !== undefined) {
    await call('UpdatePaymentConnector', { path: ids, json: { description: 'later' } });
    await call('DeletePaymentConnector', { path: ids });
  }
  await call('UpdatePaymentManager', { path: manager, json: { description: 'later' } });
  await call('DeletePaymentManager', { path: manager });
  expect((await call('GetPaymentManager', { path: manager })).status).toBe(404);
}

describe.each(CHANGES)('$operation', (each) => {
  test('gives the same bytes for the same token and request, also once all of it is updated and deleted', async () => {
    const path = await each.target();
    const json = { ...each.request, clientToken: newToken() };
    const first = await change(each, path, json);
    expect(first.status).toBe(202);
    expect((await change(each, path, json)).text).toBe(first.text);
    await wipe(path, first.body as Partial<Target>);
    const again = await change(each, path, json);
    expect([again.status, again.text]).toEqual([first.status, first.text]);
  });

  test('refuses the token for another request, and says so also once all of it is gone', async () => {
    if (each.other === null) return;
    const path = await each.target();
    const clientToken = newToken();
    const first = await change(each, path, { ...each.request, clientToken });
    expectMismatch(await change(each, path, { ...each.other, clientToken }));
    await wipe(path, first.body as Partial<Target>);
    expectMismatch(await change(each, path, { ...each.other, clientToken }));
    expect((await change(each, path, { ...each.request, clientToken })).text).toBe(first.text);
  });

  test('happens once for duplicates at a time, and all get its answer', async () => {
    for (let round = 0; round < 3; round += 1) {
      const path = await each.target();
      const json = { ...each.request, clientToken: newToken() };
      const answers = await Promise.all(Array.from({ length: DUPLICATES }, () => change(each, path, json)));
      expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 202));
      expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    }
  });

  test('takes a token for what it is for: elsewhere it means nothing', async () => {
    if (each.operation === 'CreatePaymentManager') return;
    const [one, two] = [await each.target(), await each.target()];
    const json = { ...each.request, clientToken: newToken() };
    const answers = [await change(each, one, json), await change(each, two, json)];
    expect(answers.map(({ status }) => status)).toEqual([202, 202]);
    expect(answers[0]?.text).not.toBe(answers[1]?.text);
  });
});

test('a refusal uses up no token: the same request works once nothing stands in its way', async () => {
  const { paymentManagerId, paymentConnectorId } = await createTarget();
  const remove = { path: { paymentManagerId }, json: { clientToken: newToken() } };
  expect((await call('DeletePaymentManager', remove)).status).toBe(409);
  expect((await call('DeletePaymentManager', remove)).status).toBe(409);
  await call('DeletePaymentConnector', { path: { paymentManagerId, paymentConnectorId } });
  const deleted = await call('DeletePaymentManager', remove);
  expect(deleted.body).toEqual({ status: 'DELETING', paymentManagerId });
});

test.each([
  ['manager', 'UpdatePaymentManager', 'GetPaymentManager'],
  ['connector', 'UpdatePaymentConnector', 'GetPaymentConnector'],
] as const)('parallel updates of different members of a %s both hold', async (what, update, get) => {
  for (let round = 0; round < 5; round += 1) {
    const path = { ...(await createTarget()) };
    const json =
      what === 'manager'
        ? [{ description: 'new' }, { roleArn: 'arn:aws:iam::111122223333:role/other' }]
        : [{ description: 'new' }, { type: 'AwsKms' }];
    const answers = await Promise.all(json.map((each) => call(update, { path, json: each })));
    expect(answers.map(({ status }) => status)).toEqual([202, 202]);
    const { body } = await call(get, { path });
    expect(body).toMatchObject({ ...json[0], ...json[1] });
  }
});
