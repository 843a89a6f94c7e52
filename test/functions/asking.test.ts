import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GetItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import canonicalize from 'canonicalize';
import { beforeAll, describe, expect, test } from 'vitest';
import { challengeOf, SELLER_URL } from '../support/asking.ts';
import { createTenant, newToken, offer, withFunctions, type Tenant } from '../support/functions.ts';

const functions = withFunctions();
const { call, database, logs } = functions;
let tenant: Tenant;
beforeAll(async () => {
  tenant = await createTenant(functions);
});

const OPERATIONS = ['QuoteChallenge', 'PayChallenge'] as const;

interface Case {
  readonly id: string;
  readonly requestedUrl?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly paymentRequired?: unknown;
  readonly body: string;
}

const CASES = JSON.parse(
  readFileSync(join(import.meta.dirname, '..', 'conformance', 'x402', 'real-402.json'), 'utf8'),
) as readonly Case[];

const bodyOf = (challenge: object = challengeOf([offer()]), more: object = {}) => ({
  paymentManagerArn: tenant.paymentManagerArn,
  paymentSessionId: tenant.paymentSessionId,
  paymentInstrumentId: tenant.paymentInstrumentId,
  request: { method: 'GET', url: SELLER_URL },
  challenge: { status: 402, ...challenge },
  ...more,
});

interface Refused {
  readonly __type: string;
  readonly fieldList: readonly { readonly name: string; readonly message: string }[];
  readonly bursar?: { readonly offers: readonly { readonly verdict: string; readonly code: string }[] };
}

async function everything(): Promise<string | undefined> {
  const { Items } = await database.client.send(
    new ScanCommand({ TableName: database.booksTable, ConsistentRead: true }),
  );
  return canonicalize(Items?.toSorted((a, b) => (a['pk']!.S! < b['pk']!.S! ? -1 : 1)));
}

describe('the 402 of a real seller', () => {
  test.each(CASES)(
    '$id is answered with a verdict for each offer, or with a code, and changes no book',
    async (each) => {
      const encoded =
        each.paymentRequired == null
          ? {}
          : { 'payment-required': Buffer.from(JSON.stringify(each.paymentRequired)).toString('base64') };
      const challenge = { headers: { ...each.headers, ...encoded }, body: each.body };
      const before = await everything();
      const { status, body } = await call<Refused & { quote?: { offers: readonly object[] } }>('QuoteChallenge', {
        json: bodyOf(challenge, {
          request: { method: 'POST', url: each.requestedUrl ?? 'https://api.seller.example/data' },
        }),
      });
      expect([200, 400]).toContain(status);
      if (status === 200) expect(body.quote!.offers.length).toBeGreaterThan(0);
      else
        expect(body.fieldList[0]?.name ?? body.__type).toMatch(/^bursar:challenge_unreadable$|^ValidationException$/);
      expect(await everything()).toBe(before);
    },
  );
});

describe.each(OPERATIONS)('%s refuses', (operation) => {
  const wide = Object.fromEntries(Array.from({ length: 101 }, (_, index) => [`x-${index}`, '']));
  test.each<[string, object, string]>([
    ['another status', { challenge: { status: 200, headers: {} } }, 'challenge.status'],
    ['headers that are text', { challenge: { status: 402, headers: 'x' } }, 'challenge.headers'],
    ['a header of two values', { challenge: { status: 402, headers: { a: ['1', '2'] } } }, 'challenge.headers.a'],
    ['a header twice, in two cases', { challenge: { status: 402, headers: { a: '1', A: '2' } } }, 'challenge.headers'],
    ['more headers than there are', { challenge: { status: 402, headers: wide } }, 'challenge.headers'],
    ['a body that is no text', { challenge: { status: 402, headers: {}, body: {} } }, 'challenge.body'],
    ['a URL of no web', { request: { method: 'GET', url: 'file:///etc/passwd' } }, 'request.url'],
    ['a URL too long', { request: { method: 'GET', url: `https://a.example/${'x'.repeat(2_031)}` } }, 'request.url'],
    ['a method that is none', { request: { method: 'G T', url: SELLER_URL } }, 'request.method'],
    ['an intent too long', { request: { method: 'GET', url: SELLER_URL, intent: 'x'.repeat(513) } }, 'request.intent'],
    ['a hash that is none', { request: { method: 'GET', url: SELLER_URL, bodyHash: 'x' } }, 'request.bodyHash'],
    ['no network', { networks: [] }, 'networks'],
    ['a price that is none', { maxPrice: { value: '-1', currency: 'USD' } }, 'maxPrice.value'],
    ['a rule that is none', { resource: 'all' }, 'resource'],
  ])('%s, and names the member', async (_what, more, name) => {
    const { status, body, text } = await call<Refused>(operation, { json: bodyOf(undefined, more) });
    expect([status, body.fieldList.map((field) => field.name)]).toEqual([400, [name]]);
    expect(text).not.toContain('etc/passwd');
  });

  test('more than 64 kB in all, and takes a little less', async () => {
    const sized = (chars: number) => bodyOf({ headers: {}, body: 'x'.repeat(chars) });
    const spare = 64 * 1024 - JSON.stringify(sized(0)).length;
    const over = await call<Refused>(operation, { json: sized(spare + 1) });
    expect(over.text).toContain('larger than 65536 bytes');
    const { body } = await call<Refused>(operation, { json: sized(spare) });
    expect(body.fieldList[0]?.name).toBe('bursar:challenge_unreadable');
  });

  test('somebody else’s session and wallet', async () => {
    const other = await createTenant(functions, 'user-2');
    for (const [name, code] of [
      ['paymentSessionId', 'bursar:session_not_found'],
      ['paymentInstrumentId', 'bursar:instrument_not_found'],
    ] as const) {
      const { body } = await call<Refused>(operation, { json: bodyOf(undefined, { [name]: other[name] }) });
      expect(body.fieldList[0]?.name).toBe(code);
    }
  });
});

test('a refusal of all offers has the verdict on each', async () => {
  const challenge = challengeOf([offer({ network: 'eip155:8453' }), { scheme: 'unheard-of' }]);
  const { status, body } = await call<Refused>('PayChallenge', { json: bodyOf(challenge) });
  expect([status, body.fieldList[0]?.name]).toEqual([400, 'bursar:no_payable_offer']);
  expect(body.bursar?.offers.map(({ verdict, code }) => [verdict, code])).toEqual([
    ['REFUSED', 'bursar:unsupported_asset'],
    ['REFUSED', 'bursar:unsupported_scheme'],
  ]);
});

test('a call without a client token pays once', async () => {
  const { status, body } = await call<{ headers: readonly { name: string }[] }>('PayChallenge', { json: bodyOf() });
  expect([status, body.headers.map(({ name }) => name)]).toEqual([200, ['PAYMENT-SIGNATURE']]);
});

test('what is logged names the operation and the payment, and neither proof nor what the seller or the caller wrote', async () => {
  logs.length = 0;
  const clientToken = newToken();
  const json = bodyOf(challengeOf([offer()], { error: 'canary-1' }), {
    clientToken,
    request: { method: 'GET', url: `${SELLER_URL}?key=canary-2`, intent: 'canary-3' },
  });
  const paid = await call<{ processPaymentId: string; headers: readonly { value: string }[] }>('PayChallenge', {
    json,
  });
  const again = await call('PayChallenge', { json });
  expect([again.text, again.headers['x-bursar-replayed']]).toEqual([paid.text, 'true']);
  await call('QuoteChallenge', { json });
  const [first, second, third] = logs.map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(first).toMatchObject({ operation: 'PayChallenge', paymentId: paid.body.processPaymentId, amountUsd: '0.50' });
  expect(first).toMatchObject({ PaymentSuccessCount: 1, SpendAmount: 0.5 });
  expect(second).toMatchObject({ operation: 'PayChallenge', replayed: true });
  expect(third).toMatchObject({ operation: 'QuoteChallenge', OperationSuccess: 1 });
  expect(third).not.toHaveProperty('PaymentRequestCount');
  const text = logs.join('');
  for (const secret of ['canary', paid.body.headers[0]!.value, clientToken]) {
    expect(text).not.toContain(secret);
  }
});

describe('books that are new', () => {
  const fresh = withFunctions();

  test('are quoted as they are, and get no gate by it', async () => {
    const own = await createTenant(fresh);
    const gate = new GetItemCommand({ TableName: fresh.database.booksTable, Key: { pk: { S: 'GATE' } } });
    // Whatever made it: a question must do without.
    const before = (await fresh.database.client.send(gate)).Item;
    const { status } = await fresh.call('QuoteChallenge', {
      json: {
        ...own,
        request: { method: 'GET', url: SELLER_URL },
        challenge: { status: 402, ...challengeOf([offer()]) },
      },
    });
    expect(status).toBe(200);
    expect((await fresh.database.client.send(gate)).Item).toEqual(before);
  });
});
