import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { paginateScan, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { beforeAll, describe, expect, test } from 'vitest';
import type { PaymentId } from '../../lib/domain/ids.ts';
import { discoveryUrlOf } from '../../lib/domain/tenants/jwt-authorizer.ts';
import { addMs } from '../../lib/domain/time.ts';
import { createClientTokens } from '../../lib/ledger/dynamodb/registry/client-tokens.ts';
import type { Item } from '../../lib/ledger/dynamodb/store/client.ts';
import { createStoreClient } from '../../lib/ledger/dynamodb/store/sdk-client.ts';
import type { StoreTable } from '../../lib/ledger/dynamodb/store/conditional-write.ts';
import { createIdentityStore } from '../../lib/ledger/dynamodb/registry/identity-store.ts';
import { createIssuerIndex } from '../../lib/ledger/dynamodb/registry/issuer-index.ts';
import { createExpiryIndex } from '../../lib/ledger/dynamodb/books/expiry-index.ts';
import { createLedger } from '../../lib/ledger/dynamodb/books/ledger.ts';
import { createRegistry } from '../../lib/ledger/dynamodb/registry/registry.ts';
import { createRepetitionGuard } from '../../lib/ledger/dynamodb/books/repetition-guard.ts';
import { createSessionStore } from '../../lib/ledger/dynamodb/books/session-store.ts';
import { createWorkloadTokens } from '../../lib/ledger/dynamodb/registry/workload-tokens.ts';
import { createWalletLinks } from '../../lib/ledger/dynamodb/wallet-links/wallet-link-store.ts';
import { createPolicyKeeper } from '../../lib/ledger/dynamodb/policies/policy-store.ts';
import { createFeedKeeper } from '../../lib/ledger/dynamodb/memory/feed-store.ts';
import { createPolicyMemory } from '../../lib/ledger/dynamodb/memory/memory-store.ts';
import { createOutcomeKeeper } from '../../lib/ledger/dynamodb/memory/outcome-store.ts';
import { createTopUps } from '../../lib/ledger/dynamodb/top-ups/top-up-store.ts';
import { createWindowBooks } from '../../lib/ledger/dynamodb/windows/window-books.ts';
import { toMicroUsd } from '../../lib/domain/money.ts';
import { policyContract } from '../contracts/policies.ts';
import { withdraw } from '../../lib/service/paying/withdrawals.ts';
import { identityStoreContract } from '../contracts/identity-store.ts';
import { ledgerContract } from '../contracts/ledger.ts';
import { registryContract } from '../contracts/registry.ts';
import { sessionStoreContract } from '../contracts/session-store.ts';
import { withDatabase } from '../support/database.ts';
import { makeProvider } from '../support/identities.ts';
import { makePayment, makeSession, NOW } from '../support/payments.ts';
import { makeJwtAuthorizer } from '../support/principals.ts';
import { createParents, makeManager } from '../support/registry.ts';
import { createWithdrawingWorld } from '../support/withdrawing.ts';
import { kindOf, problemsOf, type ReadableKind } from './read-by.ts';
import { STORED } from './stored-items.ts';
import { wiring } from '../support/wiring.ts';

// What the release that introduced schema version 1 reads, taken down from its readers, and never changed. While two
// releases run side by side, it meets everything that this one writes. A later release adds a file.
const READ_BY_1 = JSON.parse(readFileSync(join(import.meta.dirname, 'read-by-1.json'), 'utf8')) as ReadableKind[];
const PAYMENT_ID = '00000000-0000-8000-8000-000000000001' as PaymentId;

const database = withDatabase();
let books: StoreTable;
let registry: StoreTable;
beforeAll(() => {
  Object.assign(process.env, database.environment);
  const client = createStoreClient({ maxAttempts: 3, timeoutMs: 20_000 });
  books = { tableName: database.booksTable, client };
  registry = { tableName: database.registryTable, client };
});

async function readAll(tableName: string): Promise<Item[]> {
  const items: Item[] = [];
  for await (const { Items = [] } of paginateScan({ client: database.client }, { TableName: tableName }))
    items.push(...Items);
  return items;
}

// Every way in which this release writes: the contracts of its stores, which end in every state there is.
sessionStoreContract('what is written', async () => createSessionStore(books));
ledgerContract('what is written', async () => ({
  ledger: createLedger({ ...wiring, ...books, singleSendClient: createStoreClient({ maxAttempts: 1 }) }),
  open: async (session) => {
    const store = createSessionStore(books);
    await store.createSession({ ...session, deleted: false }, 'h1');
    if (session.deleted) await store.deleteSession({ ...session, now: session.updatedAt });
  },
}));
policyContract('what is written', async () => createPolicyKeeper({ ...registry, booksTable: books.tableName }));
registryContract('what is written', async () => createRegistry(registry));
identityStoreContract('what is written', () => createIdentityStore(registry));

describe('what the release before reads', () => {
  async function openSession() {
    const session = makeSession();
    await createSessionStore(books).createSession(session, 'h1');
    return session;
  }

  test('holds all that this one writes, of every kind', async () => {
    const withdrawing = await createWithdrawingWorld(database, database.endpoint);
    expect(await withdraw(withdrawing.deps, withdrawing.request())).toMatchObject({ ok: true });
    const ledger = createLedger({ ...wiring, ...books, singleSendClient: books.client });
    const abandoned = makePayment(makeSession());
    await ledger.putIntent(abandoned);
    await ledger.decide(abandoned.id, abandoned.attempt, { status: 'ABORTED', at: NOW });
    const ended = makeSession();
    await createSessionStore(books).createSession(ended, 'h1');
    await createExpiryIndex(books).endSession(ended, ended.expiresAt, addMs(ended.expiresAt, 1));
    const provider = makeProvider({ name: 'vendor' });
    await createIdentityStore(registry).createProvider(provider);
    await createParents(createRegistry(registry), {
      material: { type: 'CoinbaseCDP', credentialProviderName: provider.name },
    });
    await createRegistry(registry).createManager(
      makeManager({
        authorizer: {
          type: 'CUSTOM_JWT',
          jwt: makeJwtAuthorizer({ discoveryUrl: discoveryUrlOf('https://issuer.example') }),
        },
      }),
      null,
    );
    await createClientTokens(registry).bind('f'.repeat(64), 'h1');
    const grant = { workloadName: 'agents', workloadCreatedAt: NOW, userId: 'alice', expiresAt: addMs(NOW, 1_000) };
    await createWorkloadTokens(registry).keep('e'.repeat(64), grant);
    const walletPage = {
      managerId: 'acme-0000000001',
      userId: 'alice',
      instrumentId: 'payment-instrument-000000000000000',
      agentName: 'buyer',
      expiresAt: addMs(NOW, 1_000),
    };
    await createWalletLinks(registry).keepLink('e'.repeat(64), { ...walletPage, agentName: null });
    await createWalletLinks(registry).keepSession('e'.repeat(64), walletPage);
    await createWindowBooks(books).change(
      { managerId: ended.managerId, key: 'AbCdEfGhIjK' },
      {
        seenLimit: null,
        limit: 5n,
        closesAt: addMs(NOW, 1_000),
        sessionId: (await openSession()).sessionId,
        seenNumber: null,
        by: 2n,
        takings: [],
        settles: true,
      },
    );
    const { managerId, sessionId, userId, limit } = await openSession();
    const topUp = { managerId, sessionId, topUpId: 'b'.repeat(32), userId, from: limit!, to: toMicroUsd(limit! + 1n) };
    await createTopUps(books).raiseLimit(
      { topUp: { ...topUp, at: NOW, by: 'grace' }, requestHash: 'h1' },
      { floor: null },
    );
    const memory = createPolicyMemory({ ...registry, singleSendClient: registry.client });
    const user = { managerId: ended.managerId, userId: 'user#1' };
    await memory.pin({ ...user, origin: 'https://a.example', network: 'eip155:1' }, { payee: '0x1', until: NOW }, NOW);
    await memory.notePrice({ ...user, resource: 'https://a.example/' }, toMicroUsd(1n), NOW);
    await memory.count({ ...user, key: 'AbCdEfGhIjK' }, { quantity: 1n, max: 1n, closesAt: NOW });
    const outcomes = createOutcomeKeeper(registry);
    await outcomes.noteOutcome({ ...user, origin: 'https://a.example' }, { paymentId: 'a', delivered: false, at: NOW });
    const feeds = createFeedKeeper(registry, { now: () => NOW });
    for (const hash of ['a', 'b'].map((digit) => digit.repeat(64))) {
      await feeds.putFeed(
        { name: 'bad', hash, payees: 0, hosts: 1, importedAt: NOW, importedBy: 'grace' },
        'bad.example',
      );
    }
    const holder = { paymentId: PAYMENT_ID, attempt: 1, until: addMs(NOW, 30_000), now: NOW };
    await createRepetitionGuard(registry).take('d'.repeat(64), holder, null);

    const seen = new Set<string>();
    const problems = new Set<string>();
    for (const [table, { tableName }] of [
      ['books', books],
      ['books', { tableName: withdrawing.paying.booksTable }],
      ['registry', registry],
    ] as const) {
      for (const item of await readAll(tableName)) {
        const kind = kindOf(READ_BY_1, table, item);
        if (kind === null) {
          problems.add(
            `${table}: a kind that it does not know, ${item['pk']?.S} ${item['sk']?.S} ${item['status']?.S}`,
          );
          continue;
        }
        seen.add(kind.kind);
        for (const problem of problemsOf(kind, item)) problems.add(`${kind.kind}: ${problem}`);
      }
    }
    expect([...problems]).toEqual([]);
    expect([...seen].toSorted()).toEqual(READ_BY_1.map(({ kind }) => kind).toSorted());
  });

  test('refuses an item that lacks what is needed, has it of another type, or is of a later version', () => {
    const { item } = STORED['payment']!;
    const kind = kindOf(READ_BY_1, 'books', item)!;
    expect(kind.kind).toBe('payment, pending');
    expect(problemsOf(kind, { ...item, addedLater: { S: 'x' } })).toEqual([]);
    const { am: _am, ...without } = item;
    for (const [changed, problem] of [
      [without, 'am is missing'],
      [{ ...item, am: { S: '1' } }, 'am is not N'],
      [{ ...item, t: { M: { ...item['t']?.M, nc: { B: new Uint8Array(31) } } } }, 't.nc is not B:32'],
      [{ ...item, pv: { S: '3' } }, 'pv is not S:^[12]$'],
      [{ ...item, v: { N: '2' } }, 'v is not N:^1$'],
    ] as const) {
      expect(problemsOf(kind, changed as Item)).toEqual([problem]);
    }
    expect(kindOf(READ_BY_1, 'books', { ...item, st: { S: 'X' } })).toBeNull();
    expect(kindOf(READ_BY_1, 'registry', item)).toBeNull();
  });
});

describe.each(Object.entries(STORED))('a stored %s', (name, { item, parse }) => {
  const kind = ['books', 'registry']
    .map((table) => kindOf(READ_BY_1, table as 'books' | 'registry', item))
    .find(Boolean);
  const required = Object.entries(kind?.needs ?? {}).flatMap(([key, need]) =>
    key.endsWith('?') || need === '-' ? [] : [key],
  );

  test('is read by this release with no more than what the release before was sure to write', () => {
    const kept = new Set(['pk', 'sk', ...Object.keys(kind!.match), ...required]);
    const least = Object.fromEntries(Object.entries(item).filter(([attribute]) => kept.has(attribute)));
    expect(() => parse(least)).not.toThrow();
    expect(Object.keys(least).length, name).toBeGreaterThan(2);
  });
});

describe('items of the release before that only a store reads', () => {
  const v = { N: '1' };
  const put = (Item: Item) =>
    database.client.send(new PutItemCommand({ TableName: registry.tableName, Item: { v, ...Item } }));

  test('a client token gives its request and its answer', async () => {
    const key = 'a'.repeat(64);
    await put({ pk: { S: `MGR#~${key}` }, sk: { S: 'TOKEN' }, requestHash: { S: 'h1' } });
    expect(await createClientTokens(registry).find(key)).toEqual({ requestHash: 'h1', answer: null });
  });

  test('a token of a workload is redeemed', async () => {
    const digest = 'b'.repeat(64);
    const times = { workloadCreatedAt: { N: `${NOW}` }, expiresAt: { N: `${NOW}` }, expiresAtSeconds: { N: '1' } };
    await put({ pk: { S: `WAT#${digest}` }, sk: { S: 'WAT' }, workloadName: { S: 'agents' }, ...times });
    const grant = { workloadName: 'agents', workloadCreatedAt: NOW, userId: null, expiresAt: NOW };
    expect(await createWorkloadTokens(registry).redeem(digest)).toEqual(grant);
  });

  test('an issuer gives its discovery document', async () => {
    const issuerKey = 'https://earlier.example';
    const pk = { S: `ISS#${createHash('sha256').update(issuerKey).digest('hex')}` };
    const discoveryUrl = discoveryUrlOf(issuerKey);
    await put({ pk, sk: { S: 'acme-0000000001' }, issuerKey: { S: issuerKey }, discoveryUrl: { S: discoveryUrl } });
    expect(await createIssuerIndex(registry).findDiscoveryUrl(issuerKey)).toBe(discoveryUrl);
  });

  test('terms that were paid lately are still held by their payment', async () => {
    const key = 'c'.repeat(64);
    const until = addMs(NOW, 30_000);
    const held = { paymentId: { S: PAYMENT_ID }, heldUntil: { N: `${until}` }, expiresAtSeconds: { N: '1' } };
    await put({ pk: { S: `REP#${key}` }, sk: { S: 'REP' }, ...held });
    const other = { paymentId: '00000000-0000-8000-8000-000000000002' as PaymentId, attempt: 1, until, now: NOW };
    expect(await createRepetitionGuard(registry).take(key, other, null)).toMatchObject({
      paymentId: PAYMENT_ID,
      until,
    });
  });
});
