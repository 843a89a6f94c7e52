import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { createFileStore } from '../../lib/cli/terminal/files.ts';
import type { ProcessPaymentOutput } from '../../lib/client/index.ts';
import { writeInfo } from '../../lib/local/info-file.ts';
import type { LocalStack } from '../../lib/local/stack.ts';
import { createWorld } from '../cli/world.ts';
import {
  askSeller,
  booksOf,
  newToken,
  newUser,
  openSession,
  openWallet,
  paymentOf,
  sendPayment,
  sendProof,
  startQuietly,
} from './scene.ts';

const directory = mkdtempSync(join(tmpdir(), 'bursar-seed-loss-'));
const dataDir = join(directory, 'data');
let running: LocalStack | null = null;
afterAll(async () => {
  await running?.close();
  rmSync(directory, { recursive: true, force: true });
});

/** The command line as an operator of this stack, with real files. */
async function runCli({ info }: LocalStack, ...argv: readonly string[]) {
  writeInfo(join(directory, '.bursar', 'local.json'), info);
  const files = createFileStore(directory);
  const world = createWorld({ overrides: { state: files, files, fetch, now: Date.now } });
  const code = await world.run(...argv, '--json');
  return { code, answer: JSON.parse(world.out()), shown: world.out() + world.err() };
}

/** As if it had been deleted for good: no role of the stack may do that. Only while the stack does not run. */
function loseSecret(name: string): string {
  const secrets = join(dataDir, 'keys-and-secrets', 'secrets');
  const files = readdirSync(secrets).map((file) => join(secrets, file));
  const file = files.find((path) => JSON.parse(readFileSync(path, 'utf8')).name === name)!;
  const { secretString } = JSON.parse(readFileSync(file, 'utf8'));
  rmSync(file);
  return secretString;
}

test(
  'a seed that is lost for good comes back from its backup, and the wallet pays again',
  { timeout: 300_000 },
  async () => {
    const first = (running = await startQuietly(dataDir));
    const userId = newUser();
    const wallet = await openWallet(first, userId, 'SeedVault');
    await first.chain.mint(wallet.address, 2_000_000n);
    const sessionId = await openSession(first, userId, '5.00');
    const pay = async (stack: LocalStack, clientToken: string) => {
      const terms = await askSeller(stack, 'market-data');
      const body = {
        ...paymentOf(wallet, sessionId, terms),
        paymentManagerArn: stack.info.paymentManagerArn,
        clientToken,
      };
      return { terms, answer: await sendPayment(stack, userId, body) };
    };
    expect((await pay(first, newToken())).answer.status).toBe(200);

    await createFileStore(directory).write('pass.txt', 'correct horse battery staple\n');
    const passphrase = ['--passphrase-file', 'pass.txt'];
    const create = ['backup', 'create', '--out', 'wallets.age', '--user', userId, ...passphrase] as const;
    const made = await runCli(first, ...create);
    expect(made).toMatchObject({ code: 0, answer: { compared: 1 } });
    expect(statSync(join(directory, 'wallets.age')).mode & 0o777).toBe(0o600);
    expect(await runCli(first, ...create)).toMatchObject({
      code: 1,
      answer: { error: { code: 'bursar:backup_file_exists' } },
    });

    await first.close();
    const secret = loseSecret(made.answer.secretName);
    const second = (running = await startQuietly(dataDir));
    const { answer: failed } = await pay(second, newToken());
    expect(failed.status).toBe(500);
    // Nothing stays reserved for what was not signed.
    await second.services.runSchedule('sweep-reservations');
    expect(await booksOf(second, userId, sessionId)).toEqual({ spent: '0.50', reserved: '0.00', available: '4.50' });

    const verified = await runCli(second, 'backup', 'verify', 'wallets.age', '--user', userId, ...passphrase);
    expect(verified).toMatchObject({ code: 0, answer: { compared: 1 } });
    const restored = await runCli(second, 'backup', 'restore', 'wallets.age', ...passphrase);
    expect(restored).toMatchObject({ code: 0, answer: { outcome: 'created' } });
    const { terms, answer } = await pay(second, newToken());
    const { paymentOutput } = answer.body as unknown as ProcessPaymentOutput;
    expect((await sendProof(terms, paymentOutput.cryptoX402!.payload)).settlement?.success).toBe(true);
    expect(await second.chain.balanceOf(wallet.address)).toBe(1_500_000n);
    expect(await booksOf(second, userId, sessionId)).toEqual({ spent: '1.00', reserved: '0.00', available: '4.00' });

    for (const { shown } of [made, verified, restored]) {
      for (const part of Object.values<string>(JSON.parse(secret))) expect(shown).not.toContain(part);
    }
  },
);
