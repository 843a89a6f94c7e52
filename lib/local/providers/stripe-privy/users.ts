import type { Answer } from '../api-server.ts';
import {
  createId,
  createSigningKey,
  createWallet,
  type App,
  type LinkedAccount,
  type User,
  type Wallet,
} from './app.ts';
import { ApiError, invalid, notFound } from './api-error.ts';
import { ok, toPage, type Call } from './call.ts';
import { readOwnerId } from './quorums.ts';
import { parseControls } from './wallets.ts';

const ACCOUNTS_MAX = 20;
const WALLETS_MAX = 10;
const MEMBER_MAX_CHARS = 320;

/** What an account of each type is known by. */
const IDENTITIES: Readonly<Record<string, string>> = {
  email: 'address',
  phone: 'number',
  custom_auth: 'custom_user_id',
  google_oauth: 'subject',
  apple_oauth: 'subject',
  twitter_oauth: 'subject',
  github_oauth: 'subject',
  telegram: 'telegram_user_id',
};
const OAUTH_NAMES: Readonly<Record<string, readonly string[]>> = {
  google_oauth: ['email', 'name'],
  twitter_oauth: ['name', 'username'],
  github_oauth: ['username'],
};

export function createUser({ app, body, nowMs }: Call): Answer {
  const { linked_accounts, wallets = [], custom_metadata } = body;
  if (!Array.isArray(linked_accounts) || linked_accounts.length === 0 || linked_accounts.length > ACCOUNTS_MAX) {
    throw invalid('linked_accounts');
  }
  if (!linked_accounts.every(isAccount)) throw invalid('linked_accounts');
  if (!Array.isArray(wallets) || wallets.length > WALLETS_MAX) throw invalid('wallets');
  if (custom_metadata !== undefined && (typeof custom_metadata !== 'object' || custom_metadata === null)) {
    throw invalid('custom_metadata');
  }
  const taken = app.users.find((user) =>
    user.linkedAccounts.some((own) => linked_accounts.some((each) => identityOf(each) === identityOf(own))),
  );
  if (taken !== undefined) throw new ApiError(422, 'user_exists', 'Input conflict', taken.id);
  const controls = wallets.map((wallet) => parseControls(app, wallet as Readonly<Record<string, unknown>>));
  const user: User = {
    id: `did:privy:${createId()}`,
    linkedAccounts: linked_accounts,
    customMetadata: (custom_metadata as object | undefined) ?? null,
    key: createSigningKey(),
    createdAtMs: nowMs,
  };
  app.put('users', user);
  for (const each of controls) {
    const ownerId = readOwnerId(app, { owner: { user_id: user.id } }) ?? null;
    app.put('wallets', createWallet({ ...each, ownerId, externalId: null, displayName: null }, nowMs));
  }
  return ok(showUser(app, user));
}

function isAccount(account: unknown): account is LinkedAccount {
  const { type, ...members } = (account ?? {}) as Readonly<Record<string, unknown>>;
  const identity = typeof type === 'string' ? IDENTITIES[type] : undefined;
  if (identity === undefined) return false;
  return [identity, ...(OAUTH_NAMES[String(type)] ?? [])].every((name) => {
    const value = members[name];
    return typeof value === 'string' && value !== '' && value.length <= MEMBER_MAX_CHARS;
  });
}

function identityOf(account: LinkedAccount): string {
  const value = String(account[IDENTITIES[account.type]!]);
  return JSON.stringify([account.type, account.type === 'email' ? value.toLowerCase() : value]);
}

/** Finds a user by an account of a type, whose identity the body names. */
export function findBy(type: string, member: string): (call: Call) => Answer {
  return ({ app, body }) => {
    const value = body[member];
    if (typeof value !== 'string' || value === '') throw invalid(member);
    const wanted = identityOf({ type, [IDENTITIES[type]!]: value });
    const user = app.users.find(({ linkedAccounts }) => linkedAccounts.some((own) => identityOf(own) === wanted));
    if (user === undefined) throw notFound('User');
    return ok(showUser(app, user));
  };
}

export function readUser({ app, request }: Call): Answer {
  return ok(showUser(app, findUser(app, request.names['userId'])));
}

export function listUsers(call: Call): Answer {
  return toPage(call, call.app.users, (user) => showUser(call.app, user));
}

export function findUser({ users }: Pick<App, 'users'>, id: unknown): User {
  const user = users.find((each) => each.id === id);
  if (user === undefined) throw notFound('User');
  return user;
}

/** A user with accounts and wallets. Times are in seconds here, and in milliseconds of everything else. */
export function showUser(app: App, { id, linkedAccounts, customMetadata, createdAtMs }: User) {
  const created = Math.floor(createdAtMs / 1_000);
  const verified = { verified_at: created, first_verified_at: created, latest_verified_at: created };
  const owned = app.wallets.filter(({ ownerId }) =>
    app.quorums.some((quorum) => quorum.id === ownerId && quorum.userIds.includes(id)),
  );
  const wallets = owned.map((wallet, index) => ({ ...showOwned(wallet, index), ...verified }));
  const accounts = linkedAccounts.map(({ number, ...account }) => ({
    ...account,
    ...(number === undefined ? {} : { number, phoneNumber: number }),
    ...verified,
  }));
  return {
    id,
    created_at: created,
    has_accepted_terms: false,
    is_guest: false,
    linked_accounts: [...accounts, ...wallets],
    mfa_methods: [],
    ...(customMetadata === null ? {} : { custom_metadata: customMetadata }),
  };
}

/** A wallet among the accounts of the user who owns it. */
export function showOwned({ id, address, additionalSigners }: Wallet, index: number) {
  return {
    type: 'wallet',
    id,
    address,
    chain_type: 'ethereum',
    chain_id: 'eip155:1',
    connector_type: 'embedded',
    wallet_client: 'privy',
    wallet_client_type: 'privy',
    wallet_index: index,
    recovery_method: 'privy-v2',
    imported: false,
    delegated: additionalSigners.length > 0,
  } as const;
}
