import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Refusal } from '../../lib/domain/refusal.ts';
import { expectRefusal, type Refused } from './checks.ts';
import { REFUSALS } from './coverage.ts';
import { callerOf, createSdk, succeed, type Caller, type Input, type Way, WAYS } from './sdk.ts';
import { readTarget } from './target.ts';
import { newName, managerInput, sessionInput, offerOf, paymentInput } from './requests.ts';
import { createWorld, type Manager, type User } from './world.ts';

const sdk = createSdk(readTarget());
const world = createWorld(sdk);

interface Stage {
  readonly manager: Manager;
  readonly user: User;
  readonly wallet: string;
  readonly session: string;
}
const stages: Partial<Record<Way, Stage>> = {};
/** The wallet and session that payments are tried from. */
const idsOf = (stage: Stage) => ({ paymentSessionId: stage.session, paymentInstrumentId: stage.wallet });

beforeAll(async () => {
  for (const way of WAYS) {
    const manager = await world.manager(way);
    const user = world.user(way, 0);
    const wallet = await world.wallet(manager, user, 'SeedVault');
    stages[way] = { manager, user, wallet, session: await world.session(manager, user, '0.10') };
  }
});
afterAll(() => world.close());

/** A call that must be refused, for a reason of the service's. */
interface Trial {
  readonly what: string;
  readonly operation: Parameters<typeof callerOf>[0];
  readonly ways: readonly Way[];
  /** @default - a role that may */
  readonly caller?: Caller;
  readonly input: (stage: Stage) => Input | Promise<Input>;
  readonly expected: Refused;
}

const of = ({ manager, user }: Stage): Input => ({ ...user.header, paymentManagerArn: manager.arn });
const pay = (stage: Stage, payload: Input, overrides: Partial<ReturnType<typeof idsOf>> = {}): Input => ({
  ...of(stage),
  ...paymentInput({ ...idsOf(stage), ...overrides }, '2', payload),
});

const NEVER = {
  manager: 'never-0000000000',
  connector: 'never-0000000000',
  paymentInstrumentId: `payment-instrument-${'0'.repeat(15)}`,
  paymentSessionId: `payment-session-${'0'.repeat(15)}`,
} as const;

const nest = (depth: number): Input => (depth === 0 ? {} : { deeper: nest(depth - 1) });
const invalid = (reason: string): Refused => ({ name: 'ValidationException', status: 400, reason });
const missing = (what: RegExp): Refused => ({ name: 'ResourceNotFoundException', status: 404, message: what });
const denied: Refused = { name: 'AccessDeniedException', status: 403 };
const field = (...fields: readonly string[]): Refused => ({ ...invalid('FieldValidationFailed'), fields });

const TRIALS: Readonly<Partial<Record<Refusal['reason'], readonly Trial[]>>> = {
  cannot_parse: [
    {
      what: 'JSON that is nested too deeply',
      operation: 'ProcessPayment',
      ways: WAYS,
      input: (stage) => pay(stage, nest(200)),
      expected: { ...invalid('CannotParse'), fields: [] },
    },
    {
      what: 'a body of more than 64 kB',
      operation: 'ProcessPayment',
      ways: WAYS,
      input: (stage) => pay(stage, { ...offerOf('2', '1'), extra: { text: 'x'.repeat(70_000) } }),
      expected: { ...invalid('CannotParse'), fields: [] },
    },
  ],
  invalid_request: [
    {
      what: 'several wrong members, each by its name',
      operation: 'CreatePaymentSession',
      ways: WAYS,
      input: (stage) => ({
        ...of(stage),
        expiryTimeInMinutes: 14,
        limits: { maxSpendAmount: { value: '-1', currency: 'EUR' } },
      }),
      expected: {
        ...field('expiryTimeInMinutes', 'limits.maxSpendAmount.value', 'limits.maxSpendAmount.currency'),
        message: /15 to 480/,
      },
    },
    {
      what: 'a request without a user',
      operation: 'CreatePaymentSession',
      ways: ['IAM'],
      input: (stage) => ({ ...of(stage), ...sessionInput('1.00'), userId: undefined }),
      expected: { ...field('userId'), message: /User-Id/ },
    },
    {
      what: 'members of a manager',
      operation: 'CreatePaymentManager',
      ways: ['IAM'],
      input: () => ({ ...managerInput(sdk.target, 'IAM'), name: 'not_allowed', kmsKeyArn: 'arn:aws:kms:key' }),
      expected: field('name', 'kmsKeyArn'),
    },
    {
      what: 'a member of a credential provider, without its value',
      operation: 'CreatePaymentCredentialProvider',
      ways: ['IAM'],
      input: () => ({
        name: newName('provider-'),
        credentialProviderVendor: 'CoinbaseCDP',
        providerConfigurationInput: {
          coinbaseCdpConfiguration: { apiKeyId: 'id', apiKeySecret: 'planted-secret', walletSecret: 'planted-secret' },
        },
      }),
      expected: invalid('FieldValidationFailed'),
    },
  ],
  invalid_challenge: [
    {
      what: 'an offer to nobody, by its member and a stable code',
      operation: 'ProcessPayment',
      ways: WAYS,
      input: (stage) => pay(stage, { ...offerOf('2', '1'), payTo: `0x${'0'.repeat(40)}` }),
      expected: field('paymentInput.cryptoX402.payload.payTo', 'bursar:invalid_pay_to'),
    },
    {
      what: 'a scheme that the deployment does not pay, as AWS answers what is not enabled',
      operation: 'ProcessPayment',
      ways: WAYS,
      input: (stage) => pay(stage, { ...offerOf('2', '1'), scheme: 'batch-settlement' }),
      expected: { ...denied, message: /Supported scheme: exact/ },
    },
    {
      what: 'a payment type that the deployment does not pay by, as AWS answers what is not enabled',
      operation: 'ProcessPayment',
      ways: WAYS,
      input: (stage) => ({
        ...pay(stage, offerOf('2', '1')),
        paymentType: 'AWS_BILLING_X402',
      }),
      expected: { ...denied, message: /AWS_BILLING_X402 is not enabled in this deployment/ },
    },
  ],
  session_not_found: [
    {
      what: 'a payment in a session that there is not',
      operation: 'ProcessPayment',
      ways: WAYS,
      input: (stage) => pay(stage, offerOf('2', '1'), { paymentSessionId: NEVER.paymentSessionId }),
      expected: { ...field('bursar:session_not_found'), message: /^Payment session not found$/ },
    },
  ],
  instrument_not_found: [
    {
      what: 'a payment from a wallet that there is not',
      operation: 'ProcessPayment',
      ways: WAYS,
      input: (stage) => pay(stage, offerOf('2', '1'), { paymentInstrumentId: NEVER.paymentInstrumentId }),
      expected: { ...field('bursar:instrument_not_found'), message: /^Payment instrument not found$/ },
    },
  ],
  not_found: [
    {
      what: 'a manager',
      operation: 'GetPaymentManager',
      ways: ['IAM'],
      input: () => ({ paymentManagerId: NEVER.manager }),
      expected: missing(/^Payment manager not found$/),
    },
    {
      what: 'a connector',
      operation: 'GetPaymentConnector',
      ways: ['IAM'],
      input: ({ manager }) => ({ paymentManagerId: manager.id, paymentConnectorId: NEVER.connector }),
      expected: missing(/^Payment connector not found$/),
    },
    {
      what: 'an instrument',
      operation: 'GetPaymentInstrument',
      ways: WAYS,
      input: (stage) => ({ ...of(stage), paymentInstrumentId: NEVER.paymentInstrumentId }),
      expected: missing(/^Payment instrument not found$/),
    },
    {
      what: 'a session',
      operation: 'GetPaymentSession',
      ways: WAYS,
      input: (stage) => ({ ...of(stage), paymentSessionId: NEVER.paymentSessionId }),
      expected: missing(/^Payment session not found$/),
    },
    {
      what: 'a credential provider',
      operation: 'GetPaymentCredentialProvider',
      ways: ['IAM'],
      input: () => ({ name: newName('never-') }),
      expected: missing(/^Payment credential provider not found$/),
    },
    {
      what: 'a workload identity',
      operation: 'GetWorkloadAccessToken',
      ways: ['IAM'],
      input: () => ({ workloadName: newName('never.') }),
      expected: missing(/^Workload identity not found$/),
    },
    {
      what: 'a resource with tags',
      operation: 'ListTagsForResource',
      ways: ['IAM'],
      input: ({ manager }) => ({ resourceArn: manager.arn.replace(manager.id, NEVER.manager) }),
      expected: missing(/^Resource not found$/),
    },
  ],
  token_not_admitted: [
    {
      what: 'a token at a manager that takes signatures, as if there were none',
      operation: 'GetPaymentSession',
      ways: ['JWT'],
      input: ({ session }) => ({ paymentManagerArn: stages.IAM!.manager.arn, paymentSessionId: session }),
      expected: missing(/^Payment manager not found/),
    },
  ],
  access_denied: [
    {
      what: 'a signature at a manager that takes tokens',
      operation: 'GetPaymentSession',
      ways: ['IAM'],
      input: (stage) => ({ ...of(stage), paymentManagerArn: stages.JWT!.manager.arn, paymentSessionId: stage.session }),
      expected: { ...denied, message: /takes tokens/ },
    },
    {
      what: 'a payment with a token that manages sessions',
      operation: 'ProcessPayment',
      ways: ['JWT'],
      caller: 'manager-token',
      input: (stage) => pay(stage, offerOf('2', '1')),
      expected: denied,
    },
    {
      what: 'a session by a token that pays',
      operation: 'CreatePaymentSession',
      ways: ['JWT'],
      caller: 'agent-token',
      input: (stage) => ({ ...of(stage), ...sessionInput('1.00') }),
      expected: denied,
    },
  ],
  unauthorized: [
    {
      what: 'a workload token that was never issued',
      operation: 'GetResourcePaymentToken',
      ways: ['IAM'],
      input: async () => ({
        workloadIdentityToken: `bwt_${'A'.repeat(43)}`,
        resourceCredentialProviderName: await world.provider('StripePrivy'),
        paymentTokenRequest: { stripePrivyTokenRequest: { requestPath: '/v1/wallets', requestBody: '{}' } },
      }),
      expected: { name: 'UnauthorizedException', status: 401 },
    },
    {
      what: 'a user token that no issuer signed',
      operation: 'GetWorkloadAccessTokenForJWT',
      ways: ['IAM'],
      input: async () => ({ workloadName: await world.workload(), userToken: 'not.a.token' }),
      expected: { name: 'UnauthorizedException', status: 401 },
    },
  ],
  quota_exceeded: [
    {
      what: 'the 51st tag',
      operation: 'TagResource',
      ways: ['IAM'],
      input: async ({ manager }) => {
        const tags = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`tag-${index}`, 'x']));
        succeed(await sdk.call('TagResource', 'controlPlane', { resourceArn: manager.arn, tags }));
        return { resourceArn: manager.arn, tags: { another: 'x' } };
      },
      expected: { name: 'ServiceQuotaExceededException', status: 402 },
    },
  ],
  resource_conflict: [
    {
      what: 'the workload identity of a manager, which goes with the manager',
      operation: 'DeleteWorkloadIdentity',
      ways: ['IAM'],
      input: async ({ manager }) => {
        const found = succeed(await sdk.call('GetPaymentManager', 'controlPlane', { paymentManagerId: manager.id }));
        const { workloadIdentityArn } = found['workloadIdentityDetails'] as { readonly workloadIdentityArn: string };
        return { name: workloadIdentityArn.split('/').at(-1) };
      },
      expected: invalid('ResourceConflict'),
    },
  ],
  budget_exceeded: [
    {
      what: 'more than the session has, in the words that AWS clients look for',
      operation: 'ProcessPayment',
      ways: WAYS,
      input: (stage) => pay(stage, offerOf('2', '100001')),
      expected: {
        ...field('bursar:budget_exceeded'),
        message: /^Insufficient budget(?!.*(?:expired|instrument|inactive))/,
      },
    },
  ],
  conflict: [
    {
      what: 'the deletion of a manager that has connectors',
      operation: 'DeletePaymentManager',
      ways: ['IAM'],
      input: ({ manager }) => ({ paymentManagerId: manager.id }),
      expected: { name: 'ConflictException', status: 409 },
    },
    {
      what: 'the deletion of a connector that has instruments',
      operation: 'DeletePaymentConnector',
      ways: ['IAM'],
      input: ({ manager }) => ({ paymentManagerId: manager.id, paymentConnectorId: manager.connectors.SeedVault }),
      expected: { name: 'ConflictException', status: 409 },
    },
  ],
};

describe.each(Object.entries(TRIALS))('%s', (_reason, trials) => {
  const cases = trials.flatMap((trial) => trial.ways.map((way) => ({ ...trial, way })));
  test.each(cases)('refuses $what: $operation with $way', async ({ operation, way, caller, input, expected }) => {
    const members = await input(stages[way]!);
    const outcome = await sdk.call(operation, caller ?? callerOf(operation, way), members);
    const error = expectRefusal(operation, outcome, expected);
    expect(JSON.stringify(error)).not.toContain('planted-secret');
  });
});

test('every refusal that can be provoked over the wire is', () => {
  // The two that a client token is refused with stand in idempotency.test.ts.
  const provoked = [...Object.keys(TRIALS), 'token_reused', 'other_terms'];
  const claimed = Object.entries(REFUSALS).flatMap(([reason, coverage]) => (coverage === 'here' ? [reason] : []));
  expect(provoked.toSorted()).toEqual(claimed.toSorted());
});
