import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  BedrockAgentCoreClient,
  DeletePaymentSessionCommand,
  GetPaymentSessionCommand,
} from '@aws-sdk/client-bedrock-agentcore';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeInfo } from '../../lib/local/info-file.ts';
import { sellerOf, withStack } from '../scenarios/scene.ts';
import { findFreePort } from '../../lib/local/loopback/server.ts';

const scene = withStack();
const cli = join(import.meta.dirname, '..', '..', 'bin', 'cli.ts');
let directory = '';

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'bursar-cli-'));
  writeInfo(join(directory, '.bursar', 'local.json'), scene.stack.info);
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** No credentials of the machine: the local stack needs none. */
const env = { PATH: process.env['PATH'], HOME: '/nonexistent', AWS_EC2_METADATA_DISABLED: 'true' };

function start(argv: readonly string[], cwd = directory): ChildProcess {
  return spawn(process.execPath, [cli, ...argv], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
}

async function run(...argv: readonly string[]) {
  const child = start(argv);
  const out: Buffer[] = [];
  let err = '';
  child.stdout?.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => {
    err += chunk.toString();
  });
  const code = await new Promise<number | null>((resolve) => {
    child.once('close', resolve);
  });
  return { code, out: Buffer.concat(out).toString(), err };
}

const runJson = async (...argv: readonly string[]) => {
  const { code, out, err } = await run(...argv, '--json');
  return { code, err, json: JSON.parse(out) };
};

const secrets = () => Object.values(scene.stack.info.credentials).map(({ secretAccessKey }) => secretAccessKey);

describe('against the local stack, as a program', () => {
  test(
    'is told of an empty wallet before anything is signed, and pays once it is funded',
    { timeout: 120_000 },
    async () => {
      const context = ['--context', 'carol'];
      const { json: wallet } = await runJson('init', '--user', 'carol', ...context);
      const opened = await runJson('session', 'create', '--budget', '1.00', '--check-balance', ...context);
      expect(opened).toMatchObject({ code: 0, json: { balanceCheck: { required: true } } });
      const { url } = sellerOf(scene.stack, 'weather');
      const buy = ['pay', url, '--yes', '--no-balance-check', '--purchase', 'order-of-carol', ...context];
      const refused = await run(...buy);
      expect([refused.code, refused.err]).toEqual([
        4,
        expect.stringContaining('Insufficient balance in the payer wallet'),
      ]);
      const left = { availableLimits: { availableSpendAmount: { value: '1.00' } }, reservedAmount: { value: '0.00' } };
      expect((await runJson('session', 'show', ...context)).json).toMatchObject(left);
      await scene.stack.chain.mint(wallet.walletAddress, 1_000_000n);
      expect((await run(...buy)).code).toBe(0);
    },
  );

  test('goes from nothing to a receipt', { timeout: 300_000 }, async () => {
    const made = await runJson('init', '--user', 'alice');
    expect(made).toMatchObject({ code: 0, json: { kind: 'local', userId: 'alice' } });
    const again = await runJson('init', '--user', 'alice');
    expect(again.json.paymentInstrumentId).toBe(made.json.paymentInstrumentId);
    expect((await runJson('balance')).json).toMatchObject({ usd: '0.00', walletAddress: made.json.walletAddress });
    await scene.stack.chain.mint(made.json.walletAddress, 25_000_000n);
    expect((await runJson('balance')).json).toMatchObject({ usd: '25.00' });

    const session = await runJson('session', 'create', '--budget', '1.00', '--minutes', '15');
    expect(session).toMatchObject({ code: 0, json: { availableLimits: { availableSpendAmount: { value: '1.00' } } } });
    const { url } = sellerOf(scene.stack, 'market-data');
    expect((await run('pay', url)).code).toBe(3);
    const paid = await run('pay', url, '--yes', '--max-price', '0.50');
    expect(paid.code).toBe(0);
    expect(JSON.parse(paid.out)).toHaveProperty('series');
    const dear = sellerOf(scene.stack, 'full-archive').url;
    expect((await run('pay', dear, '--yes')).code).toBe(3);
    expect((await run('pay', dear, '--yes', '--max-price', '9.00')).code).toBe(4);
    expect((await runJson('session', 'topup', '0.25')).json).toMatchObject({ limit: { value: '1.25' } });
    expect((await runJson('session', 'show')).json).toMatchObject({
      availableLimits: { availableSpendAmount: { value: '0.75' } },
    });

    const { json: list } = await runJson('payments');
    expect(list.payments.map((each: { decision: string }) => each.decision)).toEqual(['DENIED', 'PAID']);
    const one = await runJson('payments', list.payments[1].processPaymentId);
    expect(one.json).toEqual(list.payments[1]);
    expect((await runJson('session', 'show')).json).toMatchObject({ spentAmount: { value: '0.50' } });

    const doctor = await runJson('doctor');
    expect(doctor).toMatchObject({ code: 0, json: { healthy: true } });
    expect((await run('session', 'revoke', '--yes')).code).toBe(0);
    const { code } = await run('pay', url, '--yes', '--session', session.json.paymentSessionId);
    expect(code).toBe(4);

    const kept = readFileSync(join(directory, '.bursar', 'context.json'), 'utf8');
    for (const secret of secrets()) expect(kept + made.err + paid.err).not.toContain(secret);
  });

  test('makes a wallet of Coinbase that pays while its user lets it', { timeout: 300_000 }, async () => {
    const made = await runJson('init', '--user', 'ada', '--type', 'CoinbaseCDP', '--email', 'ada@example.com');
    const { hubUrl } = scene.stack.info.coinbaseCdp;
    expect(made.json.nextSteps[0]).toContain(hubUrl);
    const shown = await run('wallet', 'show');
    expect(shown.out).toContain('its user does not let it sign');
    expect(shown.out).toContain(hubUrl);
    const keyOf = async () => {
      const { json } = await runJson('doctor');
      return json.findings.find(({ id }: { id: string }) => id === 'key');
    };
    expect(await keyOf()).toMatchObject({ status: 'fail', mend: expect.stringContaining(hubUrl) as string });

    const { project } = scene.stack.services.coinbaseCdp;
    const { userId } = project.accounts().find(({ address }) => address === made.json.walletAddress)!;
    const grant = new URLSearchParams({ userId: userId!, days: '7', grant: 'yes' });
    await fetch(hubUrl, { method: 'POST', body: grant, redirect: 'manual' });
    expect((await run('wallet', 'show')).out).toMatch(/its user lets it sign until 20/);
    expect(await keyOf()).toMatchObject({ status: 'ok' });
    expect((await runJson('wallet', 'fund')).json).toMatchObject({
      transaction: expect.stringMatching(/^0x/) as string,
    });
    expect((await runJson('balance')).json).toMatchObject({ usd: '1.00' });
    await runJson('session', 'create', '--budget', '1.00', '--minutes', '15');
    const { url } = sellerOf(scene.stack, 'weather');
    expect((await run('pay', url, '--yes')).code).toBe(0);

    const revoked = await runJson('wallet', 'revoke');
    expect(revoked.json).toMatchObject({ delegation: { status: 'INACTIVE' } });
    const refused = await run('pay', url, '--yes');
    expect(refused.code).toBe(4);
    expect(refused.err).toContain('bursar wallet show');
  });

  test(
    'makes a wallet of Privy, which its owner lets pay and the service cannot forbid for the owner',
    { timeout: 300_000 },
    async () => {
      const made = await runJson('init', '--user', 'eve', '--type', 'StripePrivy', '--email', 'eve@example.com');
      const { consentUrl } = scene.stack.info.stripePrivy;
      expect(made.json.nextSteps[0]).toContain(consentUrl);
      expect((await run('wallet', 'show')).out).toContain('its user does not let it sign');
      const { id } = scene.stack.services.stripePrivy.app.wallets.find(
        ({ address }) => address === made.json.walletAddress,
      )!;
      const grant = new URLSearchParams({ walletId: id, grant: 'yes' });
      await fetch(consentUrl, { method: 'POST', body: grant, redirect: 'manual' });
      expect((await run('wallet', 'show')).out).toMatch(/its user lets it sign\n/);
      const { json } = await runJson('doctor');
      expect(json.findings.find((finding: { id: string }) => finding.id === 'key')).toMatchObject({ status: 'ok' });
      await scene.stack.chain.mint(made.json.walletAddress, 1_000_000n);
      await runJson('session', 'create', '--budget', '1.00', '--minutes', '15');
      expect((await run('pay', sellerOf(scene.stack, 'weather').url, '--yes')).code).toBe(0);
      const refused = await run('wallet', 'revoke');
      expect(refused.code).not.toBe(0);
      expect(refused.err).toContain('bursar freeze --wallet');
    },
  );

  test('lets the official client in through the proxy, as an agent and no more', { timeout: 300_000 }, async () => {
    const made = await runJson('init', '--user', 'bob');
    const session = await runJson('session', 'create', '--user', 'bob');
    const proxy = start(['proxy', '--port', '0', '--json']);
    try {
      const printed = await new Promise<string>((resolve) => {
        proxy.stdout?.once('data', (chunk: Buffer) => resolve(chunk.toString()));
      });
      const { url, environment } = JSON.parse(printed);
      const client = new BedrockAgentCoreClient({
        endpoint: url,
        region: environment.AWS_REGION,
        credentials: { accessKeyId: environment.AWS_ACCESS_KEY_ID, secretAccessKey: environment.AWS_SECRET_ACCESS_KEY },
        maxAttempts: 1,
      });
      const input = { paymentManagerArn: made.json.paymentManagerArn, paymentSessionId: session.json.paymentSessionId };
      const { paymentSession } = await client.send(new GetPaymentSessionCommand({ ...input, userId: 'bob' }));
      expect(paymentSession?.paymentSessionId).toBe(session.json.paymentSessionId);
      await expect(client.send(new DeletePaymentSessionCommand({ ...input, userId: 'bob' }))).rejects.toMatchObject({
        name: 'AccessDeniedException',
      });
      client.destroy();
    } finally {
      const ended = new Promise((resolve) => {
        proxy.once('close', resolve);
      });
      proxy.kill('SIGINT');
      expect(await ended).toBe(0);
    }
  });

  test('says that a directory has no context, and that the stack is not running', async () => {
    const other = mkdtempSync(join(tmpdir(), 'bursar-cli-'));
    const codeIn = (argv: readonly string[]) => new Promise((resolve) => start(argv, other).once('close', resolve));
    expect(await codeIn(['balance'])).toBe(2);
    const port = await findFreePort();
    writeInfo(join(other, '.bursar', 'local.json'), { ...scene.stack.info, endpoint: `http://127.0.0.1:${port}/v1` });
    expect(await codeIn(['doctor'])).toBe(1);
    rmSync(other, { recursive: true });
  });
});
