import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createWalletClient, http, publicActions } from 'viem';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BursarError } from '../../lib/client/index.ts';
import type { CallerRole } from '../../lib/local/services.ts';
import { LOCAL_TOKENS } from '../../lib/local/chain/tokens.ts';
import { writeInfo } from '../../lib/local/info-file.ts';
import {
  askSeller,
  clientOf,
  newToken,
  newUser,
  openSession,
  openWallet,
  paymentOf,
  sendPayment,
  sendProof,
  withStack,
  type Address,
  type Wallet,
} from './scene.ts';

const scene = withStack();
const cli = join(import.meta.dirname, '..', '..', 'bin', 'cli.ts');
const FUNDS = 2_000_000n;
const PRICE = 10_000n;
const REST = FUNDS - PRICE;
const REST_USD = '1.99';
const NETWORK = 'eip155:84532';

let directory = '';
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'bursar-withdraw-'));
  writeInfo(join(directory, '.bursar', 'local.json'), scene.stack.info);
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const home = (): Address => scene.stack.info.withdrawalAddresses[0] as Address;

/** The tool as a program, with `--json`. */
async function run(...argv: readonly string[]) {
  const env = { PATH: process.env['PATH'], HOME: '/nonexistent', AWS_EC2_METADATA_DISABLED: 'true' };
  const child = spawn(process.execPath, [cli, ...argv, '--json'], {
    cwd: directory,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => {
    child.once('close', resolve);
  });
  return { code, err, out, json: JSON.parse(out) };
}

/** A user whose wallet was funded, has paid once and is deleted: what is left there is left behind. */
async function leaveMoneyBehind(connector: Wallet['connector']) {
  const { stack } = scene;
  const userId = newUser();
  const wallet = await openWallet(stack, userId, connector);
  await stack.chain.mint(wallet.address, FUNDS);
  const session = await openSession(stack, userId, '1.00');
  const terms = await askSeller(stack, 'weather');
  const { paymentManagerArn, paymentConnectorIds } = stack.info;
  const request = { ...paymentOf(wallet, session, terms), paymentManagerArn, clientToken: newToken() };
  const paid = await sendPayment(stack, userId, request);
  const { payload } = (paid.body as { paymentOutput: { cryptoX402: { payload: object } } }).paymentOutput.cryptoX402;
  expect(await sendProof(terms, payload)).toMatchObject({ status: 200 });
  await clientOf(stack, 'management').send({
    method: 'POST',
    path: '/payments/deletePaymentInstrument',
    userId,
    body: {
      paymentManagerArn,
      paymentConnectorId: paymentConnectorIds[connector],
      paymentInstrumentId: wallet.instrumentId,
    },
  });
  expect(await stack.chain.balanceOf(wallet.address)).toBe(REST);
  return { userId, wallet };
}

const withdrawalOf = (wallet: Wallet, overrides: object = {}) => ({
  paymentManagerArn: scene.stack.info.paymentManagerArn,
  paymentInstrumentId: wallet.instrumentId,
  network: NETWORK,
  amount: { value: REST_USD, currency: 'USD' },
  destination: home(),
  clientToken: newToken(),
  ...overrides,
});

const ask = (role: CallerRole, userId: string, body: object) =>
  clientOf(scene.stack, role).send({ method: 'POST', path: '/bursar/withdrawals', userId, body });

describe('money that is left in a deleted wallet', () => {
  test.each(['SeedVault', 'AwsKms'] as const)('(%s) goes home to the last cent, once', async (connector) => {
    const { stack } = scene;
    const { userId, wallet } = await leaveMoneyBehind(connector);
    const before = await stack.chain.balanceOf(home());
    const argv = ['withdraw', '--user', userId, '--instrument', wallet.instrumentId, '--to', home(), '--yes'];
    const gone = await run(...argv, '--all');
    expect(gone).toMatchObject({
      code: 0,
      json: { settled: true, amountUsd: REST_USD, destination: home(), network: NETWORK, balanceUsd: '0.00' },
    });
    expect(await stack.chain.transfersOf(gone.json.transaction)).toEqual([
      { from: wallet.address, to: home(), amount: REST },
    ]);
    expect(await stack.chain.balanceOf(wallet.address)).toBe(0n);
    expect(await stack.chain.balanceOf(home())).toBe(before + REST);

    // As if the answer had been lost: with new money in the wallet, that the repetition must leave alone.
    await stack.chain.mint(wallet.address, FUNDS);
    const again = await run(...argv, '--amount', REST_USD, '--client-token', gone.json.clientToken);
    expect(again).toMatchObject({ code: 0, json: { settled: true, processPaymentId: gone.json.processPaymentId } });
    expect(await stack.chain.balanceOf(wallet.address)).toBe(FUNDS);
    expect(await stack.chain.balanceOf(home())).toBe(before + REST);

    const { payments } = await clientOf(stack, 'management').send<{ payments: object[] }>({
      method: 'GET',
      path: '/bursar/payments',
      query: { paymentManagerArn: stack.info.paymentManagerArn },
      userId,
    });
    expect(payments).toMatchObject([
      { purpose: 'WITHDRAWAL', decision: 'PAID', amountUsd: REST_USD, processPaymentId: gone.json.processPaymentId },
      { purpose: 'PAYMENT', decision: 'PAID', amountUsd: '0.01' },
    ]);
  });

  test('goes home by a transaction of another account, which pays the gas', async () => {
    const { stack } = scene;
    const { userId, wallet } = await leaveMoneyBehind('SeedVault');
    const before = await stack.chain.balanceOf(home());
    const argv = ['withdraw', '--user', userId, '--instrument', wallet.instrumentId, '--to', home(), '--yes'];
    const written = await run(...argv, '--all', '--out', 'transfer.json');
    expect(written).toMatchObject({ code: 0, json: { settled: false, file: 'transfer.json' } });
    const path = join(directory, 'transfer.json');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const { to, data } = JSON.parse(readFileSync(path, 'utf8')) as { to: Address; data: Address };
    const account = stack.chain.devAccount(8);
    const sender = createWalletClient({
      account,
      chain: stack.chain.chain,
      transport: http(stack.chain.rpcUrl),
    }).extend(publicActions);
    const hash = await sender.sendTransaction({ to, data });
    expect((await sender.waitForTransactionReceipt({ hash, pollingInterval: 20 })).status).toBe('success');
    expect(await stack.chain.balanceOf(wallet.address)).toBe(0n);
    expect(await stack.chain.balanceOf(home())).toBe(before + REST);
  });

  test.each(['EURC', 'ACME'] as const)('goes home in %s too, to its last unit', async (symbol) => {
    const { stack } = scene;
    const { address: token, decimals } = LOCAL_TOKENS[symbol];
    const userId = newUser();
    const wallet = await openWallet(stack, userId, 'SeedVault');
    const amount = 10n ** BigInt(decimals) + 1n;
    await stack.chain.mint(wallet.address, amount, token);
    const before = await stack.chain.balanceOf(home(), token);
    const argv = ['withdraw', '--user', userId, '--instrument', wallet.instrumentId, '--to', home(), '--yes'];
    const gone = await run(...argv, '--token', symbol, '--all');
    expect(gone).toMatchObject({ code: 0, json: { settled: true, token: symbol, balance: '0' } });
    expect(await stack.chain.balanceOf(wallet.address, token)).toBe(0n);
    expect(await stack.chain.balanceOf(home(), token)).toBe(before + amount);
  });

  test('goes to no other address, by no other role, and out of nobody else’s wallet', async () => {
    const { userId, wallet } = await leaveMoneyBehind('SeedVault');
    const stranger = scene.stack.chain.devAccount(8).address;
    await expect(ask('treasury', userId, withdrawalOf(wallet, { destination: stranger }))).rejects.toMatchObject({
      status: 400,
      code: 'bursar:destination_not_allowed',
    });
    for (const role of ['processPayment', 'management', 'controlPlane', 'observer', 'token'] as const) {
      await expect(ask(role, userId, withdrawalOf(wallet))).rejects.toMatchObject({
        status: 403,
        errorName: 'AccessDeniedException',
      });
    }
    await expect(ask('treasury', newUser(), withdrawalOf(wallet))).rejects.toMatchObject({ status: 404 });
    expect(await scene.stack.chain.balanceOf(wallet.address)).toBe(REST);
    expect(await ask('treasury', userId, withdrawalOf(wallet))).toMatchObject({ withdrawal: { decision: 'PAID' } });
  });

  test('is told as a withdrawal and as no spending, and its session not at all', async () => {
    const { stack } = scene;
    const { userId, wallet } = await leaveMoneyBehind('SeedVault');
    const { withdrawal } = (await ask('treasury', userId, withdrawalOf(wallet))) as {
      withdrawal: { processPaymentId: string; paymentSessionId: string };
    };
    await stack.services.drainStreams();
    const told = stack.events().filter((event) => JSON.stringify(event).includes(userId));
    const ofWithdrawal = told.filter((event) => JSON.stringify(event).includes(withdrawal.paymentSessionId));
    expect(ofWithdrawal).toHaveLength(1);
    expect(JSON.stringify(ofWithdrawal)).toContain('"purpose":"WITHDRAWAL"');
    const lines = scene.logs.map(({ line }) => line).filter((line) => line.includes(withdrawal.processPaymentId));
    expect(lines).not.toEqual([]);
    for (const line of lines) expect(line).not.toContain('SpendAmount');
  });

  test('cannot be spent by an agent in the session of its withdrawal', async () => {
    const { stack } = scene;
    const userId = newUser();
    const wallet = await openWallet(stack, userId, 'SeedVault');
    const { withdrawal } = (await ask('treasury', userId, withdrawalOf(wallet))) as {
      withdrawal: { paymentSessionId: string };
    };
    const terms = await askSeller(stack, 'weather');
    const { paymentManagerArn } = stack.info;
    const request = {
      ...paymentOf(wallet, withdrawal.paymentSessionId, terms),
      paymentManagerArn,
      clientToken: newToken(),
    };
    expect((await sendPayment(stack, userId, request)).status).toBe(400);
    await expect(
      clientOf(stack, 'treasury').send({ method: 'POST', path: '/payments/processPayment', userId, body: request }),
    ).rejects.toBeInstanceOf(BursarError);
  });
});
