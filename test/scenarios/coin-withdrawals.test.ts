import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPublicClient, formatEther, http, parseEther } from 'viem';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeInfo } from '../../lib/local/info-file.ts';
import { startStack, type LocalStack } from '../../lib/local/stack.ts';
import { clientOf, newToken, newUser, openWallet, type Address, type Wallet } from './scene.ts';

// A wallet's coin goes home: the command line, the deployed functions, each with its own role, and a real chain.

const TIMEOUT_MS = 120_000;
const NETWORK = 'eip155:84532';
const cli = join(import.meta.dirname, '..', '..', 'bin', 'cli.ts');
let stack: LocalStack;
let directory = '';
beforeAll(async () => {
  // With its timers: the stream calls the signer while the sender waits for it.
  stack = await startStack({ port: 0, dataDir: null, fresh: 'keep', progress: () => undefined });
  directory = mkdtempSync(join(tmpdir(), 'bursar-coin-'));
  writeInfo(join(directory, '.bursar', 'local.json'), stack.info);
}, TIMEOUT_MS);
afterAll(async () => {
  rmSync(directory, { recursive: true, force: true });
  await stack?.close();
}, TIMEOUT_MS);

const home = (): Address => stack.info.withdrawalAddresses[0] as Address;
const chain = () => createPublicClient({ transport: http(stack.info.chains[NETWORK]!.rpcUrl), pollingInterval: 20 });
const coinOf = (address: Address) => chain().getBalance({ address });

/** The tool as a program, with `--json`. */
async function run(...argv: readonly string[]) {
  const env = { PATH: process.env['PATH'], HOME: '/nonexistent', AWS_EC2_METADATA_DISABLED: 'true' };
  const child = spawn(process.execPath, [cli, ...argv, '--json'], {
    cwd: directory,
    env,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let out = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => {
    child.once('close', resolve);
  });
  return { code, json: JSON.parse(out) };
}

const send = () => stack.services.runSchedule('send-approvals');

const withdrawalOf = (wallet: Wallet, overrides: object = {}) => ({
  paymentManagerArn: stack.info.paymentManagerArn,
  paymentInstrumentId: wallet.instrumentId,
  network: NETWORK,
  amount: { value: '0.5', currency: 'ETH' },
  destination: home(),
  clientToken: newToken(),
  ...overrides,
});
const ask = (userId: string, body: object) =>
  clientOf(stack, 'treasury').send<{ withdrawal: { processPaymentId: string }; settlement?: object }>({
    method: 'POST',
    path: '/bursar/withdrawals',
    userId,
    body,
  });
const show = (userId: string, processPaymentId: string) =>
  clientOf(stack, 'treasury').call(
    'GetWithdrawal',
    { paymentManagerArn: stack.info.paymentManagerArn, processPaymentId },
    { userId },
  );

describe.each(['SeedVault', 'AwsKms'] as const)('the coin of a deleted wallet of %s', (connector) => {
  test('goes home by the command line, all but what its transfer may cost, and once', async () => {
    const userId = newUser();
    const wallet = await openWallet(stack, userId, connector);
    await stack.chain.fundGas(wallet.address);
    const held = await coinOf(wallet.address);
    await clientOf(stack, 'management').send({
      method: 'POST',
      path: '/payments/deletePaymentInstrument',
      userId,
      body: {
        paymentManagerArn: stack.info.paymentManagerArn,
        paymentConnectorId: stack.info.paymentConnectorIds[connector],
        paymentInstrumentId: wallet.instrumentId,
      },
    });
    const before = await coinOf(home());
    const argv = ['withdraw', '--token', 'ETH', '--user', userId, '--instrument', wallet.instrumentId, '--to', home()];
    const asked = run(...argv, '--all', '--yes', '--rpc-url', stack.info.chains[NETWORK]!.rpcUrl);
    // As the schedule does every minute, until the tool has what it waits for.
    const sending = { over: false };
    const sender = (async () => {
      while (!sending.over) await send();
    })();
    const gone = await asked;
    sending.over = true;
    await sender;
    expect(gone).toMatchObject({ code: 0, json: { settled: true, token: 'ETH', destination: home() } });
    const amount = parseEther(gone.json.amount as string);
    expect(await coinOf(home())).toBe(before + amount);
    const { gasUsed, effectiveGasPrice } = await chain().getTransactionReceipt({ hash: gone.json.transaction });
    const left = held - amount - gasUsed * effectiveGasPrice;
    expect(await coinOf(wallet.address)).toBe(left);
    expect(left).toBeLessThan(parseEther('0.001'));
    expect(gone.json.balance).toBe(formatEther(left));

    // As if the answer had been lost, with new coin in the wallet that the repetition must leave alone.
    await stack.chain.fundGas(wallet.address);
    const again = await run(...argv, '--amount', gone.json.amount, '--client-token', gone.json.clientToken, '--yes');
    expect(again).toMatchObject({ code: 0, json: { settled: true, transaction: gone.json.transaction } });
    await send();
    expect(await coinOf(home())).toBe(before + amount);
  });
});

describe('a withdrawal of the coin', () => {
  test('answers no signature, is a receipt at once, and is told when it is decided and when it has arrived', async () => {
    const userId = newUser();
    const wallet = await openWallet(stack, userId, 'SeedVault');
    await stack.chain.fundGas(wallet.address);
    const made = await ask(userId, withdrawalOf(wallet));
    const { processPaymentId } = made.withdrawal;
    expect(made.settlement).toBeUndefined();
    expect(made.withdrawal).toMatchObject({
      purpose: 'WITHDRAWAL',
      decision: 'PAID',
      amountUsd: '0.00',
      offer: { symbol: 'ETH', decimals: 18, amount: `${parseEther('0.5')}`, payTo: home() },
    });
    expect(await show(userId, processPaymentId)).toMatchObject({ settled: false, transfer: { status: 'REQUESTED' } });
    await send();
    const { settled, transfer } = await show(userId, processPaymentId);
    expect([settled, transfer?.status]).toEqual([true, 'SETTLED']);
    const types = () =>
      stack
        .events()
        .filter(({ detail }) => (detail as { userId: string }).userId === userId)
        .map(({ detailType, detail }) => [detailType, (detail as { transaction?: string }).transaction]);
    await expect.poll(types).toEqual(
      expect.arrayContaining([
        ['payment.signed', undefined],
        ['payment.settled', transfer?.transaction],
      ]),
    );
    expect(types().filter(([type]) => type!.startsWith('allowance'))).toEqual([]);
  });

  test('goes to no other address, by no other role, and of a wallet that signs no transactions not at all', async () => {
    const userId = newUser();
    const wallet = await openWallet(stack, userId, 'SeedVault');
    await stack.chain.fundGas(wallet.address);
    const stranger = stack.chain.devAccount(8).address;
    await expect(ask(userId, withdrawalOf(wallet, { destination: stranger }))).rejects.toMatchObject({
      code: 'bursar:destination_not_allowed',
    });
    for (const role of ['processPayment', 'management', 'observer', 'token'] as const) {
      const asking = clientOf(stack, role).send({
        method: 'POST',
        path: '/bursar/withdrawals',
        userId,
        body: withdrawalOf(wallet),
      });
      await expect(asking).rejects.toMatchObject({ status: 403 });
    }
    const provided = await openWallet(stack, userId, 'StripePrivy');
    await expect(ask(userId, withdrawalOf(provided))).rejects.toMatchObject({ code: 'bursar:coin_not_withdrawable' });
    await expect(ask(userId, withdrawalOf(wallet, { amount: { value: '1', currency: 'POL' } }))).rejects.toMatchObject({
      status: 400,
    });
  });
});
