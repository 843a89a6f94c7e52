import { describe, expect, test } from 'vitest';
import { createReadyWorld, json, MANAGER, SESSION } from './world.ts';

const OTHER = 'payment-session-abcdefghijklmno';
const usd = (value: string) => ({ value, currency: 'USD' });
const topUp = {
  paymentManagerArn: MANAGER,
  paymentSessionId: SESSION,
  userId: 'alice',
  amount: usd('5.00'),
  previousLimit: usd('10.00'),
  limit: usd('15.00'),
  toppedUpAt: '2026-03-01T11:00:00.000Z',
  toppedUpBy: 'role/\u001b[2J',
};
const open = (topUps: readonly object[] = [topUp]) =>
  createReadyWorld({
    routes: { '/sessions/topups': ({ method }) => json(method === 'GET' ? { topUps } : { topUp }) },
  });

describe('session topup', () => {
  test('adds to the session that was created last, or to the one that is named, under a client token of its own', async () => {
    const cli = open();
    expect([await cli.run('session', 'topup', '5.00'), cli.err()]).toEqual([0, '']);
    expect(await cli.run('session', 'topup', '5', OTHER)).toBe(0);
    const sent = cli.seen.map(({ body }) => JSON.parse(body) as Record<string, unknown>);
    expect(sent).toMatchObject([
      { paymentManagerArn: MANAGER, paymentSessionId: SESSION, amount: usd('5.00') },
      { paymentSessionId: OTHER, amount: usd('5') },
    ]);
    expect(sent[0]!['clientToken']).toMatch(/^bursar-cli-[0-9a-f]{32}$/);
    expect(cli.out()).toContain('USD 15.00, before USD 10.00');
  });

  test.each([
    [['0'], 'above zero'],
    [['five'], 'the amount must be'],
    [['-5.00'], ''],
    [['1000.01'], 'BURSAR_MAX_BUDGET_USD'],
    [[], ''],
  ])('sends nothing for %j', async (words, expected) => {
    const cli = open();
    expect(await cli.run('session', 'topup', ...words)).toBe(2);
    expect(cli.err()).toContain(expected);
    expect(cli.seen).toEqual([]);
  });
});

describe('session topups', () => {
  test('says who raised the budget and when, and no letter of a name moves the screen', async () => {
    const cli = open();
    expect(await cli.run('session', 'topups')).toBe(0);
    expect(cli.out()).toMatch(/2026-03-01T11:00:00.000Z\s+5.00\s+15.00\s+role\//);
    expect(cli.out()).not.toContain('\u001b');
  });

  test('says that there was none', async () => {
    const cli = open([]);
    expect(await cli.run('session', 'topups', OTHER)).toBe(0);
    expect(cli.out()).toContain('opened with');
  });
});
