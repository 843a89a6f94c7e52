import { beforeEach, describe, expect, test } from 'vitest';
import { toChecksumAddress } from '../../../lib/chains/evm/address.ts';
import type { Session } from '../../../lib/domain/payment/session.ts';
import { parsePaymentInput } from '../../../lib/protocols/catalogue.ts';
import { payChallenge, type PayChallengeRequest } from '../../../lib/service/asking/pay-challenge.ts';
import { askingRequest, challengeOf } from '../../support/asking.ts';
import { withDatabase } from '../../support/database.ts';
import { offer } from '../../support/functions.ts';
import { createPayingWorld, createTestClock, type PayingWorld } from '../../support/paying.ts';

const database = withDatabase();
let world: PayingWorld;
let session: Session;

beforeEach(async () => {
  world = await createPayingWorld(database, { clock: createTestClock() });
  session = await world.open();
});

const FACILITATOR = toChecksumAddress(`0x${'fa'.repeat(20)}`);
const OTHER_FACILITATOR = toChecksumAddress(`0x${'fb'.repeat(20)}`);
const ceilingOf = (facilitatorAddress: string) => ({ scheme: 'upto', extra: { facilitatorAddress } });
const TRANSFER = {};
const PERMIT = { extra: { assetTransferMethod: 'permit2' } };
const CEILING = ceilingOf(FACILITATOR);

async function present(request: PayChallengeRequest) {
  const result = await payChallenge({ ...world.deps, facilitators: new Set([FACILITATOR]) }, request);
  if (!result.ok) throw new Error(result.error.reason);
  const { payment, presentation } = result.value;
  return { stored: payment.offer, entry: presentation.entry as Record<string, unknown> };
}

describe('a proof is presented in the way that was signed', () => {
  test.each<[string, object, readonly object[]]>([
    ['a transfer', TRANSFER, [CEILING, PERMIT]],
    ['a permit', PERMIT, [TRANSFER, CEILING]],
    ['a ceiling', CEILING, [TRANSFER, PERMIT]],
    ['a ceiling of one facilitator', CEILING, [ceilingOf(OTHER_FACILITATOR)]],
    ['a transfer, of no offer that could be read', TRANSFER, [{ scheme: 'unheard-of', description: 'kept' }]],
    ['a permit, beside one at another price', PERMIT, [TRANSFER, { ...PERMIT, description: 'kept' }]],
  ])('of %s, whatever the next 402 has', async (_what, way, others) => {
    const request = askingRequest(world, session, { challenge: challengeOf([offer({ ...way, amount: '200000' })]) });
    const { stored } = await present(request);
    const { entry } = await present({ ...request, challenge: challengeOf(others.map((each) => offer(each))) });
    const input = { cryptoX402: { version: '2', payload: entry } };
    const read = await parsePaymentInput('CRYPTO_X402', input, { networks: new Set(['eip155:84532']) });
    expect(read).toEqual({ ok: true, value: stored });
    const described = others.find((each) => 'description' in each);
    expect(entry['description']).toBe(described === undefined ? undefined : 'kept');
  });

  test('as the entry that it is for, exactly as the seller spelt it', async () => {
    const entry = offer({ amount: '200000', description: 'cheap', extra: {} });
    const spelt = { ...entry, payTo: (entry['payTo'] as string).toLowerCase() };
    const accepts = [offer({ amount: '300000', description: 'dear' }), spelt];
    const request = askingRequest(world, session, { challenge: challengeOf(accepts) });
    expect((await present(request)).entry).toEqual(spelt);
    expect((await present({ ...request, challenge: challengeOf(accepts.toReversed()) })).entry).toEqual(spelt);
  });

  test('where its entry is gone, with what stands in one of the same way, on its network if there is one', async () => {
    const request = askingRequest(world, session, { challenge: challengeOf([offer({ amount: '200000' })]) });
    const { stored } = await present(request);
    const elsewhere = { network: 'eip155:8453', asset: '0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913' };
    const entryAfter = async (...others: readonly object[]) =>
      (await present({ ...request, challenge: challengeOf(others.map((each) => offer(each))) })).entry;
    const kept = { name: 'USDC', version: '2', ours: 'kept' };
    expect(
      await entryAfter(
        { ...elsewhere, extra: {}, description: 'elsewhere' },
        { description: 'here', amount: '7', extra: kept },
      ),
    ).toEqual(offer({ description: 'here', amount: '200000', extra: kept }));
    expect(await entryAfter({ ...elsewhere, extra: {}, description: 'elsewhere' })).toMatchObject({
      description: 'elsewhere',
      network: stored.network,
      asset: stored.asset,
      amount: '200000',
    });
    expect(
      await entryAfter({ ...elsewhere, ...CEILING, description: 'elsewhere' }, { ...CEILING, description: 'here' }),
    ).toMatchObject({ description: 'here', scheme: 'exact', amount: '200000' });
  });

  test('of no entry at all, with the time that was signed for', async () => {
    const request = askingRequest(world, session, {
      challenge: challengeOf([offer({ amount: '200000', maxTimeoutSeconds: 45 })]),
    });
    await present(request);
    expect((await present({ ...request, challenge: challengeOf(['no object']) })).entry).toMatchObject({
      maxTimeoutSeconds: 45,
      amount: '200000',
    });
  });

  test('of the right one among offers of one price', async () => {
    const accepts = [offer(CEILING), offer(PERMIT), offer(TRANSFER)];
    const request = askingRequest(world, session, { challenge: challengeOf(accepts) });
    expect((await present(request)).entry).toEqual(offer(TRANSFER));
    expect((await present({ ...request, challenge: challengeOf(accepts.toReversed()) })).entry).toEqual(
      offer(TRANSFER),
    );
  });
});
