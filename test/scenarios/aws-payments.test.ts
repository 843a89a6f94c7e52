import {
  CreatePaymentSessionCommand,
  GetPaymentSessionCommand,
  ProcessPaymentCommand,
  ResourceNotFoundException,
  ValidationException,
  type ProcessPaymentCommandInput,
} from '@aws-sdk/client-bedrock-agentcore';
import { describe, expect, test } from 'vitest';
import { createSession, createTenant, createWallet, failureOf, metadata, withAwsClients } from './aws-tenant.ts';
import { askSeller, expireSession, newToken, newUser, openSession, openWallet, paymentOf, withStack } from './scene.ts';

const scene = withStack();
const aws = withAwsClients(scene);

/** Makes tenant, wallet and session, ready to pay at a seller. */
async function prepare(limitUsd: string, sellerName = 'weather') {
  const tenant = await createTenant(aws);
  const userId = newUser();
  const { instrument } = await createWallet(aws, tenant, userId, 'SeedVault');
  const { session } = await createSession(aws, tenant, userId, limitUsd);
  const terms = await askSeller(scene.stack, sellerName);
  const input: ProcessPaymentCommandInput = {
    userId,
    paymentManagerArn: tenant.manager.paymentManagerArn,
    paymentSessionId: session.paymentSessionId,
    paymentInstrumentId: instrument.paymentInstrumentId,
    paymentType: 'CRYPTO_X402',
    paymentInput: { cryptoX402: { version: terms.chosen.offer.version, payload: { ...terms.chosen.entry } } },
    clientToken: newToken(),
  };
  return { tenant, userId, session, input, terms };
}

describe('ProcessPayment through the official client', () => {
  test('answers the same for the same token, and refuses the token for another request', async () => {
    const { tenant, userId, session, input } = await prepare('5.00');
    const { $metadata: _first, ...first } = await aws.agent.send(new ProcessPaymentCommand(input));
    const { $metadata: _second, ...second } = await aws.agent.send(new ProcessPaymentCommand(input));
    expect(second).toEqual(first);

    const { session: other } = await createSession(aws, tenant, userId, '5.00');
    const error = await failureOf(
      aws.agent.send(new ProcessPaymentCommand({ ...input, paymentSessionId: other.paymentSessionId })),
    );
    expect(error).toBeInstanceOf(ValidationException);
    expect(error).toMatchObject({
      reason: 'IdempotentParameterMismatchException',
      fieldList: [{ name: 'clientToken' }, { name: 'bursar:other_terms' }],
      $metadata: metadata(400),
    });
    const { paymentSession } = await aws.backend.send(
      new GetPaymentSessionCommand({
        userId,
        paymentManagerArn: tenant.manager.paymentManagerArn,
        paymentSessionId: session.paymentSessionId,
      }),
    );
    expect(paymentSession?.availableLimits?.availableSpendAmount?.value).toBe('4.99');
  });

  test('refuses what does not fit, in words that AWS clients look for, and pays what exactly fits', async () => {
    const tight = await prepare('0.49', 'market-data');
    const error = await failureOf(aws.agent.send(new ProcessPaymentCommand(tight.input)));
    expect(error).toBeInstanceOf(ValidationException);
    expect(error).toMatchObject({
      message: expect.stringMatching(/budget/) as string,
      fieldList: [{ name: 'bursar:budget_exceeded' }],
      $metadata: metadata(400),
    });
    expect((error as Error).message).not.toMatch(/expired|instrument|inactive/i);

    const exact = await prepare('0.50', 'market-data');
    expect(await aws.agent.send(new ProcessPaymentCommand(exact.input))).toMatchObject({ status: 'PROOF_GENERATED' });
  });

  test('refuses an expired session, in the word that AWS clients look for', async () => {
    const { stack } = scene;
    const userId = newUser();
    const wallet = await openWallet(stack, userId, 'SeedVault');
    const paymentSessionId = await openSession(stack, userId, '5.00');
    const terms = await askSeller(stack, 'weather');
    await expireSession(stack, paymentSessionId);
    const error = await failureOf(
      aws.agent.send(
        new ProcessPaymentCommand({
          userId,
          paymentManagerArn: stack.info.paymentManagerArn,
          ...paymentOf(wallet, paymentSessionId, terms),
          paymentInput: { cryptoX402: { version: '2', payload: { ...terms.chosen.entry } } },
        }),
      ),
    );
    expect(error).toBeInstanceOf(ValidationException);
    expect(error).toMatchObject({
      message: expect.stringMatching(/^Payment session has expired at 20/) as string,
      fieldList: [{ name: 'bursar:session_expired' }],
    });
    expect((error as Error).message).not.toMatch(/budget|insufficient|instrument|inactive/i);
  });

  test('refuses a hostile payload with its field and a stable code', async () => {
    const { input } = await prepare('5.00');
    const payload = { ...(input.paymentInput?.cryptoX402?.payload as object), payTo: `0x${'0'.repeat(40)}` };
    const error = await failureOf(
      aws.agent.send(new ProcessPaymentCommand({ ...input, paymentInput: { cryptoX402: { version: '2', payload } } })),
    );
    expect(error).toBeInstanceOf(ValidationException);
    expect(error).toMatchObject({
      reason: 'FieldValidationFailed',
      fieldList: [{ name: 'paymentInput.cryptoX402.payload.payTo' }, { name: 'bursar:invalid_pay_to' }],
    });
  });

  test('finds neither a session, a wallet nor a manager that does not exist', async () => {
    const { input, tenant } = await prepare('5.00');
    const failureWith = (override: Partial<ProcessPaymentCommandInput>) =>
      failureOf(aws.agent.send(new ProcessPaymentCommand({ ...input, ...override, clientToken: newToken() })));
    const missing: [Partial<ProcessPaymentCommandInput>, string, string][] = [
      [{ paymentSessionId: `payment-session-${'0'.repeat(15)}` }, 'Payment session not found', 'session_not_found'],
      [
        { paymentInstrumentId: `payment-instrument-${'0'.repeat(15)}` },
        'Payment instrument not found',
        'instrument_not_found',
      ],
    ];
    for (const [override, message, code] of missing) {
      const error = await failureWith(override);
      expect(error).toBeInstanceOf(ValidationException);
      expect(error).toMatchObject({ message, fieldList: [{ name: `bursar:${code}` }], $metadata: metadata(400) });
    }
    const manager = `${tenant.manager.paymentManagerArn?.slice(0, -10)}0000000000`;
    const error = await failureWith({ paymentManagerArn: manager });
    expect(error).toBeInstanceOf(ResourceNotFoundException);
    expect(error).toMatchObject({ message: 'Payment manager not found', $metadata: metadata(404) });
  });

  test('is refused to the backend, and opening sessions to the agent', async () => {
    const { tenant, userId, input } = await prepare('5.00');
    const asBackend = await failureOf(aws.backend.send(new ProcessPaymentCommand(input)));
    expect(asBackend).toMatchObject({ name: 'AccessDeniedException', $metadata: metadata(403) });
    const asAgent = await failureOf(
      aws.agent.send(
        new CreatePaymentSessionCommand({
          userId,
          paymentManagerArn: tenant.manager.paymentManagerArn,
          expiryTimeInMinutes: 60,
        }),
      ),
    );
    expect(asAgent).toMatchObject({ name: 'AccessDeniedException', $metadata: metadata(403) });
  });
});
