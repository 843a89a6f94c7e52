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

  test('of the right one among offers of one price', async () => {
    const accepts = [offer(CEILING), offer(PERMIT), offer(TRANSFER)];
    const request = askingRequest(world, session, { challenge: challengeOf(accepts) });
    expect((await present(request)).entry).toEqual(offer(TRANSFER));
    expect((await present({ ...request, challenge: challengeOf(accepts.toReversed()) })).entry).toEqual(
      offer(TRANSFER),
    );
  });
});
