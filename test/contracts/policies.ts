import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { hashPolicy, type PolicyDocument } from '../../lib/domain/policy/index.ts';
import type { PolicyKeeper, PolicyOwner, StoredPolicy } from '../../lib/domain/ports/policies.ts';
import { PageTokenRefused } from '../../lib/domain/ports/services.ts';
import { addMs } from '../../lib/domain/time.ts';
import { toMicroUsd } from '../../lib/domain/money.ts';
import { rule } from '../domain/policy/arbitrary.ts';
import { NOW } from '../support/payments.ts';
import { times } from './parallel.ts';

const BY = 'arn:aws:iam::111122223333:role/finance';

export const limitTo = (dollars: number): PolicyDocument => ({
  version: 1,
  rules: [{ kind: 'perPayment', max: toMicroUsd(BigInt(dollars) * 1_000_000n) }],
});

function stored(owner: PolicyOwner, document: PolicyDocument, version: number): StoredPolicy {
  return { owner, document, hash: hashPolicy(document), version, updatedAt: addMs(NOW, version), updatedBy: BY };
}

let users = 0;
const newUser = (): PolicyOwner => ({ scope: 'user', managerId: 'acme-0123456789', userId: `user#${(users += 1)}` });
const NONE = { version: 0, hash: null };

/** What every keeper of spend policies must do, whatever stands behind it. */
export function policyContract(name: string, makeKeeper: () => Promise<PolicyKeeper>): void {
  describe(`${name} keeps the contract of policies:`, () => {
    let keeper: PolicyKeeper;
    beforeAll(async () => {
      keeper = await makeKeeper();
    });

    test('a policy is read as it was put, by itself and among others, and one that is not there is left out', async () => {
      const managerId = 'acme-0123456789';
      const owners: PolicyOwner[] = [
        { scope: 'deployment' },
        { scope: 'manager', managerId },
        newUser(),
        { scope: 'agent', managerId, agentName: 'buyer #1' },
        { scope: 'session', managerId, sessionId: 'payment-session-0123456789abcde' },
      ];
      expect(await keeper.readPolicies(owners)).toEqual([]);
      const policies = owners.map((owner, index) => stored(owner, limitTo(index + 1), 1));
      for (const policy of policies) expect(await keeper.put(policy, NONE)).toBe('changed');
      expect(await keeper.readPolicies([...owners, newUser()])).toEqual(policies);
      expect(await keeper.readPolicy(owners[3]!)).toEqual({ stored: policies[3], version: 1 });
      expect(await keeper.readPolicy(newUser())).toEqual({ stored: null, version: 0 });
      expect(await keeper.readPolicies([])).toEqual([]);
    });

    test('whatever rules are put, what is read has the hash that the policy has', async () => {
      const owner = newUser();
      let version = 0;
      let hash: string | null = null;
      await fc.assert(
        fc.asyncProperty(fc.array(rule, { maxLength: 8 }), async (rules) => {
          const policy = stored(owner, { version: 1, rules }, version + 1);
          expect(await keeper.put(policy, { version, hash })).toBe('changed');
          ({ version, hash } = policy);
          const { stored: read } = await keeper.readPolicy(owner);
          expect(read?.hash).toBe(hashPolicy({ version: 1, rules }));
          expect(hashPolicy(read!.document)).toBe(read?.hash);
        }),
        { numRuns: 60 },
      );
    });

    test('of changes upon the same version one holds', async () => {
      const owner = newUser();
      const outcomes = await Promise.all(times(8, (index) => keeper.put(stored(owner, limitTo(index), 1), NONE)));
      expect(outcomes.filter((outcome) => outcome === 'changed')).toHaveLength(1);
      const { stored: read } = await keeper.readPolicy(owner);
      expect(read?.hash).toBe(hashPolicy(limitTo(outcomes.indexOf('changed'))));
      expect((await keeper.history(owner, { maxResults: 10 })).items).toHaveLength(1);
    });

    test('a change upon a version that is over writes nothing', async () => {
      const owner = newUser();
      await keeper.put(stored(owner, limitTo(1), 1), NONE);
      await keeper.put(stored(owner, limitTo(2), 2), { version: 1, hash: hashPolicy(limitTo(1)) });
      expect(await keeper.put(stored(owner, limitTo(3), 2), { version: 1, hash: null })).toBe('stale');
      expect(await keeper.put(stored(owner, limitTo(3), 1), NONE)).toBe('stale');
      expect(await keeper.remove(owner, { version: 1, hash: null }, BY, NOW)).toBe('stale');
      expect((await keeper.readPolicy(owner)).stored?.hash).toBe(hashPolicy(limitTo(2)));
      expect((await keeper.history(owner, { maxResults: 10 })).items).toHaveLength(2);
    });

    test('a change of a version is the next one, and no other', async () => {
      const owner = newUser();
      for (const version of [0, 2])
        await expect(async () => keeper.put(stored(owner, limitTo(1), version), NONE)).rejects.toThrow(RangeError);
      expect(await keeper.readPolicy(owner)).toEqual({ stored: null, version: 0 });
    });

    test('a removed policy is none, and its number goes on', async () => {
      const owner = newUser();
      const first = hashPolicy(limitTo(1));
      await keeper.put(stored(owner, limitTo(1), 1), NONE);
      expect(await keeper.remove(owner, { version: 1, hash: first }, BY, NOW)).toBe('changed');
      expect(await keeper.readPolicies([owner])).toEqual([]);
      expect(await keeper.readPolicy(owner)).toEqual({ stored: null, version: 2 });
      expect(await keeper.put(stored(owner, limitTo(1), 1), NONE)).toBe('stale');
      expect(await keeper.put(stored(owner, limitTo(2), 3), { version: 2, hash: null })).toBe('changed');
      expect((await keeper.readPolicy(owner)).version).toBe(3);
    });

    test('every change is kept with who, when, the old and the new hash, latest first and page by page', async () => {
      const owner = newUser();
      const [one, two] = [limitTo(1), limitTo(2)].map(hashPolicy) as [string, string];
      await keeper.put(stored(owner, limitTo(1), 1), NONE);
      await keeper.put(stored(owner, limitTo(2), 2), { version: 1, hash: one });
      await keeper.remove(owner, { version: 2, hash: two }, 'somebody else', addMs(NOW, 9));
      const first = await keeper.history(owner, { maxResults: 2 });
      expect(first.items).toEqual([
        { owner, version: 3, at: addMs(NOW, 9), by: 'somebody else', oldHash: two, newHash: null },
        { owner, version: 2, at: addMs(NOW, 2), by: BY, oldHash: one, newHash: two },
      ]);
      const { nextToken = '' } = first;
      expect(await keeper.history(owner, { maxResults: 2, nextToken })).toEqual({
        items: [{ owner, version: 1, at: addMs(NOW, 1), by: BY, oldHash: null, newHash: one }],
      });
      await expect(keeper.history(newUser(), { maxResults: 2, nextToken })).rejects.toThrow(PageTokenRefused);
    });
  });
}
