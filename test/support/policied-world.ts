import type { TestDatabase } from './database.ts';
import { createPayingWorld, createTestClock } from './paying.ts';
import { createPolicyShelf } from './policies.ts';

/** A paying world whose policies stand on a shelf, with an open session of its user. */
export async function createPoliciedWorld(database: TestDatabase) {
  const clock = createTestClock();
  const shelf = createPolicyShelf();
  const world = await createPayingWorld(database, { clock, policyReader: shelf });
  return { clock, shelf, world, session: await world.open() };
}
