import { expect, test } from 'vitest';
import type { PolicyOwner, PolicyReader } from '../../../lib/domain/ports/policies.ts';
import { readAppliedPolicies } from '../../../lib/service/policing/applied-policies.ts';

const SUBJECT = {
  managerId: 'acme-0123456789',
  userId: 'ada',
  agentName: null,
  sessionId: 'payment-session-000000000000001',
};

/** A reader that has documents of these scopes, and gives them in an order of its own. */
function readerOf(hashes: Readonly<Record<string, string>>): PolicyReader {
  return {
    readPolicies: async (owners: readonly PolicyOwner[]) =>
      owners
        .flatMap((owner) => (hashes[owner.scope] === undefined ? [] : [{ owner, hash: hashes[owner.scope] }]))
        .toReversed(),
  } as unknown as PolicyReader;
}

const read = (hashes: Readonly<Record<string, string>>) =>
  readAppliedPolicies({ policyReader: readerOf(hashes) }, SUBJECT);

test('a session for which nobody has written a policy has none', async () => {
  expect(await read({})).toBeNull();
});

test('the documents stand from the widest scope to the narrowest', async () => {
  const applied = await read({ session: 'c', deployment: 'a', user: 'b' });
  expect(applied?.documents).toEqual([
    { scope: 'deployment', hash: 'a' },
    { scope: 'user', hash: 'b' },
    { scope: 'session', hash: 'c' },
  ]);
});

test('the hash stays while all documents do, and changes with any of them and with its scope', async () => {
  const hashOf = async (hashes: Readonly<Record<string, string>>) => (await read(hashes))?.hash;
  const first = await hashOf({ deployment: 'a', user: 'b' });
  expect(first).toMatch(/^[0-9a-f]{64}$/);
  expect(await hashOf({ user: 'b', deployment: 'a' })).toBe(first);
  for (const other of [{ deployment: 'a', user: 'c' }, { deployment: 'a' }, { deployment: 'a', session: 'b' }]) {
    expect(await hashOf(other)).not.toBe(first);
  }
});
