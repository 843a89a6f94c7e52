import {
  DeletePaymentInstrumentCommand,
  DeletePaymentSessionCommand,
  GetPaymentInstrumentBalanceCommand,
  GetPaymentInstrumentCommand,
  GetPaymentSessionCommand,
  ListPaymentInstrumentsCommand,
  ListPaymentSessionsCommand,
  ProcessPaymentCommand,
  ResourceNotFoundException,
} from '@aws-sdk/client-bedrock-agentcore';
import { CreatePaymentConnectorCommand, ValidationException } from '@aws-sdk/client-bedrock-agentcore-control';
import { describe, expect, test } from 'vitest';
import {
  createSession,
  createTenant,
  createWallet,
  failureOf,
  metadata,
  withAwsClients,
  type Connector,
} from './aws-tenant.ts';
import { askSeller, newUser, sellerOf, sendProof, withStack, type Address } from './scene.ts';

const scene = withStack();
const aws = withAwsClients(scene);

describe('the official control client', () => {
  test('makes a manager and a connector of each type', async () => {
    const { manager, connectors } = await createTenant(aws);
    expect(manager.paymentManagerArn).toMatch(
      /^arn:aws:bedrock-agentcore:us-east-1:000000000000:payment-manager\/scenario-[a-z0-9]{10}$/,
    );
    expect(manager).toMatchObject({ name: 'Scenario', authorizerType: 'AWS_IAM', status: 'READY' });
    expect(manager.createdAt).toBeInstanceOf(Date);
    expect(manager.$metadata).toMatchObject(metadata(202));
    for (const type of ['SeedVault', 'AwsKms'] as const) {
      expect(connectors[type]).toMatchObject({
        paymentManagerId: manager.paymentManagerId,
        type,
        status: 'READY',
        credentialProviderConfigurations: [],
      });
      expect(connectors[type].createdAt).toBeInstanceOf(Date);
      expect(connectors[type].$metadata).toMatchObject(metadata(202));
    }
  });

  test('gets a typed refusal for a connector of a provider without its credentials', async () => {
    const { manager } = await createTenant(aws);
    const error = await failureOf(
      aws.control.send(
        new CreatePaymentConnectorCommand({
          paymentManagerId: manager.paymentManagerId,
          name: 'foreign',
          type: 'CoinbaseCDP',
          credentialProviderConfigurations: [],
        }),
      ),
    );
    expect(error).toBeInstanceOf(ValidationException);
    expect(error).toMatchObject({
      reason: 'FieldValidationFailed',
      fieldList: [{ name: 'credentialProviderConfigurations' }],
    });
  });
});

describe('the official data client', () => {
  test.each<Connector>(['SeedVault', 'AwsKms'])('makes, reads, lists and deletes a wallet of %s', async (connector) => {
    const tenant = await createTenant(aws);
    const userId = newUser();
    const { instrument, address, $metadata } = await createWallet(aws, tenant, userId, connector);
    const { paymentManagerArn } = tenant.manager;
    const { paymentConnectorId } = tenant.connectors[connector];
    const own = { userId, paymentManagerArn, paymentInstrumentId: instrument.paymentInstrumentId };

    expect($metadata).toMatchObject(metadata(201));
    expect(address).toMatch(/^0x[0-9a-fA-F]{40}$/);
    expect(instrument).toMatchObject({ userId, paymentManagerArn, paymentConnectorId, status: 'ACTIVE' });
    expect(instrument.createdAt).toBeInstanceOf(Date);
    expect(instrument.updatedAt).toBeInstanceOf(Date);

    const read = await aws.backend.send(new GetPaymentInstrumentCommand(own));
    expect(read.paymentInstrument).toEqual(instrument);
    const listed = await aws.backend.send(new ListPaymentInstrumentsCommand({ userId, paymentManagerArn }));
    const { paymentInstrumentDetails: _details, ...summary } = instrument;
    expect(listed.paymentInstruments).toEqual([summary]);
    expect(listed.nextToken).toBeUndefined();

    const deletion = new DeletePaymentInstrumentCommand({ ...own, paymentConnectorId });
    expect(await aws.backend.send(deletion)).toMatchObject({ status: 'DELETED', $metadata: metadata(200) });
    for (const call of [new GetPaymentInstrumentCommand(own), deletion] as const) {
      const error = await failureOf(aws.backend.send(call as GetPaymentInstrumentCommand));
      expect(error).toBeInstanceOf(ResourceNotFoundException);
      expect(error).toMatchObject({ message: 'Payment instrument not found', $metadata: metadata(404) });
    }
    const emptied = await aws.backend.send(new ListPaymentInstrumentsCommand({ userId, paymentManagerArn }));
    expect(emptied.paymentInstruments).toEqual([]);
  });

  test.each<Connector>(['SeedVault', 'AwsKms'])('reads the balance of a wallet of %s', async (connector) => {
    const tenant = await createTenant(aws);
    const userId = newUser();
    const { instrument, address } = await createWallet(aws, tenant, userId, connector);
    const call = () =>
      aws.backend.send(
        new GetPaymentInstrumentBalanceCommand({
          userId,
          paymentManagerArn: tenant.manager.paymentManagerArn,
          paymentConnectorId: tenant.connectors[connector].paymentConnectorId,
          paymentInstrumentId: instrument.paymentInstrumentId,
          chain: 'BASE_SEPOLIA',
          token: 'USDC',
        }),
      );
    expect((await call()).tokenBalance?.amount).toBe('0');
    await scene.stack.chain.mint(address, 12_345_678n);
    expect(await call()).toMatchObject({
      paymentInstrumentId: instrument.paymentInstrumentId,
      tokenBalance: { amount: '12345678', decimals: 6, token: 'USDC', chain: 'BASE_SEPOLIA' },
      $metadata: metadata(200),
    });
  });

  test('opens, reads, lists and revokes a session', async () => {
    const tenant = await createTenant(aws);
    const userId = newUser();
    const { session, $metadata } = await createSession(aws, tenant, userId, '10.00');
    const { paymentManagerArn } = tenant.manager;
    const own = { userId, paymentManagerArn, paymentSessionId: session.paymentSessionId };

    expect($metadata).toMatchObject(metadata(201));
    expect(session).toMatchObject({
      paymentManagerArn,
      userId,
      expiryTimeInMinutes: 60,
      limits: { maxSpendAmount: { value: '10.00', currency: 'USD' } },
      availableLimits: { availableSpendAmount: { value: '10.00', currency: 'USD' } },
    });
    for (const instant of [session.createdAt, session.updatedAt, session.availableLimits?.updatedAt]) {
      expect(instant).toBeInstanceOf(Date);
    }
    expect((await aws.agent.send(new GetPaymentSessionCommand(own))).paymentSession).toEqual(session);
    const { paymentSessions = [] } = await aws.backend.send(
      new ListPaymentSessionsCommand({ userId, paymentManagerArn }),
    );
    expect(paymentSessions.map(({ paymentSessionId }) => paymentSessionId)).toEqual([session.paymentSessionId]);
    expect(paymentSessions[0]?.createdAt).toEqual(session.createdAt);

    expect(await aws.backend.send(new DeletePaymentSessionCommand(own))).toMatchObject({ status: 'DELETED' });
    const again = await failureOf(aws.backend.send(new DeletePaymentSessionCommand(own)));
    expect(again).toBeInstanceOf(ResourceNotFoundException);
    const gone = await failureOf(aws.backend.send(new GetPaymentSessionCommand(own)));
    expect(gone).toMatchObject({ name: 'ResourceNotFoundException', message: 'Payment session not found' });
    const emptied = await aws.backend.send(new ListPaymentSessionsCommand({ userId, paymentManagerArn }));
    expect(emptied.paymentSessions).toEqual([]);
  });

  test.each<[Connector, string, bigint]>([
    ['SeedVault', 'market-data', 500_000n],
    ['SeedVault', 'research-papers', 1_200_000n],
    ['AwsKms', 'weather', 10_000n],
    ['AwsKms', 'weather-v1', 10_000n],
  ])('pays from a wallet of %s at %s, and the proof settles on chain', async (connector, sellerName, amount) => {
    const { stack } = scene;
    const tenant = await createTenant(aws);
    const userId = newUser();
    const { instrument, address } = await createWallet(aws, tenant, userId, connector);
    const { session } = await createSession(aws, tenant, userId, '5.00');
    await stack.chain.mint(address, 3_000_000n);
    const seller = sellerOf(stack, sellerName);
    const terms = await askSeller(stack, sellerName);
    const { version } = terms.chosen.offer;
    expect(version).toBe(`${seller.protocolVersion}`);
    const output = await aws.agent.send(
      new ProcessPaymentCommand({
        userId,
        agentName: 'scenario',
        paymentManagerArn: tenant.manager.paymentManagerArn,
        paymentSessionId: session.paymentSessionId,
        paymentInstrumentId: instrument.paymentInstrumentId,
        paymentType: 'CRYPTO_X402',
        paymentInput: { cryptoX402: { version, payload: { ...terms.chosen.entry } } },
      }),
    );
    expect(output).toMatchObject({
      processPaymentId: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      paymentManagerArn: tenant.manager.paymentManagerArn,
      paymentSessionId: session.paymentSessionId,
      paymentInstrumentId: instrument.paymentInstrumentId,
      paymentType: 'CRYPTO_X402',
      status: 'PROOF_GENERATED',
      paymentOutput: { cryptoX402: { version } },
      $metadata: metadata(200),
    });
    expect(output.createdAt).toBeInstanceOf(Date);
    expect(output.updatedAt).toBeInstanceOf(Date);

    const before = await stack.chain.balanceOf(seller.payTo);
    const paid = await sendProof(terms, output.paymentOutput?.cryptoX402?.payload as object);
    expect(paid.status).toBe(200);
    expect(paid.settlement?.success).toBe(true);
    const transfers = await stack.chain.transfersOf(paid.settlement?.transaction as Address);
    expect(transfers).toEqual([{ from: address, to: seller.payTo, amount }]);
    expect((await stack.chain.balanceOf(seller.payTo)) - before).toBe(amount);
    expect(await stack.chain.balanceOf(address)).toBe(3_000_000n - amount);
  });
});
