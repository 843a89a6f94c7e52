import { generatePrivateKey, privateKeyToAddress } from 'viem/accounts';
import { describe, expect, test } from 'vitest';
import { NotNow } from '../../../lib/domain/ports/services.ts';
import type { LinkedAccount } from '../../../lib/domain/tenants/resources.ts';
import { makeStripePrivyWallet } from '../../../lib/wallets/stripe-privy/wallet-maker.ts';
import { failureOf } from '../signer-contract.ts';
import { CONNECTOR, createApp, QUORUM, type Answer, type Sent } from './app.ts';

const INSTRUMENT = 'payment-instrument-000000000000001';
const USER = 'did:privy:user01';
const address = privateKeyToAddress(generatePrivateKey());
const wallet = { id: 'wallet01', address: address.toLowerCase(), external_id: INSTRUMENT };

/** Answers with nothing found and everything made, unless a test says otherwise. */
function startApp(routes: Readonly<Record<string, (sent: Sent) => Answer>> = {}) {
  const all: Readonly<Record<string, (sent: Sent) => Answer>> = {
    'POST /v1/users': ({ body }) => ({ status: 200, body: { id: USER, ...(body as object) } }),
    [`GET /v1/wallets?external_id=${INSTRUMENT}`]: () => ({ status: 200, body: { data: [], next_cursor: null } }),
    'POST /v1/policies': () => ({ status: 200, body: { id: 'policy01' } }),
    'POST /v1/wallets': () => ({ status: 200, body: wallet }),
    ...routes,
  };
  return createApp((sent) => all[`${sent.method} ${sent.path}`]?.(sent) ?? { status: 404 });
}

const make = ({ call }: ReturnType<typeof startApp>, linkedAccount: LinkedAccount | null, isSigner = true) =>
  makeStripePrivyWallet(call, { connector: CONNECTOR, instrumentId: INSTRUMENT, linkedAccount, isSigner });

const bodyOf = (app: ReturnType<typeof startApp>, route: string) =>
  app.sent.findLast(({ method, path }) => `${method} ${path}` === route)?.body;

const EMAIL = { email: { emailAddress: 'ada@example.com' } };
const ADA = { type: 'email', address: 'ada@example.com' };

describe('a wallet', () => {
  test('of a person is owned by that person, and the key is a signer under a policy of its own', async () => {
    const app = startApp();
    expect(await make(app, EMAIL)).toEqual({ address, account: { connector: CONNECTOR, walletId: 'wallet01' } });
    expect(bodyOf(app, 'POST /v1/wallets')).toEqual({
      chain_type: 'ethereum',
      owner: { user_id: USER },
      additional_signers: [{ signer_id: QUORUM, override_policy_ids: ['policy01'] }],
      external_id: INSTRUMENT,
    });
  });

  test('of a person who is asked first has no signer, and limits nobody', async () => {
    const app = startApp();
    await make(app, EMAIL, false);
    expect(bodyOf(app, 'POST /v1/wallets')).toEqual({
      chain_type: 'ethereum',
      owner: { user_id: USER },
      external_id: INSTRUMENT,
    });
    expect(bodyOf(app, 'POST /v1/policies')).toBeUndefined();
  });

  test.each([true, false])(
    'of nobody is owned by the key, under the same policy, whoever is asked: %s',
    async (isSigner) => {
      const app = startApp();
      await make(app, null, isSigner);
      expect(bodyOf(app, 'POST /v1/wallets')).toEqual({
        chain_type: 'ethereum',
        owner_id: QUORUM,
        policy_ids: ['policy01'],
        external_id: INSTRUMENT,
      });
      expect(app.sent.some(({ path }) => path.startsWith('/v1/users'))).toBe(false);
    },
  );

  test('may sign typed data, and by name nothing else: no transaction, no message, no export', async () => {
    const app = startApp();
    await make(app, EMAIL);
    const policy = bodyOf(app, 'POST /v1/policies') as {
      readonly name: string;
      readonly rules: readonly { readonly action: string; readonly method: string; readonly conditions: unknown[] }[];
    };
    expect(policy).toMatchObject({ version: '1.0', chain_type: 'ethereum', owner_id: QUORUM });
    expect(policy.name.length).toBeLessThanOrEqual(50);
    const of = (action: string) => policy.rules.filter((rule) => rule.action === action).map(({ method }) => method);
    expect(of('ALLOW')).toEqual(['eth_signTypedData_v4']);
    expect(of('DENY')).toEqual([
      'eth_sendTransaction',
      'eth_signTransaction',
      'eth_signUserOperation',
      'eth_sign7702Authorization',
      'wallet_sendCalls',
      'personal_sign',
      'transfer',
      'earn_deposit',
      'earn_withdraw',
      'exportPrivateKey',
      'exportSeedPhrase',
    ]);
    expect(policy.rules.every(({ conditions }) => conditions.length === 0)).toBe(true);
  });

  test('that was made already is found by its name, and none is made again', async () => {
    const app = startApp({
      [`GET /v1/wallets?external_id=${INSTRUMENT}`]: () => ({
        status: 200,
        body: { data: [{ ...wallet, id: 'foreign', external_id: 'another' }, wallet] },
      }),
    });
    expect(await make(app, null)).toMatchObject({ address, account: { walletId: 'wallet01' } });
    expect(app.sent.every(({ method }) => method === 'GET')).toBe(true);
  });

  test.each<[string, object]>([
    ['no address', { id: 'wallet01' }],
    ['an address of another chain', { id: 'wallet01', address: '9xQeWvG816bUx9EPjHmaT23yvVM2ZWbrrpZb9PusVFin' }],
    ['no id', { address }],
    ['an id that is no id', { id: '../../x', address }],
  ])('is none with %s', async (_what, body) => {
    const app = startApp({ 'POST /v1/wallets': () => ({ status: 200, body }) });
    await expect(make(app, null)).rejects.toThrow(/Privy named no/);
  });

  test('is asked for later where Privy is busy', async () => {
    const app = startApp({ 'POST /v1/policies': () => ({ status: 429 }) });
    expect(await failureOf(make(app, null))).toBeInstanceOf(NotNow);
  });
});

const PERSON = { sub: 's1', emailAddress: 'ada@example.com', name: 'Ada', username: 'ada' };

/** AgentCore's linked accounts, what Privy makes a user with, and by what it finds one. */
const ACCOUNTS: readonly [LinkedAccount, object, [string, object] | null][] = [
  [EMAIL, ADA, ['email/address', { address: 'ada@example.com' }]],
  [
    { sms: { phoneNumber: '+4915112345678' } },
    { type: 'phone', number: '+4915112345678' },
    ['phone/number', { number: '+4915112345678' }],
  ],
  [
    { developerJwt: { kid: 'k', sub: 's1' } },
    { type: 'custom_auth', custom_user_id: 's1' },
    ['custom_auth/id', { custom_user_id: 's1' }],
  ],
  [
    { oAuth2: { google: PERSON } },
    { type: 'google_oauth', subject: 's1', email: 'ada@example.com', name: 'Ada' },
    null,
  ],
  [{ oAuth2: { apple: PERSON } }, { type: 'apple_oauth', subject: 's1', email: 'ada@example.com' }, null],
  [{ oAuth2: { apple: { sub: 's1' } } }, { type: 'apple_oauth', subject: 's1' }, null],
  [
    { oAuth2: { x: PERSON } },
    { type: 'twitter_oauth', subject: 's1', name: 'Ada', username: 'ada' },
    ['twitter/subject', { subject: 's1' }],
  ],
  [
    { oAuth2: { telegram: PERSON } },
    { type: 'telegram', telegram_user_id: 's1', first_name: 'Ada', username: 'ada' },
    ['telegram/telegram_user_id', { telegram_user_id: 's1' }],
  ],
  [
    { oAuth2: { github: PERSON } },
    { type: 'github_oauth', subject: 's1', username: 'ada', email: 'ada@example.com', name: 'Ada' },
    ['github/username', { username: 'ada' }],
  ],
];

describe('a person', () => {
  test.each(ACCOUNTS)('of %j is made with %j', async (linked, input, lookup) => {
    const app = startApp();
    await make(app, linked);
    expect(bodyOf(app, 'POST /v1/users')).toEqual({ linked_accounts: [input] });
    const lookups = app.sent.filter(({ path }) => path.startsWith('/v1/users/'));
    expect(lookups.map(({ path, body }) => [path, body])).toEqual(
      lookup === null ? [] : [[`/v1/users/${lookup[0]}`, lookup[1]]],
    );
  });

  test.each(ACCOUNTS.filter(([, , lookup]) => lookup !== null))(
    'of %j is found, and not made again',
    async (linked, input, lookup) => {
      const app = startApp({
        [`POST /v1/users/${lookup![0]}`]: () => ({
          status: 200,
          body: { id: 'did:privy:known', linked_accounts: [input] },
        }),
      });
      await make(app, linked);
      expect(bodyOf(app, 'POST /v1/users')).toBeUndefined();
      expect(bodyOf(app, 'POST /v1/wallets')).toMatchObject({ owner: { user_id: 'did:privy:known' } });
    },
  );

  test('who has taken over a user name is not taken for its earlier owner', async () => {
    const app = startApp({
      'POST /v1/users/github/username': () => ({
        status: 200,
        body: { id: 'did:privy:stranger', linked_accounts: [{ type: 'github_oauth', subject: 's2', username: 'ada' }] },
      }),
    });
    await make(app, { oAuth2: { github: PERSON } });
    expect(bodyOf(app, 'POST /v1/wallets')).toMatchObject({ owner: { user_id: USER } });
  });

  test('whom another call has made in the meantime is found', async () => {
    let looks = 0;
    const app = startApp({
      'POST /v1/users': () => ({ status: 409, body: { error: 'taken' } }),
      'POST /v1/users/email/address': () => {
        looks += 1;
        return looks === 1 ? { status: 404 } : { status: 200, body: { id: USER, linked_accounts: [ADA] } };
      },
    });
    await make(app, EMAIL);
    expect(bodyOf(app, 'POST /v1/wallets')).toMatchObject({ owner: { user_id: USER } });
  });

  const conflict = { status: 409, body: { error: 'taken', cause: 'did:privy:named' } } as const;

  test('whom Privy looks up by nothing is the one whom it names, if it is', async () => {
    const app = startApp({
      'POST /v1/users': () => conflict,
      'GET /v1/users/did%3Aprivy%3Anamed': () => ({
        status: 200,
        body: { id: 'did:privy:named', linked_accounts: [{ type: 'google_oauth', subject: 's1' }] },
      }),
    });
    await make(app, { oAuth2: { google: PERSON } });
    expect(bodyOf(app, 'POST /v1/wallets')).toMatchObject({ owner: { user_id: 'did:privy:named' } });
  });

  test('of another account than the one whom Privy names gets no wallet', async () => {
    const app = startApp({
      'POST /v1/users': () => conflict,
      'GET /v1/users/did%3Aprivy%3Anamed': () => ({
        status: 200,
        body: { id: 'did:privy:named', linked_accounts: [{ type: 'google_oauth', subject: 's2' }] },
      }),
    });
    const error = await failureOf(make(app, { oAuth2: { google: PERSON } }));
    expect(error).toMatchObject({ trouble: 'linked_account_refused' });
    expect(bodyOf(app, 'POST /v1/wallets')).toBeUndefined();
  });

  test.each<[LinkedAccount, RegExp]>([
    [{ oAuth2: { google: { sub: 's1' } } }, /google without emailAddress and name/],
    [{ oAuth2: { x: { sub: 's1', name: 'Ada' } } }, /x without username/],
    [{ oAuth2: { github: { sub: 's1' } } }, /github without username/],
  ])('of %j is refused, since Privy wants more, and nobody is asked', async (linked, words) => {
    const app = startApp();
    const error = await failureOf(make(app, linked));
    expect(error).toMatchObject({ trouble: 'linked_account_refused' });
    expect(String(error)).toMatch(words);
    expect(app.sent).toEqual([]);
  });
});
