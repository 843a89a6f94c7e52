import { beforeAll, describe, expect, test } from 'vitest';
import { formatInstrumentId } from '../../../lib/domain/drawn-ids.ts';
import type { Payment } from '../../../lib/domain/payment/payment.ts';
import type { SessionPins } from '../../../lib/domain/payment/pins.ts';
import { signedCaller, type Principal } from '../../../lib/domain/tenants/principal.ts';
import { processPayment } from '../../../lib/service/paying/process-payment.ts';
import { withDatabase } from '../../support/database.ts';
import { createPayingWorld, createTestClock, paid, type PayingWorld } from '../../support/paying.ts';

const ROLE = 'arn:aws:iam::111122223333:role/shop';
const OTHER_ROLE = 'arn:aws:iam::111122223333:role/stranger';
const database = withDatabase();
let world: PayingWorld;
let otherInstrument: string;

beforeAll(async () => {
  world = await createPayingWorld(database, { clock: createTestClock() });
  otherInstrument = formatInstrumentId(new Uint8Array(16).fill(7));
  const instrument = { ...world.instrument, instrumentId: otherInstrument };
  await world.registry.beginInstrument({ ...instrument, status: 'INITIATED', wallet: null }, 'hash', 0 as never);
  await world.registry.completeInstrument(instrument);
});

const as = (callerArn?: string): Principal => signedCaller('user-1', callerArn);
const own = () => ({ agentName: 'buyer', principal: as(ROLE), instrumentId: world.instrument.instrumentId });
const pins = (): SessionPins => ({
  instrumentId: world.instrument.instrumentId,
  agentName: 'buyer',
  caller: ROLE,
});

/** A session that was opened so, and the books' requests since. */
async function opened(pinned: SessionPins | undefined) {
  const session = await world.open(pinned === undefined ? {} : { pins: pinned });
  const sent: string[] = [];
  const { ledger } = world.deps;
  const noted = {
    ...ledger,
    reserve: (...args: Parameters<typeof ledger.reserve>) => (sent.push('reserve'), ledger.reserve(...args)),
    putIntent: (payment: Payment) => (sent.push('intent'), ledger.putIntent(payment)),
  };
  return { session, sent, deps: { ...world.deps, ledger: noted } };
}

describe('a session that is pinned', () => {
  const others: readonly (readonly [string, () => object, string])[] = [
    ['wallet', () => ({ instrumentId: otherInstrument }), 'instrument'],
    ['agent', () => ({ agentName: 'stranger' }), 'agent'],
    ['agent by the case of a letter', () => ({ agentName: 'Buyer' }), 'agent'],
    ['agent that is not stated', () => ({ agentName: null }), 'agent'],
    ['caller', () => ({ principal: as(OTHER_ROLE) }), 'caller'],
    ['caller that nobody named', () => ({ principal: as() }), 'caller'],
  ];

  test.each(others)('pays from no other %s, and nothing is written', async (_what, change, to) => {
    const { session, sent, deps } = await opened(pins());
    const request = world.request(session, { ...own(), ...change() });
    expect(await processPayment(deps, request)).toEqual({ ok: false, error: { reason: 'session_pinned', to } });
    expect(sent).toEqual([]);
    expect(await world.ledger.readSession(session)).toEqual(session);
  });

  test.each(others)(
    'pays from no other %s where the payer is known already: nothing is reserved',
    async (_what, change, to) => {
      const { session, sent, deps } = await opened(pins());
      paid(await processPayment(deps, world.request(session, own())));
      // The other wallet is known within the same session, too.
      const { sessionExpiresAt, ...known } = world.deps.payers.get({ ...session, instrumentId: own().instrumentId })!;
      deps.payers.set({ ...session, instrumentId: otherInstrument }, { sessionExpiresAt, ...known });
      sent.length = 0;
      const request = world.request(session, { ...own(), ...change() });
      expect(await processPayment(deps, request)).toEqual({ ok: false, error: { reason: 'session_pinned', to } });
      expect(sent).not.toContain('reserve');
      expect((await world.ledger.readSession(session))?.budget).toMatchObject({ reserved: 0n, spent: 500_000n });
      // The same token pays where the pinned ones use it.
      if (request.instrumentId === own().instrumentId) paid(await processPayment(deps, { ...request, ...own() }));
    },
  );

  test('pays for the wallet, agent and caller that it was opened for, and replays', async () => {
    const { session, sent, deps } = await opened(pins());
    const request = world.request(session, own());
    const first = paid(await processPayment(deps, request));
    expect(paid(await processPayment(deps, request))).toEqual(first);
    expect(paid(await processPayment(deps, { ...request, replayOnly: true }))).toEqual(first);
    expect(sent.filter((each) => each === 'reserve')).toHaveLength(1);
  });

  test('by one of the three asks for that one alone', async () => {
    const { session, deps } = await opened({ agentName: 'buyer' });
    const request = { ...own(), principal: as(OTHER_ROLE), instrumentId: otherInstrument };
    paid(await processPayment(deps, world.request(session, request)));
  });

  test('takes up no payment for another that the pinned one began', async () => {
    const { session, deps } = await opened(pins());
    const request = world.request(session, own());
    const failing = {
      ...deps,
      signers: { SeedVault: { type: 'SeedVault', sign: async () => Promise.reject(new Error('down')) } },
    };
    await expect(processPayment(failing as never, request)).rejects.toThrow('down');
    expect(await processPayment(deps, { ...request, principal: as(OTHER_ROLE) })).toMatchObject({
      error: { reason: 'session_pinned', to: 'caller' },
    });
    paid(await processPayment(deps, request));
  });
});

test('a session that is not pinned pays for every agent, caller and wallet of its user', async () => {
  const { session, deps } = await opened(undefined);
  paid(await processPayment(deps, world.request(session, own())));
  const other = { agentName: null, principal: as(OTHER_ROLE), instrumentId: otherInstrument };
  paid(await processPayment(deps, world.request(session, other)));
});
