import { beforeAll, expect, test } from 'vitest';
import { formatManagerArn, parseManagerArn, type Deployment } from '../../../lib/domain/ids.ts';
import { FREEZES_MAX } from '../../../lib/domain/limits.ts';
import type { FreezeNames } from '../../../lib/domain/payment/freeze.ts';
import { createGateKeeper } from '../../../lib/ledger/dynamodb/books/gate-keeper.ts';
import { toStoreClient } from '../../../lib/ledger/dynamodb/store/sdk-client.ts';
import { freezePart, listFreezes, thawPart, type FreezingDeps } from '../../../lib/service/tenants/gate.ts';
import { withDatabase } from '../../support/database.ts';
import { createTestClock, type TestClock } from '../../support/paying.ts';
import { makeManager } from '../../support/registry.ts';
import { wiring } from '../../support/wiring.ts';

const BY = 'arn:aws:sts::111122223333:assumed-role/Operators/grace';
const deployment: Deployment = { partition: 'aws', region: 'us-east-1', account: '111122223333' };
const manager = makeManager();
const database = withDatabase();
let deps: FreezingDeps;
let clock: TestClock;

beforeAll(async () => {
  const { booksTable: tableName } = await database.freshTables();
  clock = createTestClock();
  deps = {
    gate: createGateKeeper({ tableName, client: toStoreClient(database.client) }, wiring.drawDeploymentId),
    registry: { readManager: async (id) => (id === manager.managerId ? manager : null) },
    deployment,
    clock,
  };
});

const arnOf = (managerId: string, of = deployment) => parseManagerArn(formatManagerArn(of, managerId));
const part = (names: FreezeNames, arn = arnOf(manager.managerId)) => ({ manager: arn, names });
const user = (n: number): FreezeNames => ({ scope: 'user', userId: `user-${n}` });

test('freezes nothing of a manager that is missing or another deployment’s, and still thaws where one was deleted', async () => {
  const gone = arnOf('another-0123456789');
  for (const arn of [gone, arnOf(manager.managerId, { ...deployment, account: '444455556666' }), null]) {
    expect(await freezePart(deps, part(user(1), arn), BY)).toEqual({
      ok: false,
      error: { reason: 'not_found', resource: 'manager' },
    });
  }
  const since = clock.now();
  await deps.gate.freeze({ ...user(1), managerId: 'another-0123456789' }, { at: since, by: BY });
  const thawed = await thawPart(deps, { ...part(user(1), gone), since }, BY);
  expect(thawed).toMatchObject({ value: { subject: { userId: 'user-1' }, state: { freezes: new Map() } } });
});

test('keeps a hundred freezes, whose instants may move, and no more until one is ended', async () => {
  for (let n = 1; n <= FREEZES_MAX; n += 1) {
    clock.advance(1);
    expect(await freezePart(deps, part(user(n)), BY)).toMatchObject({ ok: true });
  }
  const more = part(user(FREEZES_MAX + 1));
  expect(await freezePart(deps, more, BY)).toMatchObject({ error: { reason: 'quota_exceeded' } });
  expect(await freezePart(deps, part(user(1)), BY)).toMatchObject({ ok: true });
  const listed = await listFreezes(deps, undefined);
  if (!listed.ok) throw new Error('not listed');
  expect(listed.value).toHaveLength(FREEZES_MAX);
  // The latest first.
  const [latest] = listed.value;
  await thawPart(deps, { ...part(user(FREEZES_MAX)), since: latest!.since }, BY);
  expect(await freezePart(deps, more, BY)).toMatchObject({ ok: true });
});

test('lists the freezes of one manager alone where one is named', async () => {
  await deps.gate.freeze({ scope: 'manager', managerId: 'another-0123456789' }, { at: clock.now(), by: BY });
  const of = async (managerId: string) => {
    const listed = await listFreezes(deps, arnOf(managerId));
    return listed.ok ? listed.value.length : listed.error;
  };
  expect([await of(manager.managerId), await of('another-0123456789'), await of('nobody-0123456789')]).toEqual([
    FREEZES_MAX,
    1,
    0,
  ]);
});
