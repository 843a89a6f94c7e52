import { AccessDeniedException, CreatePaymentInstrumentCommand } from '@aws-sdk/client-bedrock-agentcore';
import { describe, expect, test } from 'vitest';
import { failureOf, withAwsClients } from './aws-tenant.ts';
import { createPayingFetch, waitForApprovals } from '../../lib/client/index.ts';
import { createSigningKey } from '../../lib/local/providers/stripe-privy/app.ts';
import { approve, askForMore, intentsOf } from '../support/privy-people.ts';
import { consent, createPrivyWallet, privyWalletOf, storeNewest } from './privy-tenant.ts';
import { payFrom } from './provider-tenant.ts';
import { clientOf, newToken, sellerOf, sendProof, withStack } from './scene.ts';

const scene = withStack();
const aws = withAwsClients(scene);
const privy = () => scene.stack.services.stripePrivy;

describe('a wallet of Privy', () => {
  test('pays once its user has let it, until its user takes that back', async () => {
    const wallet = await createPrivyWallet(scene, aws, 'end user');
    expect(wallet.redirectUrl).toBe(privy().consentUrl);
    expect(await wallet.delegation()).toEqual({ status: 'INACTIVE' });

    const clientToken = newToken();
    const refused = await failureOf((await payFrom(wallet, scene, aws, clientToken)).answering);
    expect(refused).toBeInstanceOf(AccessDeniedException);
    expect((refused as Error).message).toMatch(/not a signer of the Privy wallet/);
    expect(await wallet.books()).toEqual(['0.00', '0.00']);

    const body = new URLSearchParams({ walletId: privyWalletOf(scene, wallet).id, grant: 'yes' });
    expect((await fetch(wallet.redirectUrl!, { method: 'POST', body, redirect: 'manual' })).status).toBe(303);
    expect(await wallet.delegation()).toEqual({ status: 'ACTIVE' });
    await scene.stack.chain.mint(wallet.address, 1_000_000n);
    const payTo = sellerOf(scene.stack, 'weather').payTo;
    const before = await scene.stack.chain.balanceOf(payTo);
    const { terms, answering } = await payFrom(wallet, scene, aws, clientToken);
    const { paymentOutput } = await answering;
    const proof = paymentOutput?.cryptoX402?.payload as object;
    expect(await sendProof(terms, proof)).toMatchObject({ status: 200, settlement: { success: true } });
    expect((await scene.stack.chain.balanceOf(payTo)) - before).toBe(terms.chosen.offer.amount);
    expect(await wallet.books()).toEqual(['0.01', '0.00']);

    // Privy lets owners alone change signers: the service says who has to.
    const { userId } = wallet;
    const revoking = clientOf(scene.stack, 'management').call('RevokeWalletDelegation', wallet.names, { userId });
    expect(await failureOf(revoking)).toMatchObject({ code: 'bursar:owner_must_revoke' });
    consent(scene, wallet, 'withdrawn');
    expect(await wallet.delegation()).toEqual({ status: 'INACTIVE' });
    expect(await failureOf((await payFrom(wallet, scene, aws)).answering)).toBeInstanceOf(AccessDeniedException);
    const again = await clientOf(scene.stack, 'management').call('RevokeWalletDelegation', wallet.names, { userId });
    expect(again.paymentInstrument.delegation).toEqual({ status: 'INACTIVE' });
    expect(await wallet.books()).toEqual(['0.01', '0.00']);
  });

  test('of the app itself needs nobody’s leave, and may sign typed data alone', async () => {
    const wallet = await createPrivyWallet(scene, aws, 'project');
    expect(wallet.redirectUrl).toBeUndefined();
    expect(await wallet.delegation()).toEqual({ status: 'NOT_NEEDED' });
    expect(await (await payFrom(wallet, scene, aws)).answering).toMatchObject({ status: 'PROOF_GENERATED' });
    const { ownerId, policyIds } = privyWalletOf(scene, wallet);
    expect(ownerId).toBe(privy().app.authorizationId);
    const { rules } = privy().app.policies.find(({ id }) => id === policyIds[0])!;
    expect(rules.filter(({ action }) => action === 'ALLOW').map(({ method }) => method)).toEqual([
      'eth_signTypedData_v4',
    ]);
  });

  test('for which others sign too pays by a fetch that waits until they have approved', async () => {
    const wallet = await createPrivyWallet(scene, aws, 'project');
    const { app } = privy();
    const quorum = app.quorums.find(({ id }) => id === app.authorizationId)!;
    const ada = createSigningKey();
    askForMore(privy(), [ada], 2);
    await scene.stack.chain.mint(wallet.address, 1_000_000n);
    const told: string[] = [];
    const client = waitForApprovals(clientOf(scene.stack, 'processPayment'), {
      intervalMs: 100,
      onWait: (message) => {
        told.push(message);
        const intent = intentsOf(privy()).find(({ status }) => status === 'pending');
        if (told.length === 2) void approve(privy(), intent!.id, ada);
      },
    });
    const { userId, paymentSessionId, names } = wallet;
    const fetchPaid = createPayingFetch({
      client,
      session: { paymentManagerArn: names.paymentManagerArn, paymentSessionId, userId },
      instrument: { paymentInstrumentId: names.paymentInstrumentId },
    });
    const response = await fetchPaid(sellerOf(scene.stack, 'weather').url);
    app.put('quorums', quorum);
    expect([response.status, response.payment?.settlement?.success]).toEqual([200, true]);
    expect(told[0]).toMatch(/1 of 2 have signed\. The others approve intent [0-9a-f]{24} on the page Approvals/);
    expect(app.intents.length).toBe(1);
    expect(await wallet.books()).toEqual(['0.01', '0.00']);
  });

  test('is one more of the person who has one already', async () => {
    const wallet = await createPrivyWallet(scene, aws, 'end user');
    const owner = privyWalletOf(scene, wallet).ownerId;
    const { paymentInstrument: first } = await clientOf(scene.stack, 'management').call(
      'GetPaymentInstrument',
      wallet.names,
      { userId: wallet.userId },
    );
    const { paymentInstrument } = await aws.backend.send(
      new CreatePaymentInstrumentCommand({
        userId: wallet.userId,
        paymentManagerArn: wallet.names.paymentManagerArn,
        paymentConnectorId: first.paymentConnectorId,
        paymentInstrumentType: 'EMBEDDED_CRYPTO_WALLET',
        paymentInstrumentDetails: {
          embeddedCryptoWallet: {
            network: 'ETHEREUM',
            linkedAccounts: [{ email: first.paymentInstrumentDetails.embeddedCryptoWallet.linkedAccounts[0]!.email! }],
          },
        },
        clientToken: newToken(),
      }),
    );
    const address = paymentInstrument?.paymentInstrumentDetails?.embeddedCryptoWallet?.walletAddress;
    const second = privy().app.wallets.find((each) => each.address === address);
    expect(second?.ownerId).toBe(owner);
    expect(second?.address).not.toBe(wallet.address);
  });

  test('goes on paying while the keys are rotated', async () => {
    const wallet = await createPrivyWallet(scene, aws, 'project');
    const pay = async () => (await payFrom(wallet, scene, aws)).answering;
    await pay();
    privy().app.rotateKeys();
    await pay();
    await storeNewest(scene, aws, wallet);
    privy().app.dropOldKeys();
    expect(await pay()).toMatchObject({ status: 'PROOF_GENERATED' });
  });
});
