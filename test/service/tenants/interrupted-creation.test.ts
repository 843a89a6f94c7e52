import { makersOf, provisionersOf } from '../../support/wallet-lists.ts';
import { randomBytes } from 'node:crypto';
import { beforeAll, expect, test } from 'vitest';
import { CREATE_LEASE_MS, CREATE_WAIT_MAX_MS } from '../../../lib/domain/limits.ts';
import { NothingMade, type WalletProvisioner } from '../../../lib/domain/ports/services.ts';
import type { BeginOutcome, Registry } from '../../../lib/domain/ports/registry.ts';
import { signedCaller } from '../../../lib/domain/tenants/principal.ts';
import { ok } from '../../../lib/domain/result.ts';
import { createClientTokens } from '../../../lib/ledger/dynamodb/registry/client-tokens.ts';
import { createStoreClient } from '../../../lib/ledger/dynamodb/store/sdk-client.ts';
import { createIdentityStore } from '../../../lib/ledger/dynamodb/registry/identity-store.ts';
import { createRegistry } from '../../../lib/ledger/dynamodb/registry/registry.ts';
import { createOnce } from '../../../lib/service/tenants/create-once.ts';
import { createInstrument, deleteInstrument } from '../../../lib/service/tenants/instruments.ts';
import { createConnector } from '../../../lib/service/tenants/connectors.ts';
import { createManager } from '../../../lib/service/tenants/managers.ts';
import { withDatabase } from '../../support/database.ts';
import { createTestClock, PAYER, type TestClock } from '../../support/paying.ts';
import { newToken } from '../../support/functions.ts';
import { plain } from '../../support/resource-world.ts';

const deployment = { partition: 'aws', region: 'us-east-1', account: '111122223333' };
const user = signedCaller('user-1');
const roleArn = 'arn:aws:iam::111122223333:role/service';

const database = withDatabase();
let registry: Registry;
beforeAll(() => {
  Object.assign(process.env, database.environment);
  registry = createRegistry({ client: createStoreClient({ maxAttempts: 3 }), tableName: database.registryTable });
});

/** Provisioners that stop where a process would be stopped, as often as told. */
function createWorld() {
  const clock: TestClock = createTestClock();
  let crashes = 0;
  let made = 0;
  let refusals = 0;
  const crashOrCount = () => {
    if (crashes > 0) {
      crashes -= 1;
      throw new Error('the process was stopped');
    }
    made += 1;
  };
  const provisioner: WalletProvisioner = {
    type: 'AwsKms',
    findProblem: () => Promise.resolve(null),
    createConnector: async () => {
      crashOrCount();
      return { type: 'AwsKms' };
    },
    createKey: async () => {
      if (refusals > 0) {
        refusals -= 1;
        throw new NothingMade('kms:CreateKey failed: AccessDeniedException');
      }
      crashOrCount();
      return { address: PAYER, key: { type: 'AwsKms', keyArn: `arn:aws:kms:key/${made}` } };
    },
  };
  const deps = {
    registry,
    identities: createIdentityStore({
      client: createStoreClient({ maxAttempts: 3 }),
      tableName: database.registryTable,
    }),
    tokens: createClientTokens({ client: createStoreClient({ maxAttempts: 3 }), tableName: database.registryTable }),
    provisioners: provisionersOf(provisioner),
    makers: makersOf(provisioner),
    gate: { find: async () => null },
    deployment,
    trustedIssuers: null,
    signerOrigins: [],
    signerFunctions: [],
    clock,
    random: { bytes: (length: number) => Uint8Array.from(randomBytes(length)), fraction: () => 0 },
  };
  return {
    deps,
    clock,
    crashNext: () => (crashes += 1),
    refuseNext: () => (refusals += 1),
    made: () => made,
  };
}

type World = ReturnType<typeof createWorld>;

function valueOf<T>(result: { readonly ok: boolean; readonly value?: T; readonly error?: unknown }): T {
  if (!result.ok || result.value === undefined) throw new Error(`refused: ${JSON.stringify(result.error)}`);
  return result.value;
}

async function createParents({ deps }: World) {
  const input = { name: 'demo', authorizer: { type: 'AWS_IAM' }, roleArn } as const;
  const { managerId } = valueOf(await createManager(deps, input, plain));
  const connector = await createConnector(deps, { managerId, name: 'kms', type: 'AwsKms' }, plain);
  const { connectorId } = valueOf(connector);
  return { manager: { deployment, resource: managerId }, connectorId, managerId };
}

async function prepare() {
  const world = createWorld();
  const parents = await createParents(world);
  const request = {
    ...parents,
    network: 'ETHEREUM' as const,
    linkedAccounts: [],
    clientToken: newToken(),
  };
  return { ...world, parents, ask: () => createInstrument(world.deps, user, request) };
}

test('an interrupted instrument is busy until its lease ends, then made by the same request', async () => {
  const { ask, crashNext, clock, made } = await prepare();
  const madeBefore = made();
  crashNext();
  await expect(ask()).rejects.toThrow('the process was stopped');
  expect(await ask()).toEqual({ ok: false, error: { reason: 'busy', what: 'creation' } });
  expect(made()).toBe(madeBefore);

  clock.advance(CREATE_LEASE_MS);
  const instrument = valueOf(await ask());
  expect(instrument).toMatchObject({ status: 'ACTIVE', createdAt: clock.now(), updatedAt: clock.now() });
  expect(made()).toBe(madeBefore + 1);
  expect(valueOf(await ask())).toEqual(instrument);
});

test('an instrument whose key was refused is nobody’s draft: the same request tries again at once, once', async () => {
  const { ask, refuseNext, made } = await prepare();
  const madeBefore = made();
  refuseNext();
  refuseNext();
  await expect(ask()).rejects.toThrow('AccessDeniedException');
  await expect(ask()).rejects.toThrow('AccessDeniedException');
  const answers = await Promise.all([ask(), ask(), ask()]);
  for (const answer of answers) expect(valueOf(answer)).toEqual(valueOf(answers[0]!));
  expect(made()).toBe(madeBefore + 1);
});

test('a refused key is what the caller hears of, also where the draft cannot be given back', async () => {
  const { deps, parents, refuseNext } = await prepare();
  const stuck = { ...deps.registry, yieldInstrument: () => Promise.reject(new Error('the store is down')) };
  refuseNext();
  const asked = createInstrument({ ...deps, registry: stuck }, user, {
    ...parents,
    network: 'ETHEREUM' as const,
    linkedAccounts: [],
  });
  await expect(asked).rejects.toThrow('AccessDeniedException');
});

test('an interrupted connector is made by the same request after its lease', async () => {
  const { deps, clock, crashNext, parents } = await prepare();
  const request = {
    managerId: parents.managerId,
    name: 'kms',
    type: 'AwsKms' as const,
    clientToken: newToken(),
  };
  crashNext();
  await expect(createConnector(deps, request, plain)).rejects.toThrow('the process was stopped');
  expect(await createConnector(deps, request, plain)).toMatchObject({ ok: false, error: { reason: 'busy' } });
  // Another request under the token hears so at once, instead of waiting for what it can never have.
  const other = await createConnector(deps, { ...request, description: 'another' }, plain);
  expect(other).toEqual({ ok: false, error: { reason: 'token_reused' } });
  clock.advance(CREATE_LEASE_MS);
  const connector = valueOf(await createConnector(deps, request, plain));
  expect(connector).toMatchObject({ status: 'READY' });
  expect(valueOf(await createConnector(deps, request, plain))).toEqual(connector);
});

test('an instrument that was deleted before it was complete stays deleted', async () => {
  const { deps, ask, crashNext, clock, parents } = await prepare();
  crashNext();
  await expect(ask()).rejects.toThrow('the process was stopped');
  const { managerId } = parents;
  const [begun] = (await registry.listInstruments({ managerId, userId: 'user-1' }, { maxResults: 1 })).items;
  expect(begun?.status).toBe('INITIATED');
  valueOf(await deleteInstrument(deps, user, { ...parents, instrumentId: begun!.instrumentId }));
  clock.advance(CREATE_LEASE_MS);
  expect(await ask()).toMatchObject({ ok: false, error: { reason: 'conflict' } });
});

const noPlace = (why: 'missing' | 'full') => ({ reason: 'conflict', message: why }) as const;

test.each(['missing', 'full'] as const)(
  'a creation for which the place is %s is refused, and makes nothing',
  async (why) => {
    const make = async () => Promise.reject(new Error('made'));
    const begin = async (): Promise<BeginOutcome<string>> => ({ kind: 'no_place', why });
    const result = await createOnce({ clock: createTestClock() }, 'mine', { begin, make, refuse: noPlace });
    expect(result).toEqual({ ok: false, error: { reason: 'conflict', message: why } });
  },
);

test('a creation in progress is waited for, but not for ever', async () => {
  const clock = createTestClock();
  const startedAt = clock.now();
  let asked = 0;
  const begin = async (): Promise<BeginOutcome<string>> => {
    asked += 1;
    return { kind: 'in_progress', requestHash: 'mine' };
  };
  const make = async () => ok('made');
  expect(await createOnce({ clock }, 'mine', { begin, make, refuse: noPlace })).toEqual({
    ok: false,
    error: { reason: 'busy', what: 'creation' },
  });
  expect(clock.now() - startedAt).toBeLessThanOrEqual(CREATE_WAIT_MAX_MS);
  expect(asked).toBeGreaterThan(10);
});

test('a creation that is completed meanwhile is answered with what the other made', async () => {
  const outcomes: BeginOutcome<string>[] = [
    { kind: 'in_progress', requestHash: 'mine' },
    { kind: 'exists', requestHash: 'mine', resource: 'theirs' },
  ];
  const begin = async () => outcomes.shift()!;
  const make = async () => ok('mine');
  const result = await createOnce({ clock: createTestClock() }, 'mine', { begin, make, refuse: noPlace });
  expect(result).toEqual({ ok: true, value: 'theirs' });
});
