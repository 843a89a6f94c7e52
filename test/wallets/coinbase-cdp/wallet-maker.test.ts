import { afterEach, beforeEach, expect, test } from 'vitest';
import { readDelegation, revokeDelegation } from '../../../lib/wallets/coinbase-cdp/delegation.ts';
import { makeCoinbaseCdpWallet } from '../../../lib/wallets/coinbase-cdp/wallet-maker.ts';
import { failureOf } from '../signer-contract.ts';
import { messagesFrom } from '../transfer.ts';
import { EMAIL, CONNECTOR, makeWallet, startProject, type TestProject } from './project.ts';

let project: TestProject;
beforeEach(async () => {
  project = await startProject();
});
afterEach(() => project.close());

const make = (instrumentId: string, linkedAccount: Parameters<typeof makeCoinbaseCdpWallet>[1]['linkedAccount']) =>
  makeCoinbaseCdpWallet(project.call, { connector: CONNECTOR, instrumentId, linkedAccount });

test.each([
  [EMAIL, { type: 'email', email: 'ada@example.com' }],
  [{ sms: { phoneNumber: '+14155550100' } }, { type: 'sms', phoneNumber: '+14155550100' }],
  [{ developerJwt: { kid: 'key', sub: 'ada' } }, { type: 'jwt', kid: 'key', sub: 'ada' }],
  [
    { oAuth2: { google: { sub: '115', emailAddress: 'ada@example.com', name: 'Ada' } } },
    { type: 'google', sub: '115', email: 'ada@example.com', name: 'Ada' },
  ],
])('makes the end user that %o names', async (linked, method) => {
  const { address, account } = await make('payment-instrument-1', linked);
  const [user] = project.cdp.project.users();
  expect(user).toMatchObject({ userId: account.endUserId, authenticationMethods: [method] });
  expect(project.cdp.project.accounts()).toMatchObject([{ address, userId: account.endUserId }]);
});

test.each([
  ['of an e-mail address', EMAIL],
  ['of an issuer of the developer', { developerJwt: { kid: 'key', sub: 'ada' } }],
])('gives a known end user %s another wallet for another instrument, and the same for the same', async (_, linked) => {
  const first = await make('payment-instrument-1', linked);
  const second = await make('payment-instrument-2', linked);
  expect(await make('payment-instrument-2', linked)).toEqual(second);
  expect(second.address).not.toBe(first.address);
  expect(second.account).toEqual(first.account);
  expect(project.cdp.project.users().length).toBe(1);
});

test('takes nobody for somebody else of the same issuer, or of another', async () => {
  const people = ['ada', 'grace'].flatMap((sub) => ['key', 'other'].map((kid) => ({ developerJwt: { kid, sub } })));
  const ids = new Set<string | null>();
  for (const [index, linked] of people.entries())
    ids.add((await make(`payment-instrument-${index}`, linked)).account.endUserId);
  expect(ids.size).toBe(people.length);
});

test('makes one wallet of the project for an instrument, whatever happens to the answer', async () => {
  project.cdp.faults.plan({ fault: { kind: 'answer_lost' } });
  const wallet = await make('payment-instrument-1', null);
  expect(await make('payment-instrument-1', null)).toEqual(wallet);
  expect(project.cdp.project.accounts()).toMatchObject([{ address: wallet.address, name: 'payment-instrument-1' }]);
});

test('makes a wallet of the project under a policy that lets it sign typed data alone', async () => {
  const { account, address } = await make('payment-instrument-1', null);
  const [policy] = project.cdp.project.policies();
  expect(project.cdp.project.accounts()).toMatchObject([{ address, policyId: policy!.id }]);
  expect(policy!.rules.map(({ action, operation }) => `${action} ${operation}`)).toEqual([
    'reject signEvmTransaction',
    'reject sendEvmTransaction',
    'reject signEvmMessage',
    'reject signEvmHash',
    'accept signEvmTypedData',
  ]);
  for (const message of messagesFrom(address)) await project.signer.sign(account, message, address);
});

test('tells that a policy of the project’s own forbids it', async () => {
  const { body } = await project.call(
    {
      connector: CONNECTOR,
      method: 'POST',
      path: '/v2/policy-engine/policies',
      walletToken: 'unused',
      body: { scope: 'account', rules: [{ action: 'reject', operation: 'signEvmHash' }] },
    },
    [201],
  );
  const policyId = (body as { readonly id: string }).id;
  const { address } = project.cdp.project.addAccount({ userId: null, name: null, policyId }, new Date());
  const account = { connector: CONNECTOR, endUserId: null };
  const refused = project.signer.sign(account, messagesFrom(address)[0]!, address);
  expect(await failureOf(refused)).toMatchObject({ trouble: 'provider_policy' });
});

test('makes nothing where the API key may make no policy, and says which scope it lacks', async () => {
  project.cdp.faults.plan({ fault: { kind: 'status', status: 403, errorType: 'forbidden' } });
  const error = await failureOf(make('payment-instrument-1', null));
  expect(error).toMatchObject({
    trouble: 'provider_policy',
    message: expect.stringContaining('policies#manage') as string,
  });
  expect(project.cdp.project.accounts()).toEqual([]);
});

test('refuses a person of Telegram, whom a linked account does not prove, and asks nobody', async () => {
  const error = await failureOf(make('payment-instrument-1', { oAuth2: { telegram: { sub: '7' } } }));
  expect(error).toMatchObject({ trouble: 'linked_account_refused' });
  expect(project.exchanges).toEqual([]);
});

test('shows a delegation with its end, and that it was taken back', async () => {
  const { account, address } = await make('payment-instrument-1', EMAIL);
  expect(await readDelegation(project.call, account, address)).toEqual({ status: 'INACTIVE' });
  project.grant(account.endUserId!, { days: 7 });
  const { expiresAt } = project.cdp.project.delegations()[0]!;
  const active = { status: 'ACTIVE', expiresAt: Date.parse(expiresAt) };
  expect(await readDelegation(project.call, account, address)).toEqual(active);
  await revokeDelegation(project.call, account, address);
  expect(await readDelegation(project.call, account, address)).toEqual({ status: 'INACTIVE' });
});

test('shows a delegation of the one wallet', async () => {
  const { account, address } = await make('payment-instrument-1', EMAIL);
  const expiresAt = new Date(Date.now() + 86_400_000).toISOString();
  project.cdp.project.setDelegation({ userId: account.endUserId!, address, expiresAt, revoked: false });
  expect(await readDelegation(project.call, account, address)).toMatchObject({ status: 'ACTIVE' });
});

test('an account of the project needs no delegation', async () => {
  const { account, address } = await makeWallet(project, 'project');
  expect(await readDelegation(project.call, account, address)).toEqual({ status: 'NOT_NEEDED' });
});
