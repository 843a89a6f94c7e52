import { APPROVAL_REFERENCE } from '../../domain/payment/approval.ts';
import { ProviderRefused, type ApprovalState, type WatchSigning } from '../../domain/ports/services.ts';
import { formatInstant, toEpochMs, type EpochMs } from '../../domain/time.ts';
import { memberOf } from '../../json/record.ts';
import { walletPath, type StripePrivyAccount } from './account.ts';
import type { CallStripePrivy, StripePrivyAnswer } from './client.ts';

/** A request to a wallet that waits at Privy for the signatures of a quorum, as Privy told of it last. */
export interface Intent {
  readonly id: string;
  readonly status: string;
  /** What Privy told, to be read further. */
  readonly body: unknown;
}

/** What is proposed to a quorum, and what it shares with all that is asked for one signature. */
export interface Proposal {
  readonly account: StripePrivyAccount;
  /** Of the wallet's rpc. */
  readonly body: object;
  /** The same for every try of it. */
  readonly idempotencyKey: string;
  readonly until: EpochMs;
  readonly watch: WatchSigning | undefined;
  readonly end: AbortSignal;
}

/** Nothing was made in any of these; with a status that stands not here, nobody knows. */
const REFUSED = [400, 403, 404, 409, 422];
const MADE = [200, 201];

/**
 * Proposes an rpc to those who may sign for its wallet, and signs as the one of them whose key we have. The same proposal again is
 * the same intent, shown as it was then.
 * Throws `ProviderRefused` where Privy takes no proposal.
 * https://docs.privy.io/transaction-management/intents/create/execute-rpc
 */
export async function proposeIntent(call: CallStripePrivy, proposal: Proposal): Promise<Intent> {
  const { account, body, idempotencyKey, until, watch, end } = proposal;
  const path = `/v1/intents/wallets/${encodeURIComponent(account.walletId)}/rpc`;
  const { connector } = account;
  const answer = await call(
    { connector, method: 'POST', path, body, idempotencyKey, proposedUntil: until, watch, end },
    [...MADE, ...REFUSED],
  );
  if (memberOf(answer.body, 'code') === 'policy_violation') throw new ProviderRefused('provider_policy', POLICY);
  if (!MADE.includes(answer.status)) throw new ProviderRefused('approval_needed', NOT_TAKEN);
  const intent = toIntent(answer);
  if (!isAwaited(intent, answer.publicKey())) return intent;
  // The others may sign all the same.
  return (await authorizeIntent(call, proposal, intent).catch(() => null)) ?? intent;
}

async function authorizeIntent(
  call: CallStripePrivy,
  { account, body, until, watch, end }: Proposal,
  { id }: Intent,
): Promise<Intent> {
  const { connector, walletId } = account;
  const answer = await call(
    {
      connector,
      method: 'POST',
      path: `/v1/intents/${id}/authorize`,
      body: ({ authorize, urlOf }) =>
        authorize({ intentId: id, url: urlOf(`${walletPath(walletId)}/rpc`), body, until }),
      watch,
      end,
    },
    [200],
  );
  return toIntent(answer);
}

export async function readIntent(
  call: CallStripePrivy,
  connector: string,
  id: string,
  more: { readonly watch?: WatchSigning | undefined; readonly end?: AbortSignal } = {},
): Promise<Intent | null> {
  const path = `/v1/intents/${encodeURIComponent(id)}`;
  const answer = await call({ connector, method: 'GET', path, ...more }, [200, 404]);
  return answer.status === 404 ? null : toIntent(answer);
}

/** `granted` is what Privy shows to somebody who has signed while others are waited for. */
const WAITING: ReadonlySet<string> = new Set(['pending', 'granted', 'processing']);

/** What has become of a question to people. One that failed, expired or was dismissed is over: its wallet or its policy may have changed. */
export function stateOfIntent(intent: Intent | null): ApprovalState {
  if (intent === null) return { status: 'over' };
  if (WAITING.has(intent.status)) return { status: 'waiting', message: waitingFor(intent) };
  switch (intent.status) {
    case 'executed':
      return { status: 'given' };
    case 'rejected':
      return { status: 'rejected' };
    default:
      return { status: 'over' };
  }
}

/** What the rpc was answered when enough had signed; `undefined` before. */
export function answerOfIntent({ status, body }: Intent): unknown {
  return status === 'executed' ? memberOf(memberOf(body, 'action_result'), 'response_body') : undefined;
}

/** Whose approval is waited for, where and until when. None of it is Privy's own words. */
export function waitingFor({ id, body }: Intent): string {
  const [signed, threshold] = progressOf(body);
  const expires = memberOf(body, 'expires_at');
  const until = typeof expires === 'number' ? ` until ${formatInstant(toEpochMs(Math.floor(expires)))}` : '';
  return (
    `The Privy wallet's key quorum has to approve it: ${signed} of ${threshold} have signed. The others approve intent ${id} on the page ` +
    `Approvals of Privy's dashboard, or where the app has them sign,${until}. ${RETRY}`
  );
}

const RETRY = 'Nothing was signed or is held: retry with the same clientToken';

/** Of an intent of which nobody knows whether Privy has it. */
export const MAYBE_ASKED = `The Privy wallet's key quorum has to approve it, and Privy did not say whether it asks for that. ${RETRY}`;

const POLICY = 'A policy of the Privy wallet forbids it. Nothing was signed';
const NOT_TAKEN =
  'The authorization key may not sign for the Privy wallet alone: others of its key quorum have to approve, and Privy takes no ' +
  "proposal to them: intents are not switched on for the app, or the seller's offer leaves people no time. Nothing was signed";

function toIntent({ body }: StripePrivyAnswer): Intent {
  const [id, status] = [memberOf(body, 'intent_id'), memberOf(body, 'status')];
  if (typeof id !== 'string' || !APPROVAL_REFERENCE.test(id) || typeof status !== 'string') {
    throw new Error('Privy told of no intent: nothing is released');
  }
  return { id, status, body };
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? (value as readonly unknown[]) : []);

/** The quorums of which one is enough. */
function quorumsOf(body: unknown): readonly unknown[] {
  return listOf(memberOf(body, 'authorization_details'));
}

const hasSigned = (member: unknown): boolean =>
  typeof memberOf(member, 'signed_at') === 'number' || memberOf(member, 'threshold_met') === true;

/** Signatures and how many it takes, of the quorum that lacks the fewest; of two, the one that has begun. */
function progressOf(body: unknown): readonly [number, number] {
  const all = quorumsOf(body).map((quorum) => {
    const threshold = Number(memberOf(quorum, 'threshold'));
    return [listOf(memberOf(quorum, 'members')).filter(hasSigned).length, threshold] as const;
  });
  return all.toSorted(([a, x], [b, y]) => x - a - (y - b) || b - a)[0] ?? [0, 1];
}

/** Whether a key is a member of a quorum, or of one within it, and has not signed yet. */
function isAwaited({ status, body }: Intent, publicKey: string): boolean {
  const members = quorumsOf(body).flatMap((quorum) => listOf(memberOf(quorum, 'members')));
  const leaves = members.flatMap((member) => [member, ...listOf(memberOf(member, 'members'))]);
  return WAITING.has(status) && leaves.some((leaf) => memberOf(leaf, 'public_key') === publicKey && !hasSigned(leaf));
}
