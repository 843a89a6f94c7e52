import { createPublicClient, erc20Abi, http } from 'viem';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PERMIT2 } from '../../lib/chains/evm/addresses.ts';
import { createPayingFetch, waitForApprovals, type PaymentProcessor } from '../../lib/client/index.ts';
import { startStack, type LocalStack } from '../../lib/local/stack.ts';
import {
  askSeller,
  booksOf,
  clientOf,
  newToken,
  newUser,
  openSession,
  openWallet,
  paymentOf,
  sellerOf,
  sendPayment,
  sendProof,
  type Wallet,
} from './scene.ts';

// From the wish of a backend to a sale by Permit2: the deployed functions, each with its own role, and a real chain.

const TIMEOUT_MS = 120_000;
const NETWORK = 'eip155:84532';
const PRICE = 30_000n;
let stack: LocalStack;
beforeAll(async () => {
  // With its timers: the stream calls the signer while the sender waits for it.
  stack = await startStack({ port: 0, dataDir: null, fresh: 'keep', progress: () => undefined });
}, TIMEOUT_MS);
afterAll(() => stack?.close(), TIMEOUT_MS);

interface Buyer {
  readonly userId: string;
  readonly wallet: Wallet;
  readonly sessionId: string;
}
async function openBuyer(connector: Wallet['connector'], budget = '1.00'): Promise<Buyer> {
  const userId = newUser();
  const wallet = await openWallet(stack, userId, connector);
  await stack.chain.mint(wallet.address, 1_000_000n);
  return { userId, wallet, sessionId: await openSession(stack, userId, budget) };
}
const nameOf = ({ wallet }: Buyer) => ({
  paymentManagerArn: stack.info.paymentManagerArn,
  paymentInstrumentId: wallet.instrumentId,
  network: NETWORK,
});
const ask = (buyer: Buyer, value: string) =>
  clientOf(stack, 'management').call(
    'RequestAllowance',
    { ...nameOf(buyer), amount: { value, currency: 'USD' } },
    { userId: buyer.userId },
  );
const show = async (buyer: Buyer) =>
  (await clientOf(stack, 'processPayment').call('GetAllowance', nameOf(buyer), { userId: buyer.userId })).allowance;
const onChain = ({ wallet }: Buyer) =>
  createPublicClient({ transport: http(stack.info.chains[NETWORK]!.rpcUrl) }).readContract({
    address: stack.chain.usdc,
    abi: erc20Abi,
    functionName: 'allowance',
    args: [wallet.address, PERMIT2],
  });

function buy(buyer: Buyer, seller: string) {
  const agent = clientOf(stack, 'processPayment');
  const { paymentManagerArn } = stack.info;
  const pay = createPayingFetch({
    client: { processPayment: (...args) => agent.processPayment(...args) },
    session: { paymentManagerArn, paymentSessionId: buyer.sessionId, userId: buyer.userId },
    instrument: { paymentInstrumentId: buyer.wallet.instrumentId },
  });
  return pay(sellerOf(stack, seller).url);
}

describe.each(['SeedVault', 'AwsKms'] as const)('a wallet of %s', (connector) => {
  test('that is approved on request pays a seller by Permit2, and no more than that is approved', async () => {
    const buyer = await openBuyer(connector);
    await stack.chain.fundGas(buyer.wallet.address);
    await ask(buyer, '0.03');
    expect(await stack.services.runSchedule('send-approvals')).toMatchObject({
      status: 'succeeded',
      payload: { failures: 0, open: 0 },
    });
    expect(await show(buyer)).toMatchObject({ status: 'APPROVED', amount: `${PRICE}`, onChain: `${PRICE}` });
    expect(await onChain(buyer)).toBe(PRICE);
    const { payTo } = sellerOf(stack, 'forecast-permit2');
    const before = await stack.chain.balanceOf(payTo);
    const response = await buy(buyer, 'forecast-permit2');
    expect([response.status, response.payment?.settlement?.success]).toEqual([200, true]);
    expect(await stack.chain.balanceOf(payTo)).toBe(before + PRICE);
    expect(await onChain(buyer)).toBe(0n);
  });
});

describe('permit2AllowanceLimit', () => {
  test('of a payment by upto has its wallet approved, after which the seller takes the same proof', async () => {
    const buyer = await openBuyer('SeedVault');
    await stack.chain.fundGas(buyer.wallet.address);
    const terms = await askSeller(stack, 'forecast-upto');
    const payment = paymentOf(buyer.wallet, buyer.sessionId, terms);
    const { cryptoX402 } = payment.paymentInput;
    const paid = await sendPayment(stack, buyer.userId, {
      ...payment,
      paymentInput: { cryptoX402: { ...cryptoX402, permit2AllowanceLimit: '60000' } },
      paymentManagerArn: stack.info.paymentManagerArn,
      clientToken: newToken(),
    });
    expect(paid.status).toBe(200);
    const { payload } = (paid.body as { paymentOutput: { cryptoX402: { payload: object } } }).paymentOutput.cryptoX402;
    expect(await show(buyer)).toMatchObject({ status: 'REQUESTED', requested: '60000' });
    // Not settled, and still good.
    expect((await sendProof(terms, payload)).status).toBe(412);
    await stack.services.runSchedule('send-approvals');
    expect(await onChain(buyer)).toBe(60_000n);
    const { payTo } = sellerOf(stack, 'forecast-upto');
    const before = await stack.chain.balanceOf(payTo);
    expect(await sendProof(terms, payload)).toMatchObject({ status: 200, settlement: { success: true } });
    expect(await stack.chain.balanceOf(payTo)).toBe(before + 12_000n);
  });
});

describe('a session that allows approvals', () => {
  const open = async (connector: Wallet['connector']): Promise<Buyer> => {
    const buyer = await openBuyer(connector);
    const input = {
      paymentManagerArn: stack.info.paymentManagerArn,
      expiryTimeInMinutes: 60,
      limits: { maxSpendAmount: { value: '0.10', currency: 'USD' } },
      walletApprovals: { allowed: true },
    } as const;
    const { userId } = buyer;
    const { paymentSession } = await clientOf(stack, 'management').call('CreatePaymentSession', input, { userId });
    return { ...buyer, sessionId: paymentSession.paymentSessionId };
  };
  const payingFor = ({ sessionId, userId, wallet }: Buyer, client: PaymentProcessor) =>
    createPayingFetch({
      client,
      session: { paymentManagerArn: stack.info.paymentManagerArn, paymentSessionId: sessionId, userId },
      instrument: { paymentInstrumentId: wallet.instrumentId },
    });

  test('pays a seller by Permit2 once its approval is on the chain, which the buyer waits for, and tells of each step', async () => {
    const buyer = await open('SeedVault');
    await stack.chain.fundGas(buyer.wallet.address);
    const { promise: told, resolve: tell } = Promise.withResolvers<string>();
    const client = waitForApprovals(clientOf(stack, 'processPayment'), { intervalMs: 1_000, onWait: tell });
    const buying = payingFor(buyer, client)(sellerOf(stack, 'forecast-permit2').url);
    expect(await told).toContain('an approval is asked for');
    await stack.services.runSchedule('send-approvals');
    const response = await buying;
    expect([response.status, response.payment?.settlement?.success]).toEqual([200, true]);
    // The whole of what the session had left, less what the seller took.
    expect(await onChain(buyer)).toBe(100_000n - PRICE);
    const types = () =>
      stack
        .events()
        .filter(({ detail }) => (detail as { userId: string }).userId === buyer.userId)
        .map(({ detailType }) => detailType);
    // Two functions tell of the books, each in its own time.
    const steps = ['allowance.requested', 'allowance.sent', 'allowance.mined', 'payment.signed'];
    await expect.poll(types).toEqual(expect.arrayContaining(steps));
  });

  test('has the refusal at once where the buyer does not wait, and nothing is held for it', async () => {
    const buyer = await open('AwsKms');
    const pay = payingFor(buyer, clientOf(stack, 'processPayment'));
    await expect(pay(sellerOf(stack, 'forecast-permit2').url)).rejects.toMatchObject({
      code: 'bursar:allowance_requested',
      mayHavePaid: false,
    });
    expect(await show(buyer)).toMatchObject({ status: 'REQUESTED', requested: '100000' });
    expect(await booksOf(stack, buyer.userId, buyer.sessionId)).toMatchObject({ available: '0.10', reserved: '0.00' });
  });
});

describe('a request', () => {
  test('for more than open sessions may need is cut to that, with both figures told', async () => {
    const buyer = await openBuyer('SeedVault', '0.20');
    await stack.chain.fundGas(buyer.wallet.address);
    expect((await ask(buyer, '5.00')).allowance).toMatchObject({ status: 'REQUESTED', requested: '5000000' });
    await stack.services.runSchedule('send-approvals');
    expect(await show(buyer)).toMatchObject({ status: 'APPROVED', amount: '200000', onChain: '200000' });
  });

  test('waits for gas where the wallet has none, and says so', async () => {
    const buyer = await openBuyer('SeedVault');
    await ask(buyer, '0.05');
    await stack.services.runSchedule('send-approvals');
    expect(await show(buyer)).toMatchObject({ status: 'REQUESTED', waitsFor: 'GAS', onChain: '0' });
  });

  test('is of ManagementRole alone', async () => {
    const buyer = await openBuyer('SeedVault');
    const { userId } = buyer;
    for (const role of ['processPayment', 'observer', 'controlPlane', 'treasury'] as const)
      await expect(clientOf(stack, role).call('RequestAllowance', nameOf(buyer), { userId })).rejects.toMatchObject({
        status: 403,
      });
    expect(await show(buyer)).toMatchObject({ status: 'NONE' });
  });
});
