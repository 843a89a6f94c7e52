// Coinbase's published description of its API (coinbase/cdp-sdk, openapi.yaml, MIT). Not part of the default run:
// VECTORS=<folder that holds cdp/> npm run test:vectors
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CdpClient } from '@coinbase/cdp-sdk';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Exchange } from '../../lib/local/providers/coinbase-cdp/index.ts';
import { OPERATIONS } from '../../lib/local/providers/coinbase-cdp/operations.ts';
import { readDelegation, revokeDelegation } from '../../lib/wallets/coinbase-cdp/delegation.ts';
import { findNetwork } from '../../lib/domain/assets.ts';
import { parseUsd } from '../../lib/domain/money.ts';
import { createCoinbaseCdpFunding } from '../../lib/wallets/coinbase-cdp/funding.ts';
import { makeCoinbaseCdpSolanaWallet } from '../../lib/wallets/coinbase-cdp/wallet-maker.ts';
import { SOLANA_NETWORKS } from '../../lib/domain/tenants/solana.ts';
import { CONNECTOR, EMAIL, makeWallet, startProject, type TestProject } from '../wallets/coinbase-cdp/project.ts';
import { messagesFrom, transferFrom } from '../wallets/transfer.ts';

interface Described {
  readonly operationId: string;
  readonly requestBody?: object;
  readonly responses: Readonly<Record<string, { readonly $ref?: string; readonly content?: object }>>;
}

const file = join(process.env['VECTORS'] ?? '', 'cdp', 'openapi-subset.json');
if (!existsSync(file)) throw new Error('VECTORS must name the folder that holds cdp/');
const description = JSON.parse(readFileSync(file, 'utf8')) as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>;
};
const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true }).addSchema(description, 'cdp');

const pointer = (...names: readonly string[]): string =>
  `cdp#/${names.map((name) => encodeURIComponent(name.replaceAll('~', '~0').replaceAll('/', '~1'))).join('/')}`;
const JSON_SCHEMA = ['content', 'application/json', 'schema'];

/** What of an exchange is not as the description says. */
function problemsOf({ operation, body, status, answer }: Exchange): readonly string[] {
  const { path } = operation;
  const method = operation.method.toLowerCase();
  const described = description.paths[path]?.[method];
  if (described === undefined) return [`${method} ${path} is not described`];
  const response = described.responses[String(status)];
  if (response === undefined) return [`${operation.id} answers no ${status}`];
  const check = (schema: string, text: string): readonly string[] => {
    const validate = ajv.compile({ $ref: schema });
    return validate(JSON.parse(text)) ? [] : [`${operation.id} ${status}: ${ajv.errorsText(validate.errors)}`];
  };
  const at = ['paths', path, method];
  const shared = response.$ref?.split('/').at(-1);
  const place = shared === undefined ? [...at, 'responses', `${status}`] : ['components', 'responses', shared];
  return [
    ...(described.operationId === operation.id ? [] : [`${path} is ${described.operationId}`]),
    ...(body === '' ? [] : check(pointer(...at, 'requestBody', ...JSON_SCHEMA), body)),
    ...(answer === '' ? [] : check(pointer(...place, ...JSON_SCHEMA), answer)),
  ];
}

let project: TestProject;
beforeAll(async () => {
  project = await startProject();
});
afterAll(() => project.close());

const key = { type: 'CoinbaseCDP', connector: CONNECTOR, endUserId: null } as const;

/** What the platform brings into a wallet, and refuses to. */
async function fund(address: `0x${string}`): Promise<void> {
  const funding = createCoinbaseCdpFunding(project.call);
  const network = (id: string) => findNetwork(id)!;
  const amount = parseUsd('25.00');
  if (!amount.ok) throw new Error('not an amount');
  const asked = { address, amount: null, returnUrl: null };
  await funding.openOnramp(key, { ...asked, network: network('eip155:8453') });
  const all = { address, amount: amount.value, returnUrl: 'https://app.example.com/' };
  await funding.openOnramp(key, { ...all, network: network('eip155:1') });
  for (let claim = 0; claim < 10; claim += 1) {
    await funding.requestTestFunds(key, { address, network: network('eip155:84532') });
  }
  await funding.requestTestFunds(key, { address, network: network('eip155:84532') }).catch(() => {});
  await funding.requestTestFunds(key, { address, network: network('eip155:11155111') });
}

/** A wallet of Solana, and what the platform brings into it. */
async function fundSolana(linkedAccount: typeof EMAIL | null): Promise<void> {
  made += 1;
  const instrumentId = `payment-instrument-solana-${made}`;
  const { account, address } = await makeCoinbaseCdpSolanaWallet(project.call, {
    connector: CONNECTOR,
    instrumentId,
    linkedAccount,
  });
  await readDelegation(project.call, account, address);
  const funding = createCoinbaseCdpFunding(project.call);
  const [main, devnet] = SOLANA_NETWORKS;
  await funding.openOnramp(key, { address, network: main!, amount: null, returnUrl: null });
  await funding.requestTestFunds(key, { address, network: devnet! });
}
let made = 0;

test('every request and answer is as the published description says', async () => {
  const ended = async (work: Promise<unknown>): Promise<void> => {
    await work.catch(() => {});
  };
  for (const of of ['end user', 'end user', 'project'] as const) {
    const { account, address } = await makeWallet(project, of);
    for (const message of messagesFrom(address)) await project.signer.sign(account, message, address);
    await readDelegation(project.call, account, address);
    await revokeDelegation(project.call, account, address);
    await fund(address);
    await fundSolana(of === 'project' ? null : EMAIL);
    await ended(project.signer.sign(account, transferFrom(address), address));
    for (const status of [401, 402, 500, 502, 503]) {
      project.cdp.faults.plan({ fault: { kind: 'status', status }, times: 2 });
      await ended(project.signer.sign(account, transferFrom(address), address));
      project.cdp.faults.clear();
    }
  }
  const seen = new Set(project.exchanges.map(({ operation, status }) => `${operation.id} ${status}`));
  expect(seen).toContain('signEvmTypedDataWithEndUserAccount 403');
  expect(seen).toContain('addEndUserEvmAccount 201');
  expect(seen).toContain('addEndUserSolanaAccount 201');
  expect(seen).toContain('createSolanaAccount 201');
  expect(seen).toContain('requestSolanaFaucet 200');
  expect(seen).toContain('createOnrampSession 201');
  expect(seen).toContain('requestEvmFaucet 200');
  expect(seen).toContain('requestEvmFaucet 429');
  expect(project.exchanges.length).toBeGreaterThan(30);
  expect(project.exchanges.flatMap(problemsOf)).toEqual([]);
});

test('what the official client asks, and is answered, is so too', async () => {
  vi.stubEnv('DISABLE_CDP_USAGE_TRACKING', 'true');
  vi.stubEnv('DISABLE_CDP_ERROR_REPORTING', 'true');
  const { project: keys, url: basePath } = project.cdp;
  const [{ id: apiKeyId, secret: apiKeySecret }, { secret: walletSecret }] = [
    keys.apiKeys()[0]!,
    keys.walletSecrets()[0]!,
  ];
  const { evm, solana, endUser } = new CdpClient({ apiKeyId, apiKeySecret, walletSecret, basePath });
  const before = project.exchanges.length;
  const method = { type: 'email', email: 'grace@example.com' } as const;
  const { userId } = await endUser.createEndUser({ authenticationMethods: [method], evmAccount: {} as never });
  await endUser.addEndUserEvmAccount({ userId });
  await endUser.getEndUser({ userId });
  project.grant(userId);
  await endUser.getDelegationForEndUser({ userId });
  await endUser.revokeDelegationForEndUser({ userId });
  await endUser.getDelegationForEndUser({ userId }).catch(() => {});
  const { address } = await evm.createAccount({ name: 'account' });
  await evm.createAccount({ name: 'account' }).catch(() => {});
  await evm.getAccount({ address });
  await evm.getAccount({ address: '0x70997970C51812dc3A010C7d01b50e0d17dc79C8' }).catch(() => {});
  await endUser.addEndUserSolanaAccount({ userId });
  const own = await solana.createAccount({ name: 'account' });
  await solana.createAccount({ name: 'account' }).catch(() => {});
  await solana.requestFaucet({ address: own.address, token: 'usdc' });
  await evm.requestFaucet({ address, network: 'base-sepolia', token: 'eth' });
  vi.unstubAllEnvs();
  const exchanges = project.exchanges.slice(before);
  expect(exchanges.map(({ operation, status }) => `${operation.id} ${status}`)).toEqual(
    expect.arrayContaining(['getEndUser 200', 'getEvmAccount 404', 'createEvmAccount 409', 'requestEvmFaucet 200']),
  );
  expect(exchanges.flatMap(problemsOf)).toEqual([]);
});

test('every operation that the stand-in has was seen so', () => {
  const seen = new Set(project.exchanges.map(({ operation }) => operation.id));
  expect(OPERATIONS.map(({ id }) => id).filter((id) => !seen.has(id))).toEqual([]);
});

test('finds a request and an answer that are not', () => {
  const good = project.exchanges.find(({ operation }) => operation.id === 'signEvmTypedData')!;
  expect(problemsOf({ ...good, body: '{}' })).toEqual([expect.stringMatching(/required property/)]);
  expect(problemsOf({ ...good, answer: '{"signature":7}' })).toEqual([expect.stringMatching(/string/)]);
  expect(problemsOf({ ...good, status: 418 }).length).toBe(1);
});
