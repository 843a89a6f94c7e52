import { createPrivateKey, createPublicKey } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SOLANA_NETWORKS } from '../../../lib/domain/tenants/solana.ts';
import { NotNow, type Funding } from '../../../lib/domain/ports/services.ts';
import { encodeBase58 } from '../../../lib/local/providers/base58.ts';
import { readDelegation, revokeDelegation } from '../../../lib/wallets/coinbase-cdp/delegation.ts';
import { createCoinbaseCdpFunding } from '../../../lib/wallets/coinbase-cdp/funding.ts';
import { makeCoinbaseCdpSolanaWallet, makeCoinbaseCdpWallet } from '../../../lib/wallets/coinbase-cdp/wallet-maker.ts';
import { failureOf } from '../signer-contract.ts';
import { CONNECTOR, EMAIL, startProject, type TestProject } from './project.ts';

let project: TestProject;
beforeEach(async () => {
  project = await startProject();
});
afterEach(() => project.close());

const make = (instrumentId: string, linkedAccount: typeof EMAIL | null) =>
  makeCoinbaseCdpSolanaWallet(project.call, { connector: CONNECTOR, instrumentId, linkedAccount });
const [MAIN, DEVNET] = SOLANA_NETWORKS as [(typeof SOLANA_NETWORKS)[0], (typeof SOLANA_NETWORKS)[0]];

describe('a wallet of Solana', () => {
  test('is a new end user’s first account, with a key of its own', async () => {
    const { address, account } = await make('payment-instrument-1', EMAIL);
    const [stored] = project.cdp.project.solanaAccounts();
    expect(stored).toMatchObject({ address, userId: account.endUserId });
    expect(project.cdp.project.accounts()).toEqual([]);
    const privateKey = createPrivateKey({
      key: Buffer.from(stored!.privateKey, 'base64'),
      format: 'der',
      type: 'pkcs8',
    });
    const { x } = createPublicKey(privateKey).export({ format: 'jwk' });
    expect(encodeBase58(Buffer.from(x!, 'base64url'))).toBe(address);
  });

  test('is one more of an end user who has another, and the same for the same instrument', async () => {
    const evm = await makeCoinbaseCdpWallet(project.call, {
      connector: CONNECTOR,
      instrumentId: 'payment-instrument-1',
      linkedAccount: EMAIL,
    });
    const wallet = await make('payment-instrument-2', EMAIL);
    expect(await make('payment-instrument-2', EMAIL)).toEqual(wallet);
    expect(wallet.account).toEqual(evm.account);
    expect(project.cdp.project.users().length).toBe(1);
    expect(project.cdp.project.solanaAccounts().length).toBe(1);
    const other = await make('payment-instrument-3', EMAIL);
    expect(other.address).not.toBe(wallet.address);
  });

  test('is one of the project for an instrument, whatever happens to the answer, and under no policy', async () => {
    project.cdp.faults.plan({ operation: 'createSolanaAccount', fault: { kind: 'answer_lost' } });
    const wallet = await make('payment-instrument-1', null);
    expect(await make('payment-instrument-1', null)).toEqual(wallet);
    expect(wallet.account.endUserId).toBeNull();
    expect(project.cdp.project.solanaAccounts()).toMatchObject([
      { address: wallet.address, name: 'payment-instrument-1' },
    ]);
    expect(project.cdp.project.policies()).toEqual([]);
  });

  test.each([
    '{}',
    '{"address":7}',
    '{"address":"0x1a642f0E3c3aF545E7AcBD38b07251B3990914F1"}',
    // 33 bytes, and far too many.
    `{"address":"${'1'.repeat(33)}"}`,
    `{"address":"${'2'.repeat(10_000)}"}`,
    'not JSON',
  ])('whose address is in %.60s is none', async (body) => {
    project.cdp.faults.plan({ operation: 'createSolanaAccount', fault: { kind: 'body', body }, times: 5 });
    await expect(make('payment-instrument-1', null)).rejects.toThrow(/named no address/);
  });

  test('shows whether its user lets the project sign, and that it was taken back', async () => {
    const { account, address } = await make('payment-instrument-1', EMAIL);
    expect(await readDelegation(project.call, account, address)).toEqual({ status: 'INACTIVE' });
    const expiresAt = new Date(Date.now() + 86_400_000).toISOString();
    const userId = account.endUserId!;
    project.cdp.project.setDelegation({ userId, address, expiresAt, revoked: false });
    const active = { status: 'ACTIVE', expiresAt: Date.parse(expiresAt) };
    expect(await readDelegation(project.call, account, address)).toEqual(active);
    await revokeDelegation(project.call, account, address);
    expect(await readDelegation(project.call, account, address)).toEqual({ status: 'INACTIVE' });
  });
});

describe('money for a wallet of Solana', () => {
  const key = { type: 'CoinbaseCDP', connector: CONNECTOR, endUserId: null } as const;
  let funding: Funding;
  let address: Awaited<ReturnType<typeof make>>['address'];
  beforeEach(async () => {
    funding = createCoinbaseCdpFunding(project.call);
    ({ address } = await make('payment-instrument-1', null));
    project.exchanges.length = 0;
  });
  const onramp = (network: typeof MAIN) => funding.openOnramp(key, { address, network, amount: null, returnUrl: null });
  const faucet = (network: typeof MAIN) => funding.requestTestFunds(key, { address, network });
  const said = () => JSON.parse(project.exchanges.at(-1)!.body) as object;

  test('is sold on the main network alone', async () => {
    expect(await (await fetch(await onramp(MAIN))).text()).toContain(address);
    expect(said()).toEqual({ purchaseCurrency: 'USDC', destinationNetwork: 'solana', destinationAddress: address });
    expect(await failureOf(onramp(DEVNET))).toMatchObject({ trouble: 'funding_unavailable' });
  });

  test('is given on the test network alone, until there is no more for the day', async () => {
    expect(await faucet(DEVNET)).toMatch(/^[1-9A-HJ-NP-Za-km-z]{64,88}$/);
    expect(said()).toEqual({ address, token: 'usdc' });
    expect(await failureOf(faucet(MAIN))).toMatchObject({ trouble: 'funding_unavailable' });
    for (let claim = 1; claim < 10; claim += 1) await faucet(DEVNET);
    expect(await failureOf(faucet(DEVNET))).toBeInstanceOf(NotNow);
  });

  test.each(['{}', '{"transactionSignature":7}', `{"transactionHash":"0x${'1'.repeat(64)}"}`])(
    'of no transaction (%s) is none',
    async (body) => {
      project.cdp.faults.plan({ fault: { kind: 'body', body } });
      await expect(faucet(DEVNET)).rejects.toThrow(/no transaction/);
    },
  );
});
