import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { OutcomeUnknown } from '../../lib/domain/ports/services.ts';
import type { IdentityStore, TagStore, WorkloadTokens } from '../../lib/domain/ports/registry.ts';
import { addMs } from '../../lib/domain/time.ts';
import { createStoreClient } from '../../lib/ledger/dynamodb/store/sdk-client.ts';
import { createIdentityStore } from '../../lib/ledger/dynamodb/registry/identity-store.ts';
import { createTagStore } from '../../lib/ledger/dynamodb/registry/tag-store.ts';
import { createWorkloadTokens } from '../../lib/ledger/dynamodb/registry/workload-tokens.ts';
import { createProvider, type ProvidersDeps } from '../../lib/service/identities/credential-providers.ts';
import { systemRandom } from '../../lib/functions/runtime/runtime.ts';
import { withDatabase } from '../support/database.ts';
import { spoilCalls } from '../support/faults.ts';
import { makeName, makeProvider, makeWorkload } from '../support/identities.ts';
import { NOW } from '../support/payments.ts';
import { startStoreHop, type StoreHop } from '../support/store-hop.ts';

const database = withDatabase();
let hop: StoreHop;
let identities: IdentityStore;
let tags: TagStore;
let tokens: WorkloadTokens;

beforeAll(async () => {
  hop = await startStoreHop(database.endpoint);
  Object.assign(process.env, database.environment, { AWS_ENDPOINT_URL_DYNAMODB: hop.endpoint });
  const table = {
    tableName: database.registryTable,
    client: createStoreClient({ maxAttempts: 3, timeoutMs: 20_000 }),
  };
  [identities, tags, tokens] = [createIdentityStore(table), createTagStore(table), createWorkloadTokens(table)];
});
afterEach(() => hop.setFaults(null));
afterAll(() => hop.close());

const grant = { workloadName: 'agent', userId: null, workloadCreatedAt: NOW, expiresAt: addMs(NOW, 900_000) };

describe.each(['lose_reply', 'fail_after_apply', 'lose_request'] as const)(
  'a write of which the first try meets "%s"',
  (fault) => {
    test('creates, replaces and tags an identity as if nothing had happened', async () => {
      const [provider, workload] = [makeProvider(), makeWorkload()];
      const [nextProvider, nextWorkload] = [
        { ...provider, revision: 2 },
        { ...workload, returnUrls: ['https://a.example/'], revision: 2 },
      ];
      for (const write of [
        () => identities.createProvider(provider),
        () => identities.createWorkload(workload),
        () => identities.replaceProvider(nextProvider, provider),
        () => identities.replaceWorkload(nextWorkload, workload),
        () => tags.replaceTags({ kind: 'workload-identity', id: workload.name }, { a: '1' }, 2, NOW),
      ]) {
        spoilCalls(hop, fault, 0, 'one');
        expect(await write()).toBe('changed');
      }
      expect(await identities.readProvider(provider.name)).toEqual(nextProvider);
      expect(await identities.readWorkload(workload.name)).toMatchObject({ tags: { a: '1' }, revision: 3 });
    });

    test('keeps a token, and redeems it at most once', async () => {
      const digest = makeName('digest');
      spoilCalls(hop, fault, 0, 'one');
      await tokens.keep(digest, grant);
      spoilCalls(hop, fault, 0, 'one');
      // A redemption whose reply was lost is nobody's: better a new token than one that counts twice.
      expect(await tokens.redeem(digest)).toEqual(fault === 'lose_request' ? grant : null);
      expect(await tokens.redeem(digest)).toBeNull();
    });
  },
);

test('reports the secrets of a provider of which nobody knows whether it was created, and deletes none', async () => {
  const removed: string[] = [];
  const reported: string[] = [];
  const deps: ProvidersDeps = {
    identities,
    secrets: {
      create: async (name) => `arn:${name}`,
      renew: async () => 'renewed',
      remove: async (arn) => void removed.push(arn),
    },
    secretNamePrefix: 'prefix',
    deployment: { partition: 'aws', region: 'us-east-1', account: '111122223333' },
    checkSecret: () => null,
    clock: { now: () => NOW, sleep: async () => {} },
    random: systemRandom,
    reportLeftSecret: ({ secretArn }) => void reported.push(secretArn),
  };
  const name = makeName('unknown');
  hop.setFaults(({ operation }) => (operation === 'PutItem' ? 'lose_reply' : null));
  const secret = { value: 'any', source: undefined, reference: undefined };
  const creation = createProvider(deps, {
    name,
    vendor: 'CoinbaseCDP',
    configuration: { vendor: 'CoinbaseCDP', apiKeyId: 'key', apiKeySecret: secret, walletSecret: secret },
  });
  await expect(creation).rejects.toThrow(OutcomeUnknown);
  expect(removed).toEqual([]);
  expect(reported).toEqual([
    expect.stringMatching(/^arn:prefix\/coinbasecdp\/unknown-.*\/apikey$/),
    expect.stringMatching(/^arn:prefix\/coinbasecdp\/unknown-.*\/wallet$/),
  ]);
  hop.setFaults(null);
  expect(await identities.readProvider(name)).not.toBeNull();
});
