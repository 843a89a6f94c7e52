import { afterAll, expect, test } from 'vitest';
import { CONNECTORS_MAX } from '../../lib/domain/limits.ts';
import { expectRefusal } from './checks.ts';
import { createSdk, succeed } from './sdk.ts';
import { readTarget } from './target.ts';
import { connectorInput } from './requests.ts';
import { createWorld, textOf } from './world.ts';

const sdk = createSdk(readTarget());
const world = createWorld(sdk);
afterAll(() => world.close());

const TOGETHER = 7;

// Connectors of AwsKms cost nothing until a wallet is made.
test('a manager takes as many connectors as it may have, refuses the next, and has a place again after a deletion', async () => {
  const manager = await world.manager('IAM');
  const key = { paymentManagerId: manager.id };
  const create = () =>
    sdk.call('CreatePaymentConnector', 'controlPlane', connectorInput(manager.id, 'AwsKms'), { attemptsMax: 3 });
  const remove = (paymentConnectorId: string) =>
    sdk.call('DeletePaymentConnector', 'controlPlane', { ...key, paymentConnectorId }, { attemptsMax: 3 });
  const made: string[] = [];
  const missing = () => CONNECTORS_MAX - Object.keys(manager.connectors).length - made.length;
  while (missing() > 0) {
    const outcomes = await Promise.all(Array.from({ length: Math.min(TOGETHER, missing()) }, create));
    made.push(...outcomes.map((outcome) => textOf(succeed(outcome), 'paymentConnectorId')));
  }
  world.later(async () => {
    while (made.length > 0) await Promise.all(made.splice(0, TOGETHER).map(remove));
  });
  const attempt = () => sdk.call('CreatePaymentConnector', 'controlPlane', connectorInput(manager.id, 'AwsKms'));
  expectRefusal('CreatePaymentConnector', await attempt(), {
    name: 'ServiceQuotaExceededException',
    status: 402,
    message: /100 connectors/,
  });
  const page = succeed(await sdk.call('ListPaymentConnectors', 'controlPlane', { ...key, maxResults: 100 }));
  expect(page['paymentConnectors']).toHaveLength(CONNECTORS_MAX);
  expect(page['nextToken']).toBeUndefined();

  succeed(await remove(made.pop()!));
  made.push(textOf(succeed(await attempt()), 'paymentConnectorId'));
  expectRefusal('CreatePaymentConnector', await attempt(), { name: 'ServiceQuotaExceededException', status: 402 });
}, 300_000);
