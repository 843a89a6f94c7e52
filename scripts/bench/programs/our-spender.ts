import { randomUUID } from 'node:crypto';
import { signedCaller } from '../../../lib/domain/tenants/principal.ts';
import { addMs } from '../../../lib/domain/time.ts';
import { createPolicyReader } from '../../../lib/ledger/dynamodb/policies/policy-reader.ts';
import { createLeanStore } from '../../../lib/ledger/dynamodb/store/lean-client.ts';
import { createDatabaseClient } from '../../../lib/local/database/client.ts';
import { buildPaymentHeader, parsePaymentRequired } from '../../../lib/protocols/x402/payment-required.ts';
import { processPayment } from '../../../lib/service/paying/process-payment.ts';
import { createPolicySource } from '../../../lib/service/policing/policy-source.ts';
import { createPayingWorld } from '../../../test/support/paying.ts';
import { chooseOffer, presentProof } from '../../../test/support/x402.ts';
import { callOnSchedule } from '../overspend/schedule.ts';
import { reportToParent } from './report.ts';

// Usage: node our-spender.ts SELLER_URL BOOKS, run by the bench.

interface Books {
  readonly endpoint: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly booksTable: string;
  readonly registryTable: string;
  readonly managerId: string;
  readonly userId: string;
  readonly sessionId: string;
  readonly instrumentId: string;
}

const INVOCATION_MS = 15_000;
const TRIES_MAX = 100;

const [url = '', given = '{}'] = process.argv.slice(2);
const books = JSON.parse(given) as Books;
const { endpoint, environment, booksTable, registryTable, managerId, userId, sessionId, instrumentId } = books;
const client = createDatabaseClient(endpoint);
const database = { endpoint, environment, client, booksTable, registryTable, freshTables: async () => books };
const world = await createPayingWorld(database, { endpoint });
const { clock } = world.deps;
const reader = createPolicyReader({
  tableName: registryTable,
  client: createLeanStore(process.env).createClient({ maxAttempts: 3 }),
});
const deps = { ...world.deps, policies: createPolicySource({ reader, clock }) };

/** One purchase: busy is asked again with the same token, as the client does. */
async function call(): Promise<Response> {
  const asked = await fetch(url);
  const read = parsePaymentRequired({ headers: asked.headers, body: await asked.text() });
  if (!read.ok || read.value === null) throw new Error('the seller of the bench asks for nothing');
  const chosen = chooseOffer(read.value, { requestedUrl: url });
  if (!chosen.ok) throw new Error(chosen.error.message);
  const clientToken = randomUUID();
  for (let tries = 1; tries <= TRIES_MAX; tries += 1) {
    const paid = await processPayment(deps, {
      managerId,
      principal: signedCaller(userId),
      agentName: null,
      resource: null,
      sessionId,
      instrumentId,
      paymentType: 'CRYPTO_X402',
      paymentInput: { cryptoX402: { version: '2', payload: chosen.value.entry } },
      clientToken,
      replayOnly: false,
      deadline: addMs(clock.now(), INVOCATION_MS),
    });
    if (paid.ok) {
      const { offer, terms, signatures } = paid.value;
      if (terms.transferMethod !== 'eip3009') throw new Error('the bench pays by EIP-3009');
      const proof = presentProof(offer, terms, signatures![0]!);
      const { name, value } = await buildPaymentHeader(read.value, chosen.value, proof);
      return fetch(url, { headers: { [name]: value } });
    }
    if (paid.error.reason !== 'busy') throw new Error(paid.error.reason);
    await clock.sleep(50);
  }
  throw new Error('busy');
}

const { paid } = await callOnSchedule(call);
reportToParent({ paid });
client.destroy();
