import { describe, expect, test } from 'vitest';
import { EVIDENCE } from '../../lib/contract/fields/evidence.ts';
import { PAID_RECEIPT } from '../../lib/contract/fields/receipt.ts';
import { createReadyWorld, json, NOW, type WorldOptions } from './world.ts';

type Receipt = Omit<typeof PAID_RECEIPT, 'agentName' | 'amountUsd' | 'decision' | 'processPaymentId' | 'createdAt'> & {
  readonly agentName: string;
  readonly amountUsd: string;
  readonly decision: string;
  readonly processPaymentId: string;
  readonly createdAt: string;
};

/** One an hour, newest first; every third was denied. */
const ALL: readonly Receipt[] = Array.from({ length: 30 }, (_, index) => ({
  ...PAID_RECEIPT,
  processPaymentId: `${`${index}`.padStart(8, '0')}-89ab-8cde-8f01-23456789abcd`,
  decision: index % 3 === 2 ? 'DENIED' : 'PAID',
  agentName: index % 2 === 0 ? 'even' : '=odd("x")',
  amountUsd: '0.10',
  createdAt: new Date(NOW - index * 3_600_000).toISOString(),
}));

/** Pages as the API has them. */
function world(options: WorldOptions = {}) {
  return createReadyWorld({
    ...options,
    routes: {
      '/bursar/payments': ({ url }) => {
        const query = new URL(url).searchParams;
        const start = Number(query.get('nextToken') ?? 0);
        const end = start + Math.min(Number(query.get('maxResults')), 7);
        const more = end < ALL.length ? { nextToken: `${end}` } : {};
        return json({ payments: ALL.slice(start, end), ...more });
      },
      ...Object.fromEntries(
        ALL.map((payment) => [
          `/bursar/payments/${payment.processPaymentId}`,
          () => json({ payment, ...(payment === ALL[17] ? { evidence: EVIDENCE } : {}) }),
        ]),
      ),
    },
  });
}

const listed = async (...argv: readonly string[]) => {
  const made = world();
  expect(await made.run('payments', ...argv, '--json')).toBe(0);
  return JSON.parse(made.out()) as { readonly payments: readonly Receipt[]; readonly totals: object };
};

describe('payments', () => {
  test('are read page by page until there are enough, with what they come to', async () => {
    const { payments, totals } = await listed('--limit', '12');
    expect(payments.map(({ processPaymentId }) => processPaymentId)).toEqual(
      ALL.slice(0, 12).map(({ processPaymentId }) => processPaymentId),
    );
    expect(totals).toEqual({ count: 12, paid: 8, paidUsd: '0.80', denied: 4 });
  });

  test('say where there are more, and say nothing where there are none', async () => {
    const some = world();
    await some.run('payments', '--limit', '29');
    expect(some.out()).toContain('there are more');
    const all = world();
    await all.run('payments', '--limit', '30');
    expect(all.out()).not.toContain('there are more');
    expect(all.out()).toContain('30 shown: 20 paid, USD 2.00 in all; 10 denied');
  });

  test('are those of an agent, of a payee, of a status, and since an instant', async () => {
    expect((await listed('--agent', 'even', '--limit', '100')).payments).toHaveLength(15);
    expect((await listed('--status', 'denied', '--limit', '100')).payments).toHaveLength(10);
    expect((await listed('--payee', PAID_RECEIPT.offer.payTo.toLowerCase(), '--limit', '100')).payments).toHaveLength(
      30,
    );
    expect((await listed('--payee', '0x0000000000000000000000000000000000000001')).payments).toHaveLength(0);
    expect((await listed('--since', '5h', '--limit', '100')).payments).toHaveLength(6);
    expect((await listed('--since', ALL[2]!.createdAt, '--limit', '100')).payments).toHaveLength(3);
  });

  test('fit a screen of 80 columns, and are whole elsewhere', async () => {
    const screen = world({ columns: 80 });
    await screen.run('payments');
    expect(
      Math.max(
        ...screen
          .out()
          .split('\n')
          .map((line) => line.length),
      ),
    ).toBeLessThanOrEqual(80);
    expect(screen.out()).toMatch(/example\.com\/market-data$/m);
    const pipe = world();
    await pipe.run('payments');
    expect(pipe.out()).toContain(ALL[0]!.processPaymentId);
    expect(pipe.out()).toContain(PAID_RECEIPT.offer.payTo);
  });

  test('as CSV have quotes where they must, and no formula', async () => {
    const made = world();
    await made.run('payments', '--limit', '2', '--csv');
    const [head = '', even = '', odd = ''] = made.out().split('\n');
    expect(head.split(',')).toHaveLength(15);
    expect(even.split(',')).toHaveLength(15);
    expect(odd).toContain(`"'=odd(""x"")"`);
  });

  test('are named by the first eight characters of an id', async () => {
    const made = world();
    expect(await made.run('payments', '00000017')).toBe(0);
    expect(JSON.parse(made.out())).toMatchObject({ processPaymentId: ALL[17]!.processPaymentId });
    expect(await world().run('payments', '99999999')).toBe(1);
    expect(await world().run('payments', '0000001')).toBe(2);
  });

  test('one by one, come with what their sellers signed, where they did', async () => {
    for (const id of ['00000017', ALL[17]!.processPaymentId]) {
      const made = world();
      expect(await made.run('payments', id)).toBe(0);
      expect(JSON.parse(made.out())).toEqual({ ...ALL[17], evidence: EVIDENCE });
    }
    const other = world();
    await other.run('payments', '00000016');
    expect(JSON.parse(other.out())).toEqual(ALL[16]);
  });
});
