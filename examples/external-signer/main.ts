// A signer of your own, for one wallet: `node examples/external-signer/main.ts PUBLIC_KEY`. It makes its key at the first start,
// in .bursar/signer-key, prints its address, and signs payments of at most a dollar for whoever has the private half of PUBLIC_KEY.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import type { Hex } from 'viem';
import { createSignerServer } from './server.ts';

const KEY_FILE = '.bursar/signer-key';
const PORT = 8407;
const url = `http://127.0.0.1:${PORT}/sign`;

const [publicKey] = process.argv.slice(2);
if (!existsSync(KEY_FILE)) {
  mkdirSync('.bursar', { recursive: true });
  writeFileSync(KEY_FILE, generatePrivateKey(), { mode: 0o600, flag: 'wx' });
}
const account = privateKeyToAccount(readFileSync(KEY_FILE, 'utf8').trim() as Hex);
console.log(`wallet   ${account.address}`);
if (publicKey === undefined) {
  console.log('Start it again with the public key of the connector, or of `npx bursar signer key`.');
  process.exit(0);
}
const policy = { maxMicroUsd: 1_000_000n, payees: null };
createSignerServer({ uri: url, publicKey, account, policy }).listen(PORT, '127.0.0.1', () =>
  console.log(`signing  ${url}`),
);
