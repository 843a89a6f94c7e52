import { expect, test } from 'vitest';
import { createReadyWorld, INSTRUMENT, json, sessionView } from './world.ts';

const ROLE = 'arn:aws:iam::111122223333:role/shop';

test('session create pins to what is named and to nothing else, and session show says so', async () => {
  const pinnedTo = { paymentInstrumentId: INSTRUMENT, agentName: 'buyer\u001b[2J', caller: ROLE };
  const paymentSession = { ...sessionView, pinnedTo };
  const cli = createReadyWorld({
    routes: {
      '/createPaymentSession': () => json({ paymentSession }),
      '/getPaymentSession': () => json({ paymentSession }),
    },
  });
  const words = ['--pin-wallet', INSTRUMENT, '--pin-agent', 'buyer', '--pin-caller', ROLE];
  expect([await cli.run('session', 'create', ...words), cli.err()]).toEqual([0, '']);
  expect(await cli.run('session', 'create')).toBe(0);
  expect(await cli.run('session', 'show')).toBe(0);
  const sent = cli.seen.slice(0, 2).map(({ body }) => JSON.parse(body) as Record<string, unknown>);
  expect(sent[0]).toMatchObject({ pinnedTo: { paymentInstrumentId: INSTRUMENT, agentName: 'buyer', caller: ROLE } });
  expect(sent[1]).not.toHaveProperty('pinnedTo');
  expect(cli.out()).toMatch(/only for\s+payment-instrument-/);
  expect(cli.out()).not.toContain('\u001b');
});

test('session create lets purchases have Permit2 approved where that is said, and session show says what it may cost', async () => {
  const walletApprovals = { allowed: true, gasPerDay: '2000000000000000' };
  const cli = createReadyWorld({
    routes: {
      '/createPaymentSession': () => json({ paymentSession: { ...sessionView, walletApprovals } }),
      '/getPaymentSession': () => json({ paymentSession: { ...sessionView, walletApprovals } }),
    },
  });
  expect(await cli.run('session', 'create', '--approvals')).toBe(0);
  expect(await cli.run('session', 'create')).toBe(0);
  expect(await cli.run('session', 'show')).toBe(0);
  const sent = cli.seen.slice(0, 2).map(({ body }) => JSON.parse(body) as Record<string, unknown>);
  expect(sent[0]).toMatchObject({ walletApprovals: { allowed: true } });
  expect(sent[1]).not.toHaveProperty('walletApprovals');
  expect(cli.out()).toContain('at most 0.002 of gas a day and wallet');
});
