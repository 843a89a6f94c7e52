import { getAddress, isAddress } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import type { Answer } from '../api-server.ts';
import { createWallet, type AdditionalSigner, type App, type Wallet } from './app.ts';
import { invalid, notFound } from './api-error.ts';
import { ok, toPage, type Call } from './call.ts';
import { findPolicy } from './policies.ts';
import { findQuorum, keysOf, readOwnerId, thresholdOf } from './quorums.ts';

type Body = Readonly<Record<string, unknown>>;

const SIGNERS_MAX = 10;
/** Of a wallet, and of a signer that has its own. */
const POLICIES_MAX = 1;
const EXTERNAL_ID = /^[a-zA-Z0-9_-]{1,64}$/;
const NAME_MAX_CHARS = 100;

export function makeWallet({ app, body, nowMs }: Call): Answer {
  const controls = parseControls(app, body);
  const { externalId = null, displayName = null } = parseNames(body);
  const ownerId = readOwnerId(app, body) ?? null;
  const wallet = createWallet({ ...controls, ownerId, externalId, displayName }, nowMs);
  app.put('wallets', wallet);
  return ok(showWallet(app, wallet));
}

/** What of a new wallet says who may do what. The stand-in knows wallets of one chain type. */
export function parseControls(app: App, body: Body): Pick<Wallet, 'policyIds' | 'additionalSigners'> {
  if (body['chain_type'] !== 'ethereum') throw invalid('chain_type');
  return {
    policyIds: parsePolicyIds(app, body['policy_ids'] ?? [], 'policy_ids'),
    additionalSigners: parseSigners(app, body['additional_signers'] ?? []),
  };
}

function parsePolicyIds(app: App, value: unknown, member: string): readonly string[] {
  if (!Array.isArray(value) || value.length > POLICIES_MAX) throw invalid(member);
  return value.map((id) => findPolicy(app, id).id);
}

function parseSigners(app: App, value: unknown): readonly AdditionalSigner[] {
  if (!Array.isArray(value) || value.length > SIGNERS_MAX) throw invalid('additional_signers');
  return value.map((signer) => {
    const { signer_id, override_policy_ids } = (signer ?? {}) as Body;
    const { id } = findQuorum(app, signer_id);
    if (override_policy_ids === undefined) return { signer_id: id };
    return { signer_id: id, override_policy_ids: parsePolicyIds(app, override_policy_ids, 'override_policy_ids') };
  });
}

function parseNames({ external_id, display_name }: Body): Partial<Pick<Wallet, 'externalId' | 'displayName'>> {
  if (external_id !== undefined && !(typeof external_id === 'string' && EXTERNAL_ID.test(external_id))) {
    throw invalid('external_id');
  }
  const named = typeof display_name === 'string' && display_name.length <= NAME_MAX_CHARS;
  if (display_name !== undefined && display_name !== null && !named) throw invalid('display_name');
  return {
    ...(external_id === undefined ? {} : { externalId: external_id as string }),
    ...(display_name === undefined ? {} : { displayName: display_name as string | null }),
  };
}

export function readWallet({ app, request }: Call): Answer {
  return ok(showWallet(app, findWallet(app, request.names['walletId'])));
}

export function findWalletByAddress({ app, body }: Call): Answer {
  const address = parseAddress(body['address']);
  const wallet = app.wallets.find((each) => each.address === address);
  if (wallet === undefined) throw notFound('Wallet');
  return ok(showWallet(app, wallet));
}

export function listWallets(call: Call): Answer {
  const { app, request } = call;
  const { searchParams: query } = request.url;
  const [address, userId, key, externalId] = ['address', 'user_id', 'authorization_key', 'external_id'].map((name) =>
    query.get(name),
  );
  if (userId && key) throw invalid('authorization_key');
  const chainType = query.get('chain_type');
  const owners = new Set(
    app.quorums
      .filter((quorum) => !userId || quorum.userIds.includes(userId))
      .filter((quorum) => !key || keysOf(app, quorum).includes(key))
      .map(({ id }) => id),
  );
  const wallets = app.wallets
    .filter(() => chainType === null || chainType === 'ethereum')
    .filter((wallet) => !address || wallet.address === parseAddress(address))
    .filter((wallet) => !externalId || wallet.externalId === externalId)
    .filter(({ ownerId }) => (!userId && !key) || (ownerId !== null && owners.has(ownerId)));
  return toPage(call, wallets, (wallet) => showWallet(app, wallet));
}

function parseAddress(value: unknown): string {
  if (typeof value !== 'string' || !isAddress(value, { strict: false })) throw invalid('address');
  return getAddress(value);
}

/** Whose signature a change asks for: its owner's alone, and nobody's where the app alone decides. */
export function ownerOf({ app, request }: Pick<Call, 'app' | 'request'>): readonly string[] {
  return signersOf(findWallet(app, request.names['walletId'])).slice(0, 1);
}

/** Whose signatures count, the owner's first; nobody's where the app alone decides. */
export function signersOf({ ownerId, additionalSigners }: Wallet): readonly string[] {
  return ownerId === null ? [] : [ownerId, ...additionalSigners.map(({ signer_id }) => signer_id)];
}

export function changeWallet({ app, body, nowMs, request }: Call): Answer {
  const wallet = findWallet(app, request.names['walletId']);
  const changed = applyChange(app, wallet, body);
  dismissIntents(app, wallet.id, nowMs);
  return ok(showWallet(app, changed));
}

/** What was proposed to a wallet is no longer good when the wallet is another. */
function dismissIntents(app: App, walletId: string, nowMs: number): void {
  for (const intent of app.intents) {
    const isPending = intent.walletId === walletId && intent.status === 'pending' && intent.expiresAtMs > nowMs;
    if (isPending) app.put('intents', { ...intent, status: 'dismissed', dismissedAtMs: nowMs });
  }
}

/** What an authorized change makes of a wallet. */
export function applyChange(app: App, wallet: Wallet, body: Body): Wallet {
  const { policy_ids, additional_signers } = body;
  const names = parseNames(body);
  if (names.externalId !== undefined && wallet.externalId !== null) throw invalid('external_id');
  const ownerId = readOwnerId(app, body);
  const changed = {
    ...wallet,
    ...names,
    ...(policy_ids === undefined ? {} : { policyIds: parsePolicyIds(app, policy_ids, 'policy_ids') }),
    ...(additional_signers === undefined ? {} : { additionalSigners: parseSigners(app, additional_signers) }),
    ...(ownerId === undefined ? {} : { ownerId }),
  };
  app.put('wallets', changed);
  return changed;
}

export function findWallet({ wallets }: Pick<App, 'wallets'>, id: unknown): Wallet {
  const wallet = wallets.find((each) => each.id === id);
  if (wallet === undefined) throw notFound('Wallet');
  return wallet;
}

export function showWallet(app: App, wallet: Wallet) {
  const { id, address, privateKey, ownerId, policyIds, additionalSigners, externalId, displayName } = wallet;
  return {
    id,
    address,
    chain_type: 'ethereum' as const,
    public_key: privateKeyToAccount(privateKey).publicKey,
    owner_id: ownerId,
    policy_ids: policyIds,
    additional_signers: additionalSigners,
    ...(ownerId === null ? {} : { authorization_threshold: thresholdOf(findQuorum(app, ownerId)) }),
    ...(externalId === null ? {} : { external_id: externalId }),
    ...(displayName === null ? {} : { display_name: displayName }),
    created_at: wallet.createdAtMs,
    exported_at: null,
    imported_at: null,
    archived_at: null,
  };
}
