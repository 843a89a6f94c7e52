import { fileURLToPath } from 'node:url';
import { hashPolicy, type Rule } from '../../../lib/domain/policy/index.ts';
import { createPolicyKeeper } from '../../../lib/ledger/dynamodb/policies/policy-store.ts';
import { createLeanStore } from '../../../lib/ledger/dynamodb/store/lean-client.ts';
import { createPayingWorld } from '../../../test/support/paying.ts';
import { runProgram } from '../child.ts';
import { againstPeer, type Figure, type Row } from '../row.ts';
import { withStore } from '../store-world.ts';
import { CAP } from './schedule.ts';
import { startSeller } from './seller.ts';

const OURS = fileURLToPath(new URL('../programs/our-spender.ts', import.meta.url));
/** Of the workspace `test/peers`, which an ordinary install leaves out. */
const PEERS = fileURLToPath(new URL('../../../test/peers/spender.ts', import.meta.url));
const USD = 1_000_000;

/** P25: what is signed away under a cap of 0.30 by eleven calls of 0.10 in one process, and by as many in each of two. */
export async function measureOverspend(): Promise<Row[]> {
  return [
    toRow(
      '11 calls of 0.10 under a cap of 0.30',
      '@x402sentinel/x402',
      await ourSpending(1),
      await peerSpending('sentinel', 1),
    ),
    toRow('the same in each of two processes', '@coinbase/cdp-sdk', await ourSpending(2), await peerSpending('cdp', 2)),
  ];
}

function toRow(name: string, peerName: string, ours: number, peer: number): Row {
  const figure = (value: number): Figure => ({ value, unit: 'USD' });
  return againstPeer({
    id: 'P25',
    name,
    ours: figure(ours),
    peer: figure(peer),
    peerName,
    ratio: ours / peer,
    target: { kind: 'ours_equals', value: Number(CAP) / USD },
  });
}

async function peerSpending(peer: 'sentinel' | 'cdp', processes: number): Promise<number> {
  try {
    return await spendingOf(processes, () => ({ program: PEERS, args: [peer] }));
  } catch (error) {
    throw new Error('a peer did not run its calls: is it installed (npm run peers)?', { cause: error });
  }
}

/** Each process pays from a session of its own, which alone would allow everything: a policy of their user has the cap. */
export function ourSpending(processes: number): Promise<number> {
  return withStore(async ({ database }) => {
    const world = await createPayingWorld(database);
    const { managerId } = world.manager;
    const sessions = await Promise.all(Array.from({ length: processes }, () => world.open()));
    const { userId } = sessions[0]!;
    const owner = { scope: 'user', managerId, userId } as const;
    const rules: readonly Rule[] = [{ kind: 'window', of: 'user', every: 'month', timeZone: 'UTC', max: CAP }];
    const document = { version: 1, rules } as const;
    const stored = {
      owner,
      hash: hashPolicy(document),
      document,
      version: 1,
      updatedAt: world.deps.clock.now(),
      updatedBy: 'bench',
    };
    const client = createLeanStore(process.env).createClient({ maxAttempts: 3 });
    await createPolicyKeeper({ tableName: world.registryTable, booksTable: world.booksTable, client }).put(stored, {
      version: 0,
      hash: null,
    });
    const { endpoint, environment } = database;
    const { booksTable, registryTable, instrument } = world;
    return spendingOf(processes, (index) => {
      const { sessionId } = sessions[index]!;
      const names = { managerId, userId, sessionId, instrumentId: instrument.instrumentId };
      const books = { endpoint, environment, booksTable, registryTable };
      return { program: OURS, args: [JSON.stringify({ ...books, ...names })] };
    });
  });
}

interface Spender {
  readonly program: string;
  readonly args: readonly string[];
}

/** What a seller has received in dollars once all processes have ended. */
async function spendingOf(processes: number, spenderOf: (index: number) => Spender): Promise<number> {
  const seller = await startSeller();
  try {
    await Promise.all(
      Array.from({ length: processes }, (_, index) => {
        const { program, args } = spenderOf(index);
        return runProgram(program, { args: [seller.url, ...args] });
      }),
    );
    return Number(seller.received()) / USD;
  } finally {
    await seller.close();
  }
}
