import * as fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import type { OperationName } from '../../lib/contract/operations.ts';
import { OPERATIONS } from '../../lib/contract/operations.ts';
import {
  newToken,
  createTenant,
  offer,
  paymentRequest,
  withFunctions,
  type Answer,
  type Tenant,
} from '../support/functions.ts';

const functions = withFunctions();
const { call } = functions;
let tenant: Tenant;
beforeAll(async () => {
  tenant = await createTenant(functions);
});

const CANARY = 'canary5f1e';
const ZERO_ADDRESS = `0x${'0'.repeat(40)}`;

const INVALID = { status: 400, name: 'ValidationException' };
/** AWS's error for what is not enabled. */
const NOT_ENABLED = { status: 403, name: 'AccessDeniedException' };

function expectRefusal(answer: Answer, { status, name } = INVALID): void {
  expect(answer.status).toBe(status);
  expect(answer.headers).toMatchObject({
    'content-type': 'application/json',
    'x-amzn-errortype': name,
    'x-amzn-requestid': expect.any(String) as string,
  });
  expect(answer.body).toMatchObject({ __type: name, message: expect.any(String) as string });
  expect(answer.body['message']).not.toMatch(/budget|insufficient|expired|inactive/i);
}

async function expectNothingReserved(): Promise<void> {
  const { body } = await call<{ paymentSession: object }>('GetPaymentSession', { json: tenant });
  expect(body.paymentSession).toMatchObject({
    availableLimits: { availableSpendAmount: { value: '10.00' } },
    reservedAmount: { value: '0.00' },
    spentAmount: { value: '0.00' },
  });
  const payments = await call('ListPayments', { json: { paymentManagerArn: tenant.paymentManagerArn } });
  expect(payments.body['payments']).toEqual([]);
}

const withoutAmount = () => {
  const { amount: _amount, ...rest } = offer();
  return rest;
};

describe('a challenge from a hostile seller', () => {
  test.each<[string, object, string]>([
    ['an exponent', offer({ amount: '1e3' }), 'payload.amount'],
    ['a hexadecimal number', offer({ amount: '0x10' }), 'payload.amount'],
    ['a negative amount', offer({ amount: '-1' }), 'payload.amount'],
    ['a fraction', offer({ amount: '0.5' }), 'payload.amount'],
    ['no amount', withoutAmount(), 'payload.amount'],
    ['an empty amount', offer({ amount: '' }), 'payload.amount'],
    ['an amount of zero', offer({ amount: '0' }), 'payload.amount'],
    ['an amount with blanks', offer({ amount: ' 500000' }), 'payload.amount'],
    ['an amount beyond uint256', offer({ amount: '9'.repeat(78) }), 'payload.amount'],
    ['an amount of a thousand digits', offer({ amount: '9'.repeat(1_000) }), 'payload.amount'],
    ['two amounts that differ', offer({ maxAmountRequired: '500001' }), 'payload.amount'],
    ['an unknown network', offer({ network: 'eip155:999999' }), 'payload.network'],
    ['a network that is not allowed here', offer({ network: 'eip155:8453' }), 'payload.network'],
    ['a token that only calls itself USDC', offer({ asset: `0x${'1'.repeat(40)}` }), 'payload.asset'],
    ['an asset that is no address', offer({ asset: 'USDC' }), 'payload.asset'],
    ['the wrong domain', offer({ extra: { name: 'Fake USD', version: '2' } }), 'payload.extra.name'],
    ['the zero address as payee', offer({ payTo: ZERO_ADDRESS }), 'payload.payTo'],
    ['a payee that is no address', offer({ payTo: '0x1234' }), 'payload.payTo'],
    ['no time', offer({ maxTimeoutSeconds: 0 }), 'payload.maxTimeoutSeconds'],
    ['a ceiling that nobody is named to decide on', offer({ scheme: 'upto' }), 'payload.extra.facilitatorAddress'],
    ['batch settlement', offer({ scheme: 'batch-settlement' }), 'payload.scheme'],
    ['an unknown scheme', offer({ scheme: `budget expired ${CANARY}` }), 'payload.scheme'],
  ])('is refused for %s, with a code and nothing reserved', async (_what, payload, field) => {
    const answer = await call('ProcessPayment', { json: paymentRequest(tenant, {}, payload) });
    expectRefusal(answer, field === 'payload.scheme' ? NOT_ENABLED : INVALID);
    const names = (answer.body['fieldList'] as { name: string }[]).map(({ name }) => name);
    expect(names).toEqual([`paymentInput.cryptoX402.${field}`, expect.stringMatching(/^bursar:[a-z_0-9]+$/)]);
    await expectNothingReserved();
  });

  test.each<[string, unknown]>([
    ['text', 'eyJ4NDAyVmVyc2lvbiI6MX0='],
    ['a list', [offer()]],
    ['a number', 5],
    ['nothing', null],
  ])('is refused when it is %s', async (_what, payload) => {
    expectRefusal(await call('ProcessPayment', { json: paymentRequest(tenant, {}, payload as object) }));
  });

  // A seller's entry is echoed by the client and never hashed, so that what has no canonical form harms nothing within it.
  test.each<[string, (json: string) => string]>([
    ['an unpaired surrogate', (json) => json.replace('"echoed":0', '"echoed":"\\ud800"')],
    ['the number 1e999', (json) => json.replace('"echoed":0', '"echoed":1e999')],
  ])('is paid where it holds %s in a member that is only echoed', async (_what, plant) => {
    const own = await createTenant(functions);
    const answer = await call('ProcessPayment', {
      event: { body: plant(JSON.stringify(paymentRequest(own, {}, offer({ echoed: 0 })))) },
    });
    expect(answer.status).toBe(200);
  });

  test.each(['1e999', '-1e999'])(
    'is refused for the number %s outside the entry, which has no canonical form',
    async (number) => {
      const body = JSON.stringify(paymentRequest(tenant, { huge: 0 })).replace('"huge":0', `"huge":${number}`);
      const answer = await call('ProcessPayment', { event: { body } });
      expectRefusal(answer);
      expect(answer.body['reason']).toBe('CannotParse');
    },
  );

  test.each<[string, object]>([
    ['an unknown type', { paymentType: 'budget' }],
    [
      'AWS_BILLING_X402',
      {
        paymentType: 'AWS_BILLING_X402',
        paymentInstrumentId: 'aws.agentcorepayments.awsbilling.v1',
        paymentInput: { awsBillingX402: { version: '2', payload: { extra: { quoteToken: 'a.b.c' } } } },
      },
    ],
    ['an inherited name', { paymentType: 'toString' }],
  ])('is refused for the payment type of %s', async (_what, overrides) => {
    const answer = await call('ProcessPayment', { json: paymentRequest(tenant, overrides) });
    expectRefusal(answer, NOT_ENABLED);
    expect(answer.body['fieldList']).toMatchObject([
      { name: 'paymentType' },
      { name: 'bursar:unsupported_payment_type' },
    ]);
  });

  test.each(['3', '', 2, null])('is refused for version %j', async (version) => {
    const paymentInput = { cryptoX402: { version, payload: offer() } };
    expectRefusal(await call('ProcessPayment', { json: paymentRequest(tenant, { paymentInput }) }));
  });
});

describe('a request from a hostile caller', () => {
  test.each<[string, string | null, object]>([
    [
      'a connector, which AWS takes for an unknown member',
      'paymentConnectorId',
      { paymentConnectorId: 'seed-0123456789' },
    ],
    ['a session id of the wrong type', 'paymentSessionId', { paymentSessionId: { $ne: null } }],
    ['a session id with a path in it', 'paymentSessionId', { paymentSessionId: '../../payment-session-00000000' }],
    ['an id of a megabyte less a bit', 'paymentInstrumentId', { paymentInstrumentId: 'x'.repeat(60_000) }],
    ['a text for its input', 'paymentInput', { paymentInput: 'cryptoX402' }],
    ['a list for its input', 'paymentInput.cryptoX402', { paymentInput: [] }],
    ['a token that is too short', 'clientToken', { clientToken: 'x'.repeat(32) }],
    ['a token that is too long', 'clientToken', { clientToken: 'x'.repeat(257) }],
    ['a token that ends in a hyphen', 'clientToken', { clientToken: `${'x'.repeat(40)}-` }],
    ['a token of many hyphens', 'clientToken', { clientToken: `x${'-'.repeat(254)}!` }],
  ])('is refused for %s', async (_what, field, overrides) => {
    const answer = await call('ProcessPayment', { json: paymentRequest(tenant, overrides) });
    expectRefusal(answer);
    expect(answer.body).toMatchObject({ reason: 'FieldValidationFailed' });
    expect((answer.body['fieldList'] as { name: string }[])[0]?.name).toBe(field);
    expect(answer.text.length).toBeLessThan(1_000);
  });

  test.each([
    '1e3',
    '0x10',
    '-1',
    '+1',
    '1,000',
    ' 1',
    '1 ',
    '',
    '.5',
    '1.',
    '01',
    '0.0000001',
    '1'.repeat(19),
    'NaN',
    'Infinity',
    '１',
  ])('is refused for a limit of %j', async (value) => {
    const answer = await call('CreatePaymentSession', {
      json: {
        paymentManagerArn: tenant.paymentManagerArn,
        expiryTimeInMinutes: 60,
        limits: { maxSpendAmount: { value, currency: 'USD' } },
      },
    });
    expectRefusal(answer);
    expect(answer.body['fieldList']).toMatchObject([{ name: 'limits.maxSpendAmount.value' }]);
  });

  test.each(['0', '0.000001', '1.5', `${'9'.repeat(18)}.999999`])('is heard with a limit of %j', async (value) => {
    const { status } = await call('CreatePaymentSession', {
      json: {
        paymentManagerArn: tenant.paymentManagerArn,
        expiryTimeInMinutes: 60,
        limits: { maxSpendAmount: { value, currency: 'USD' } },
      },
    });
    expect(status).toBe(201);
  });

  test('is answered within 20 ms for the largest and deepest bodies', async () => {
    const bodies = [
      `{"paymentInput":${'['.repeat(60_000)}`,
      `{"paymentInput":{${Array.from({ length: 6_000 }, (_, i) => `"m${i}":0`).join(',')}}}`,
      JSON.stringify({ clientToken: `${'a-'.repeat(30_000)}!` }),
      JSON.stringify({ padding: 'x'.repeat(10_000_000) }),
    ];
    await call('ProcessPayment', { event: { body: '{}' } });
    for (const body of bodies) {
      // The fastest of a few, so that only the work counts and not what else the machine does.
      let fastestMs = Number.POSITIVE_INFINITY;
      for (let run = 0; run < 5; run += 1) {
        const startedAt = performance.now();
        const { status } = await call('ProcessPayment', { event: { body } });
        fastestMs = Math.min(fastestMs, performance.now() - startedAt);
        expect(status).toBe(400);
      }
      expect(fastestMs).toBeLessThan(20);
    }
  });
});

const operations = Object.keys(OPERATIONS) as OperationName[];
const anyBody = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.json(),
  fc.uint8Array().map((bytes) => Buffer.from(bytes).toString('latin1')),
);

/** They ask for nothing in their body, so that an empty object is a request. */
const BODILESS: ReadonlySet<OperationName> = new Set([
  'ListPaymentManagers',
  'ListPaymentCredentialProviders',
  'ListWorkloadIdentities',
  'GetGate',
  'ListFreezes',
  'FreezeGate',
]);

test.each(operations)('%s refuses any bytes as a body, and never fails over them', async (operation) => {
  await fc.assert(
    fc.asyncProperty(anyBody, fc.boolean(), async (body, isBase64Encoded) => {
      const { status, body: error } = await call(operation, {
        event: { body, isBase64Encoded, queryStringParameters: null },
      });
      if (status === 200 && BODILESS.has(operation)) return;
      expect(status).toBe(400);
      expect(error['__type']).toBe('ValidationException');
    }),
    { numRuns: 50 },
  );
});

test('a payment request with any one member replaced by anything is a proof or a refusal, never a failure', async () => {
  const members = [
    'paymentSessionId',
    'paymentInstrumentId',
    'paymentType',
    'paymentInput',
    'clientToken',
    'paymentManagerArn',
  ];
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...members), fc.jsonValue(), async (member, value) => {
      const { status } = await call('ProcessPayment', { json: paymentRequest(tenant, { [member]: value }) });
      expect([200, 400, 403, 404]).toContain(status);
    }),
    { numRuns: 200 },
  );
});

test('an offer with any one member replaced by anything is a proof or a refusal, never a failure', async () => {
  const members = [...Object.keys(offer()), 'maxAmountRequired', 'resource', 'outputSchema'];
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...members), fc.jsonValue(), async (member, value) => {
      const answer = await call('ProcessPayment', { json: paymentRequest(tenant, {}, offer({ [member]: value })) });
      expect([200, 400, 403]).toContain(answer.status);
    }),
    { numRuns: 200 },
  );
});

test('nothing that a seller or a token says is logged', async () => {
  const clientToken = newToken();
  await call('ProcessPayment', {
    json: paymentRequest(tenant, { clientToken }, offer({ scheme: CANARY, description: CANARY })),
  });
  const logs = functions.logs.join('');
  expect(logs).toContain('"operation":"ProcessPayment"');
  expect(logs).not.toContain(CANARY);
  expect(logs).not.toContain(clientToken);
});
