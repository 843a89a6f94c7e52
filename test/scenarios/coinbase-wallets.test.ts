import { AccessDeniedException } from '@aws-sdk/client-bedrock-agentcore';
import { UpdatePaymentCredentialProviderCommand } from '@aws-sdk/client-bedrock-agentcore-control';
import { describe, expect, test } from 'vitest';
import { failureOf, withAwsClients } from './aws-tenant.ts';
import { createCoinbaseWallet, credentialsOf } from './coinbase-tenant.ts';
import { payFrom, type ProviderWallet } from './provider-tenant.ts';
import { clientOf, newToken, newUser, sellerOf, sendProof, withStack } from './scene.ts';

const scene = withStack();
const aws = withAwsClients(scene);
const cdp = () => scene.stack.services.coinbaseCdp;

/** What a person does on the page that `redirectUrl` names. */
async function grant({ address, redirectUrl }: ProviderWallet): Promise<void> {
  const { userId } = cdp()
    .project.accounts()
    .find((account) => account.address === address)!;
  const body = new URLSearchParams({ userId: userId!, days: '30', grant: 'yes' });
  const response = await fetch(redirectUrl!, { method: 'POST', body, redirect: 'manual' });
  expect(response.status).toBe(303);
}

describe('a wallet of Coinbase', () => {
  test('pays once its user has let it, until the grant is taken back', async () => {
    const wallet = await createCoinbaseWallet(scene, aws, 'end user');
    expect(wallet.redirectUrl).toBe(cdp().hubUrl);
    expect(await wallet.delegation()).toEqual({ status: 'INACTIVE' });

    const clientToken = newToken();
    const refused = await failureOf((await payFrom(wallet, scene, aws, clientToken)).answering);
    expect(refused).toBeInstanceOf(AccessDeniedException);
    expect((refused as Error).message).toBe(
      'Delegated signing grant is not active for the end user wallet. Please redirect end user to the WalletHub to grant the permissions.',
    );
    expect(await wallet.books()).toEqual(['0.00', '0.00']);

    await grant(wallet);
    expect(await wallet.delegation()).toEqual({ status: 'ACTIVE', expiresAt: expect.stringMatching(/Z$/) as string });
    await scene.stack.chain.mint(wallet.address, 1_000_000n);
    const payTo = sellerOf(scene.stack, 'weather').payTo;
    const before = await scene.stack.chain.balanceOf(payTo);
    const { terms, answering } = await payFrom(wallet, scene, aws, clientToken);
    const { paymentOutput } = await answering;
    const proof = paymentOutput?.cryptoX402?.payload as object;
    expect(await sendProof(terms, proof)).toMatchObject({ status: 200, settlement: { success: true } });
    expect((await scene.stack.chain.balanceOf(payTo)) - before).toBe(terms.chosen.offer.amount);
    expect(await wallet.books()).toEqual(['0.01', '0.00']);

    const { userId } = wallet;
    const revoked = await clientOf(scene.stack, 'management').call('RevokeWalletDelegation', wallet.names, { userId });
    expect(revoked.paymentInstrument.delegation).toEqual({ status: 'INACTIVE' });
    expect(await failureOf((await payFrom(wallet, scene, aws)).answering)).toBeInstanceOf(AccessDeniedException);
    expect(await wallet.books()).toEqual(['0.01', '0.00']);
  });

  test('is brought test money, and a page on which some is bought, by Coinbase', async () => {
    const { userId, address, names } = await createCoinbaseWallet(scene, aws, 'project');
    const client = clientOf(scene.stack, 'management');
    const [mainNet, testNet] = ['eip155:8453', 'eip155:84532'].map((network) => ({ ...names, network }));
    const { testFunds } = await client.call('RequestTestFunds', testNet!, { userId });
    expect(testFunds).toMatchObject({ walletAddress: address, network: 'eip155:84532' });
    const [transfer] = await scene.stack.chain.transfersOf(testFunds.transaction as `0x${string}`);
    expect(transfer).toMatchObject({ to: address, amount: 1_000_000n });
    expect(await scene.stack.chain.balanceOf(address)).toBe(1_000_000n);

    const { onrampSession } = await client.call('CreateOnrampSession', mainNet!, { userId });
    expect(await (await fetch(onrampSession.url)).text()).toContain(address);
    for (const asked of [
      client.call('CreateOnrampSession', testNet!, { userId }),
      client.call('RequestTestFunds', mainNet!, { userId }),
    ]) {
      const unavailable = { errorName: 'ValidationException', code: 'bursar:funding_unavailable' };
      expect(await failureOf(asked)).toMatchObject(unavailable);
    }
    expect(await failureOf(client.call('RequestTestFunds', names, { userId }))).toMatchObject({ status: 400 });
    expect(await failureOf(client.call('RequestTestFunds', testNet!, { userId: newUser() }))).toMatchObject({
      status: 404,
    });
  });

  test('of the project itself needs nobody’s leave', async () => {
    const wallet = await createCoinbaseWallet(scene, aws, 'project');
    expect(wallet.redirectUrl).toBeUndefined();
    expect(await wallet.delegation()).toEqual({ status: 'NOT_NEEDED' });
    expect(await (await payFrom(wallet, scene, aws)).answering).toMatchObject({ status: 'PROOF_GENERATED' });
  });

  test('goes on paying while the keys are rotated', async () => {
    const wallet = await createCoinbaseWallet(scene, aws, 'project');
    await (
      await payFrom(wallet, scene, aws)
    ).answering;
    cdp().project.rotateKeys();
    await (
      await payFrom(wallet, scene, aws)
    ).answering;
    await aws.control.send(
      new UpdatePaymentCredentialProviderCommand({
        name: wallet.provider,
        credentialProviderVendor: 'CoinbaseCDP',
        providerConfigurationInput: { coinbaseCdpConfiguration: credentialsOf(cdp()) },
      }),
    );
    cdp().project.dropOldKeys();
    expect(await (await payFrom(wallet, scene, aws)).answering).toMatchObject({ status: 'PROOF_GENERATED' });
  });
});
