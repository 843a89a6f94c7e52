import { beforeAll, describe, expect, test } from 'vitest';
import { PageTokenRefused } from '../../lib/domain/ports/services.ts';
import type { IdentityStore } from '../../lib/domain/ports/registry.ts';
import type { CredentialProvider, WorkloadIdentity } from '../../lib/domain/tenants/resources.ts';
import { addMs } from '../../lib/domain/time.ts';
import { PRIVY_CONFIGURATION, makeProvider, makeWorkload } from '../support/identities.ts';
import { NOW } from '../support/payments.ts';
import { readAll, readPages, takeToken, type ListPage } from './pages.ts';
import { PARALLEL, times } from './parallel.ts';

const count = (outcomes: readonly string[], wanted: string) => outcomes.filter((each) => each === wanted).length;

/** The methods of one kind of resource, so that both keep the same contract. */
interface Kind<T extends CredentialProvider | WorkloadIdentity> {
  readonly make: (overrides?: Partial<T>) => T;
  readonly samples: () => readonly T[];
  readonly change: (previous: T) => T;
  readonly read: (name: string) => Promise<T | null>;
  readonly create: (resource: T) => Promise<string>;
  readonly replace: (next: T, previous: T) => Promise<string>;
  readonly remove: (resource: T) => Promise<string>;
  readonly list: ListPage<T>;
}

/** What every store of credential providers and workload identities must do. */
export function identityStoreContract(name: string, makeStore: () => IdentityStore): void {
  describe(`${name} keeps the contract of identities:`, () => {
    let store: IdentityStore;
    beforeAll(() => {
      store = makeStore();
    });
    kindContract<CredentialProvider>('a credential provider', {
      make: makeProvider,
      samples: () => [
        makeProvider({ tags: { team: 'research', empty: '' } }),
        makeProvider({ configuration: { ...makeProvider().configuration, walletSecret: null } as never }),
        makeProvider({ configuration: PRIVY_CONFIGURATION, tags: {} }),
      ],
      change: (previous) => ({
        ...previous,
        configuration: { ...previous.configuration, apiKeyId: 'api-key-2', walletSecret: null } as never,
        updatedAt: addMs(NOW, 5),
        revision: previous.revision + 1,
      }),
      read: (each) => store.readProvider(each),
      create: (each) => store.createProvider(each),
      replace: (next, previous) => store.replaceProvider(next, previous),
      remove: (each) => store.deleteProvider(each),
      list: (page) => store.listProviders(page),
    });
    kindContract<WorkloadIdentity>('a workload identity', {
      make: makeWorkload,
      samples: () => [
        makeWorkload({ tags: { team: 'research' }, returnUrls: ['https://a.example/x', 'https://b.example/'] }),
        makeWorkload({ name: 'a.b_c-d' }),
      ],
      change: (previous) => ({
        ...previous,
        returnUrls: ['https://c.example/'],
        updatedAt: addMs(NOW, 5),
        revision: previous.revision + 1,
      }),
      read: (each) => store.readWorkload(each),
      create: (each) => store.createWorkload(each),
      replace: (next, previous) => store.replaceWorkload(next, previous),
      remove: (each) => store.deleteWorkload(each),
      list: (page) => store.listWorkloads(page),
    });
  });
}

function kindContract<T extends CredentialProvider | WorkloadIdentity>(what: string, kind: Kind<T>): void {
  describe(what, () => {
    const { make, read, create, replace, remove, change } = kind;

    test('reads back as it was created, and is null where none was', async () => {
      for (const sample of kind.samples()) {
        expect(await read(sample.name)).toBeNull();
        expect(await create(sample)).toBe('changed');
        expect(await read(sample.name)).toEqual(sample);
      }
    });

    test('is created once by parallel creations of one name, all alike', async () => {
      const resource = make();
      const outcomes = await Promise.all(times(PARALLEL, () => create(resource)));
      expect(count(outcomes, 'changed')).toBe(1);
      expect(count(outcomes, 'stale')).toBe(PARALLEL - 1);
    });

    test('is replaced where it is as it was read, and not by who read an older one', async () => {
      const first = make();
      await create(first);
      const second = change(first);
      expect(await replace(second, first)).toBe('changed');
      expect(await read(first.name)).toEqual(second);
      const late = { ...change(first), updatedAt: addMs(NOW, 99) };
      expect(await replace(late, first)).toBe('stale');
      expect(await read(first.name)).toEqual(second);
    });

    test('is neither replaced nor deleted by who read an earlier one of the same name', async () => {
      const first = make();
      await create(first);
      expect(await remove(first)).toBe('changed');
      const second = { ...first, createdAt: addMs(NOW, 1) };
      expect(await create(second)).toBe('changed');
      expect(await replace(change(first), first)).toBe('stale');
      expect(await remove(first)).toBe('stale');
      expect(await read(first.name)).toEqual(second);
    });

    test('is gone once deleted, cannot be replaced any more, and frees its name', async () => {
      const resource = make();
      await create(resource);
      expect(await remove(resource)).toBe('changed');
      expect(await read(resource.name)).toBeNull();
      expect(await replace(change(resource), resource)).toBe('stale');
      expect(await remove(resource)).toBe('stale');
      expect(await read(resource.name)).toBeNull();
      expect(await create(resource)).toBe('changed');
    });

    test('stands once in the list, by name, page by page, and not after its deletion', async () => {
      const made = times(25, () => make());
      await Promise.all(made.map(create));
      const [gone, ...left] = made;
      await remove(gone!);
      const names = (await readAll(kind.list, 10)).map((each) => each.name);
      expect(names).toEqual(names.toSorted());
      expect(new Set(names).size).toBe(names.length);
      expect(names).toEqual(expect.arrayContaining(left.map((each) => each.name)));
      expect(names).not.toContain(gone!.name);
      const pages = await readPages(kind.list, 10);
      expect(pages.slice(0, -1).every(({ items }) => items.length === 10)).toBe(true);
      const sample = (await readAll(kind.list, 10)).find((each) => each.name === left[0]!.name);
      expect(sample).toEqual(left[0]);
    });

    test('refuses a page token of another making', async () => {
      const token = await takeToken(kind.list);
      for (const nextToken of ['x', token.slice(1), `${token}A`]) {
        await expect(kind.list({ maxResults: 10, nextToken })).rejects.toThrow(PageTokenRefused);
      }
    });
  });
}
