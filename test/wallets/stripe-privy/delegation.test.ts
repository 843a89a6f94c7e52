import { describe, expect, test } from 'vitest';
import { createStripePrivyDelegations } from '../../../lib/wallets/stripe-privy/delegation.ts';
import { failureOf } from '../signer-contract.ts';
import { CONNECTOR, createApp, QUORUM, type Answer } from './app.ts';

const ADDRESS = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8';
const KEY = { type: 'StripePrivy', connector: CONNECTOR, walletId: 'wallet01' } as const;
const OWN = { signer_id: QUORUM, override_policy_ids: ['policy01'] };
const OTHER = { signer_id: 'another', override_policy_ids: ['policy02'] };

function startApp(wallet: object, change: Answer = { status: 200, body: {} }) {
  const app = createApp(({ method }) => (method === 'GET' ? { status: 200, body: wallet } : change));
  return { ...app, delegations: createStripePrivyDelegations(app.call) };
}

describe('whether the key may sign', () => {
  test.each([
    ['ACTIVE', { owner_id: 'owner', additional_signers: [OTHER, OWN] }, { expiresAt: null }],
    ['INACTIVE', { owner_id: 'owner', additional_signers: [OTHER] }, {}],
    ['INACTIVE', { owner_id: null, additional_signers: [] }, {}],
    ['NOT_NEEDED', { owner_id: QUORUM, additional_signers: [] }, {}],
  ])('is %s of %j', async (status, wallet, more) => {
    expect(await startApp(wallet).delegations.read(KEY, ADDRESS)).toEqual({ status, ...more });
  });

  test('is not said of a wallet without signers in its answer', async () => {
    await expect(startApp({ owner_id: 'owner' }).delegations.read(KEY, ADDRESS)).rejects.toThrow(/no signers/);
  });
});

describe('to take back', () => {
  const owned = { owner_id: 'owner', additional_signers: [OTHER, OWN] };

  test('takes the key off, and leaves the others as they are', async () => {
    const { sent, delegations } = startApp(owned);
    await delegations.revoke(KEY, ADDRESS);
    expect(sent.at(-1)).toMatchObject({
      method: 'PATCH',
      path: '/v1/wallets/wallet01',
      body: { additional_signers: [OTHER] },
    });
  });

  test.each(['zero_correct_authorization_signatures', 'insufficient_correct_authorization_signatures'])(
    'is the owner’s alone where Privy says %s',
    async (code) => {
      const { delegations } = startApp(owned, { status: 401, body: { code } });
      const error = await failureOf(delegations.revoke(KEY, ADDRESS));
      expect(error).toMatchObject({ trouble: 'owner_must_revoke' });
      expect(String(error)).toMatch(/freeze the wallet/);
    },
  );

  test.each([
    { owner_id: QUORUM, additional_signers: [] },
    { owner_id: 'owner', additional_signers: [OTHER] },
  ])('changes nothing of %j', async (wallet) => {
    const { sent, delegations } = startApp(wallet);
    await delegations.revoke(KEY, ADDRESS);
    expect(sent.map(({ method }) => method)).toEqual(['GET']);
  });
});
