import { createPublicKey } from 'node:crypto';
import type { App, KeyQuorum } from './app.ts';
import { createId } from './app.ts';
import { invalid, notFound } from './api-error.ts';

/** Who may sign in a quorum, as a tree of one or two levels. */
export type Member =
  | { readonly type: 'key'; readonly publicKey: string }
  | { readonly type: 'user'; readonly userId: string; readonly publicKey: string }
  | { readonly type: 'key_quorum'; readonly quorum: KeyQuorum; readonly members: readonly Member[] };

export function findQuorum({ quorums }: Pick<App, 'quorums'>, id: unknown): KeyQuorum {
  const quorum = quorums.find((each) => each.id === id);
  if (quorum === undefined) throw notFound('Key quorum');
  return quorum;
}

export function membersOf(app: App, { publicKeys, userIds, keyQuorumIds }: KeyQuorum): readonly Member[] {
  return [
    ...publicKeys.map((publicKey) => ({ type: 'key', publicKey }) as const),
    ...app.users
      .filter(({ id }) => userIds.includes(id))
      .map(({ id, key }) => ({ type: 'user', userId: id, publicKey: key.publicKey }) as const),
    ...app.quorums
      .filter(({ id }) => keyQuorumIds.includes(id))
      .map((quorum) => ({ type: 'key_quorum', quorum, members: membersOf(app, quorum) }) as const),
  ];
}

/** Every key whose signature counts. */
export function keysOf(app: App, quorum: KeyQuorum): readonly string[] {
  return membersOf(app, quorum).flatMap((member) =>
    member.type === 'key_quorum' ? keysOf(app, member.quorum) : [member.publicKey],
  );
}

export function thresholdOf(quorum: KeyQuorum): number {
  return quorum.threshold ?? quorum.publicKeys.length + quorum.userIds.length + quorum.keyQuorumIds.length;
}

/** How many members have signed; a quorum within counts once, when enough of it have. */
export function countSigned(app: App, quorum: KeyQuorum, signed: ReadonlySet<string>): number {
  return membersOf(app, quorum).filter((member) =>
    member.type === 'key_quorum'
      ? countSigned(app, member.quorum, signed) >= thresholdOf(member.quorum)
      : signed.has(member.publicKey),
  ).length;
}

const MEMBERS_MAX = 10;
const NESTED_MAX = 5;
const NAME_MAX_CHARS = 50;

/** Reads a quorum as it is created or changed. @param before what it was */
export function parseQuorum(app: App, body: Readonly<Record<string, unknown>>, before: KeyQuorum | null): KeyQuorum {
  const { public_keys, user_ids, key_quorum_ids, authorization_threshold, display_name } = body;
  const publicKeys =
    public_keys === undefined
      ? (before?.publicKeys ?? [])
      : readList(public_keys, 'public_keys', MEMBERS_MAX).map((key) => normalizePublicKey(key, 'public_keys'));
  const userIds = user_ids === undefined ? (before?.userIds ?? []) : readList(user_ids, 'user_ids', MEMBERS_MAX);
  const keyQuorumIds =
    key_quorum_ids === undefined
      ? (before?.keyQuorumIds ?? [])
      : readList(key_quorum_ids, 'key_quorum_ids', NESTED_MAX);
  if (userIds.some((id) => app.users.every((user) => user.id !== id))) throw invalid('user_ids');
  const within = keyQuorumIds.map((id) => app.quorums.find((each) => each.id === id));
  if (within.some((each) => each === undefined || each.keyQuorumIds.length > 0)) throw invalid('key_quorum_ids');
  const members = publicKeys.length + userIds.length + keyQuorumIds.length;
  if (members === 0) throw invalid('public_keys');
  const threshold = authorization_threshold ?? before?.threshold ?? null;
  if (threshold !== null && (!Number.isInteger(threshold) || Number(threshold) < 1 || Number(threshold) > members)) {
    throw invalid('authorization_threshold');
  }
  const displayName = display_name ?? before?.displayName ?? null;
  if (displayName !== null && (typeof displayName !== 'string' || displayName.length > NAME_MAX_CHARS)) {
    throw invalid('display_name');
  }
  const id = before?.id ?? createId();
  return { id, displayName, publicKeys, userIds, keyQuorumIds, threshold: threshold as number | null };
}

function readList(value: unknown, member: string, max: number): readonly string[] {
  if (!Array.isArray(value) || value.length > max || !value.every((each) => typeof each === 'string')) {
    throw invalid(member);
  }
  return [...new Set(value)];
}

/**
 * The quorum that owns a wallet or a policy, made where a user or a key is named that none stands for yet.
 * @returns `undefined` where the body says nothing of an owner
 */
export function readOwnerId(
  app: App,
  { owner, owner_id }: Readonly<Record<string, unknown>>,
): string | null | undefined {
  if (owner !== undefined && owner !== null && owner_id !== undefined && owner_id !== null) throw invalid('owner_id');
  if (typeof owner_id === 'string') return findQuorum(app, owner_id).id;
  if (owner === undefined || owner === null) return owner === null || owner_id === null ? null : undefined;
  const { user_id, public_key } = owner as Readonly<Record<string, unknown>>;
  const members =
    public_key === undefined ? { user_ids: [user_id] } : { public_keys: [normalizePublicKey(public_key, 'owner')] };
  const wanted = parseQuorum(app, members, null);
  const known = app.quorums.find((each) => memberKey(each) === memberKey(wanted));
  if (known !== undefined) return known.id;
  app.put('quorums', wanted);
  return wanted.id;
}

/** What makes two quorums of an only member the same. */
function memberKey({ publicKeys, userIds, keyQuorumIds }: KeyQuorum): string {
  return JSON.stringify([publicKeys, userIds, keyQuorumIds]);
}

/** A P-256 key's SPKI in base64 without line ends; in PEM or not. */
function normalizePublicKey(value: unknown, member: string): string {
  const text = typeof value === 'string' ? value.replaceAll(/-----[A-Z ]+-----|\s/g, '') : '';
  try {
    const key = createPublicKey({ key: Buffer.from(text, 'base64'), format: 'der', type: 'spki' });
    if (key.asymmetricKeyDetails?.namedCurve === 'prime256v1') {
      return key.export({ format: 'der', type: 'spki' }).toString('base64');
    }
  } catch {
    // Told below.
  }
  throw invalid(member);
}

export function showQuorum({ id, displayName, publicKeys, userIds, keyQuorumIds, threshold }: KeyQuorum) {
  return {
    id,
    display_name: displayName,
    authorization_threshold: threshold,
    authorization_keys: publicKeys.map((public_key) => ({ public_key, display_name: null })),
    user_ids: userIds.length === 0 ? null : userIds,
    ...(keyQuorumIds.length === 0 ? {} : { key_quorum_ids: keyQuorumIds }),
  };
}
