import type { Answer } from '../api-server.ts';
import { createId, type App, type Intent, type KeyQuorum, type Wallet } from './app.ts';
import { ApiError, invalid, notFound, toErrorBody } from './api-error.ts';
import { findSigner, formatPayload } from './authorization.ts';
import { ok, toPage, type Call } from './call.ts';
import { countSigned, findQuorum, keysOf, membersOf, thresholdOf, type Member } from './quorums.ts';
import { runRpc } from './rpc.ts';
import { applyChange, findWallet, showWallet, signersOf } from './wallets.ts';

const LIFE_MS = 72 * 3_600_000;
/** How far from now a signature may say that it was made. */
const TIMESTAMP_SKEW_MAX_MS = 5 * 60_000;

/** Proposes a request to a wallet: it is done when enough of those who may sign it have. */
export function propose(type: Intent['type']): (call: Call) => Answer {
  return ({ app, body, nowMs, request }) => {
    const { id: walletId } = findWallet(app, request.names['walletId']);
    const expiry = request.headers['privy-request-expiry'];
    const path = type === 'RPC' ? `/v1/wallets/${walletId}/rpc` : `/v1/wallets/${walletId}`;
    const intent: Intent = {
      id: createId(),
      type,
      walletId,
      request: { method: type === 'RPC' ? 'POST' : 'PATCH', url: `${request.url.origin}${path}`, body },
      status: 'pending',
      signed: {},
      customExpiry: expiry !== undefined,
      createdAtMs: nowMs,
      expiresAtMs: expiry === undefined ? nowMs + LIFE_MS : Number(expiry),
      rejectedAtMs: null,
      dismissedAtMs: null,
      result: null,
    };
    app.put('intents', intent);
    return ok(showIntent(app, intent));
  };
}

export function readIntent(call: Call): Answer {
  return ok(showIntent(call.app, findIntent(call)));
}

export function listIntents(call: Call): Answer {
  const { searchParams: query } = call.request.url;
  const [status, type, resource] = ['status', 'intent_type', 'resource_id'].map((name) => query.get(name));
  const wanted = call.app.intents
    .map((intent) => withTime(intent, call.nowMs))
    .filter((intent) => !status || intent.status === status)
    .filter((intent) => !type || intent.type === type)
    .filter((intent) => !resource || intent.walletId === resource);
  return toPage(call, wanted, (intent) => showIntent(call.app, intent));
}

export function rejectIntent(call: Call): Answer {
  const intent = findPending(call);
  const rejected: Intent = { ...intent, status: 'rejected', rejectedAtMs: call.nowMs };
  call.app.put('intents', rejected);
  return ok(showIntent(call.app, rejected));
}

/** Adds a signature, and does what was proposed when it is the last that was missing. */
export async function authorizeIntent(call: Call): Promise<Answer> {
  const { app, body, nowMs } = call;
  const intent = findPending(call);
  const { signature, timestamp } = body;
  if (typeof signature !== 'string') throw invalid('signature');
  if (typeof timestamp !== 'number') throw invalid('timestamp');
  const wallet = findWallet(app, intent.walletId);
  const quorums = quorumsOf(intent, wallet).map((id) => findQuorum(app, id));
  if (Math.abs(nowMs - timestamp) > TIMESTAMP_SKEW_MAX_MS) throw invalid('timestamp');
  const expiry = intent.customExpiry ? { 'privy-request-expiry': String(intent.expiresAtMs) } : {};
  const signed = { ...intent.request, headers: { 'privy-app-id': app.appId, ...expiry } };
  const payload = formatPayload(signed, { timestamp, intent_id: intent.id });
  const signer = findSigner(
    quorums.flatMap((quorum) => keysOf(app, quorum)),
    payload,
    signature,
  );
  if (signer === null) {
    const message = 'No valid authorization signatures were provided.';
    throw new ApiError(401, 'zero_correct_authorization_signatures', message);
  }
  const next: Intent = { ...intent, signed: { ...intent.signed, [signer]: timestamp } };
  const keys = new Set(Object.keys(next.signed));
  const enough = quorums.find((quorum) => countSigned(app, quorum, keys) >= thresholdOf(quorum));
  const done = enough === undefined ? next : await execute(app, next, nowMs, enough);
  app.put('intents', done);
  return ok(showIntent(app, done));
}

/** The intent with what became of its request, good or bad. */
async function execute(app: App, intent: Intent, nowMs: number, signedBy: KeyQuorum): Promise<Intent> {
  const wallet = findWallet(app, intent.walletId);
  const body = intent.request.body as Readonly<Record<string, unknown>>;
  const said = { executed_at: nowMs, authorized_by_id: signedBy.id };
  try {
    const response_body =
      intent.type === 'RPC'
        ? await runRpc(app, wallet, { body, nowMs, signedBy })
        : showWallet(app, applyChange(app, wallet, body));
    return { ...intent, status: 'executed', result: { ...said, status_code: 200, response_body } };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const { status: status_code } = error;
    return { ...intent, status: 'failed', result: { ...said, status_code, response_body: toErrorBody(error) } };
  }
}

/** Who may sign: a change is the owner's alone. A wallet without an owner has nobody to ask. */
function quorumsOf({ type }: Intent, wallet: Wallet): readonly string[] {
  return type === 'RPC' ? signersOf(wallet) : signersOf(wallet).slice(0, 1);
}

function findIntent({ app, nowMs, request }: Call): Intent {
  const intent = app.intents.find(({ id }) => id === request.names['intentId']);
  if (intent === undefined) throw notFound('Intent');
  return withTime(intent, nowMs);
}

function findPending(call: Call): Intent {
  const intent = findIntent(call);
  if (intent.status !== 'pending') throw new ApiError(400, 'invalid_data', `The intent is ${intent.status}.`);
  return intent;
}

function withTime(intent: Intent, nowMs: number): Intent {
  return intent.status === 'pending' && intent.expiresAtMs <= nowMs ? { ...intent, status: 'expired' } : intent;
}

type Leaf = Exclude<Member, { readonly type: 'key_quorum' }>;

function showLeaf({ signed }: Intent, member: Leaf) {
  const signed_at = signed[member.publicKey] ?? null;
  return member.type === 'user'
    ? { type: member.type, user_id: member.userId, signed_at }
    : { type: member.type, public_key: member.publicKey, signed_at };
}

function showMember(app: App, intent: Intent, member: Member) {
  if (member.type !== 'key_quorum') return showLeaf(intent, member);
  const { type, quorum, members } = member;
  const threshold = thresholdOf(quorum);
  return {
    type,
    key_quorum_id: quorum.id,
    threshold,
    threshold_met: countSigned(app, quorum, new Set(Object.keys(intent.signed))) >= threshold,
    members: members.flatMap((each) => (each.type === 'key_quorum' ? [] : [showLeaf(intent, each)])),
  };
}

export function showIntent(app: App, intent: Intent) {
  const wallet = findWallet(app, intent.walletId);
  return {
    intent_id: intent.id,
    intent_type: intent.type,
    resource_id: intent.walletId,
    status: intent.status,
    created_at: intent.createdAtMs,
    created_by_display_name: 'App secret',
    custom_expiry: intent.customExpiry,
    expires_at: intent.expiresAtMs,
    ...(intent.rejectedAtMs === null ? {} : { rejected_at: intent.rejectedAtMs }),
    ...(intent.dismissedAtMs === null
      ? {}
      : { dismissed_at: intent.dismissedAtMs, dismissal_reason: 'The wallet was changed.' }),
    authorization_details: quorumsOf(intent, wallet)
      .map((id) => findQuorum(app, id))
      .map((quorum) => ({
        threshold: thresholdOf(quorum),
        members: membersOf(app, quorum).map((member) => showMember(app, intent, member)),
        ...(quorum.displayName === null ? {} : { display_name: quorum.displayName }),
      })),
    request_details: intent.request,
    current_resource_data: showWallet(app, wallet),
    ...(intent.result === null ? {} : { action_result: intent.result }),
  };
}
