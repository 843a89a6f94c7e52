import { expect, test } from 'vitest';
import { createPayChallengeHandler } from '../../../lib/functions/paying/pay-challenge.ts';
import { createEvidenceStore } from '../../../lib/ledger/dynamodb/evidence/evidence-store.ts';
import { createLeanStore } from '../../../lib/ledger/dynamodb/store/lean-client.ts';
import { NotNow } from '../../../lib/domain/ports/services.ts';
import { createRequestRecord } from '../../../lib/telemetry/request-record.ts';
import { parsePaymentId } from '../../../lib/domain/ids.ts';
import { addMs } from '../../../lib/domain/time.ts';
import { askingRequest, challengeOf, SELLER_URL } from '../../support/asking.ts';
import { withDatabase } from '../../support/database.ts';
import { offer } from '../../support/functions.ts';
import { createPayingWorld } from '../../support/paying.ts';

const database = withDatabase();

/** Pays a challenge with a signed offer, as often as it is told to. */
async function open() {
  const reported: string[] = [];
  const world = await createPayingWorld(database, {
    overrides: { report: ({ event }) => void reported.push(event) },
  });
  const session = await world.open();
  const client = createLeanStore(process.env).createClient({ maxAttempts: 1 });
  const entry = offer();
  const said = { version: 1, resourceUrl: SELLER_URL, ...entry, validUntil: 1 };
  const offers = [{ format: 'eip712', payload: said, signature: `0x${'5a'.repeat(65)}` }];
  const { principal, challenge: _challenge, ...asked } = askingRequest(world, session);
  const challenge = challengeOf([entry], { extensions: { 'offer-receipt': { info: { offers } } } });
  const deployment = { partition: 'aws', account: '111122223333', region: 'us-east-1' } as const;

  const pay = async ({ store = client, deadline = asked.deadline } = {}) => {
    const table = { tableName: world.booksTable, client: store };
    const handle = createPayChallengeHandler({}, deployment, table, world.deps);
    const manager = { deployment, resource: session.managerId };
    const call = { input: { ...asked, manager, challenge }, principal, agentName: null, deadline };
    const answer = await handle({ ...call, record: createRequestRecord() } as unknown as Parameters<typeof handle>[0]);
    return answer.ok ? answer.value.body : answer.error;
  };
  const readOffer = async (paid: Awaited<ReturnType<typeof pay>>) => {
    const { processPaymentId } = paid as { readonly processPaymentId: string };
    const kept = createEvidenceStore({ tableName: world.booksTable, client });
    return (await kept.readEvidence(parsePaymentId(processPaymentId)!)).offer;
  };
  return { pay, readOffer, client, reported, clock: world.deps.clock };
}

test('evidence that the books do not take costs its payment nothing, and a retry keeps it', async () => {
  const { pay, readOffer, client, reported } = await open();
  const throttled = { ...client, updateItem: () => Promise.reject(new NotNow('throttled')) };
  const first = await pay({ store: throttled });
  expect(first).toMatchObject({ status: 'PROOF_GENERATED' });
  expect(reported).toEqual(['payment.evidence_lost']);
  expect(await pay()).toEqual(first);
  expect(await readOffer(first)).toMatchObject({ signer: 'unknown' });
});

test('a proof whose time is nearly over does not wait for its evidence', async () => {
  const { pay, readOffer, client, reported, clock } = await open();
  const throttled = { ...client, updateItem: () => Promise.reject(new NotNow('throttled')) };
  const first = await pay({ store: throttled });
  expect(await pay({ deadline: addMs(clock.now(), 3_999) })).toEqual(first);
  expect(reported).toEqual(['payment.evidence_lost', 'payment.evidence_lost']);
  expect(await readOffer(first)).toBeNull();
});
