import type { PaymentId } from './ids.ts';
import type { ChallengeCode } from './offers/codes.ts';
import type { JudgedOffer } from './offers/verdict.ts';

export type { ChallengeCode, FreezeCode, OfferCode } from './offers/codes.ts';
import type { Denial } from './payment/denial.ts';
import type { FrozenRefusal } from './payment/gate.ts';
import type { Payment } from './payment/payment.ts';
import type { PinnedTo } from './payment/pins.ts';
import type { EpochMs } from './time.ts';

/** One field that is wrong, in AgentCore's `fieldList` form. */
export interface FieldProblem {
  /** Path of the member, such as `paymentInput.cryptoX402.payload.payTo`. */
  readonly name: string;
  readonly message: string;
}

export type MissingResource =
  | 'manager'
  | 'connector'
  | 'instrument'
  | 'session'
  | 'payment'
  | 'credential provider'
  | 'workload identity'
  | 'policy'
  | 'feed'
  | 'resource';

/** What keeps a wallet provider from signing or making a wallet, where somebody can mend it. Published as `bursar:` codes. */
export type ProviderTrouble =
  /** The end user has not let the project sign, or no longer does. */
  | 'delegation_inactive'
  /** The project may not sign for any end user. */
  | 'delegation_disabled'
  /** A policy at the provider forbids it. */
  | 'provider_policy'
  /** The provider takes none of the credentials that the vault has, or the vault has none. */
  | 'provider_credentials'
  /** The provider wants to be paid first. */
  | 'provider_unpaid'
  /** The provider sells or gives no money for the wallet, or none on that network. */
  | 'funding_unavailable'
  /** What the user is known by is no good there. */
  | 'linked_account_refused'
  /** Others have to approve at the provider what is to be signed, and it asks nobody for us. */
  | 'approval_needed'
  /** Others were asked at the provider to approve what is to be signed. */
  | 'approval_pending'
  /** Only the wallet's owner can take back at the provider what lets it sign. */
  | 'owner_must_revoke'
  /** The provider failed so often that it is not asked for some seconds. */
  | 'provider_down';

/** Every expected "no" of the service. `lib/api/errors.ts` maps each to one wire error; a new arm does not compile until it does. */
export type Refusal =
  | { readonly reason: 'cannot_parse'; readonly message: string }
  | { readonly reason: 'invalid_request'; readonly problems: readonly FieldProblem[] }
  | {
      readonly reason: 'invalid_challenge';
      readonly code: ChallengeCode;
      /** The member of `paymentInput` that it stands in. @default 'cryptoX402' */
      readonly input?: string;
      readonly field: string;
      readonly message: string;
    }
  | { readonly reason: 'unknown_operation'; readonly method: string; readonly path: string }
  | { readonly reason: 'not_found'; readonly resource: MissingResource }
  /**
   * The token is not for this manager, or there is no such manager: a stranger cannot tell which.
   * `check` is for the log, never for the caller.
   */
  | { readonly reason: 'token_not_admitted'; readonly check: string }
  /** The caller is known, and may not do this. */
  | { readonly reason: 'access_denied'; readonly message: string }
  /** A token that the request carries as a member is no good. */
  | { readonly reason: 'unauthorized'; readonly message: string }
  | { readonly reason: 'quota_exceeded'; readonly message: string }
  /** Something else depends on the resource, or has its name. */
  | { readonly reason: 'resource_conflict'; readonly message: string }
  | { readonly reason: 'instrument_not_active'; readonly status: string }
  /** The wallet is of chains on which nothing is paid, nor read. */
  | { readonly reason: 'unsupported_wallet' }
  /** The wallet's provider will not sign, or not make it. Nothing was signed or made. */
  | { readonly reason: 'provider_refused'; readonly trouble: ProviderTrouble; readonly message: string }
  | { readonly reason: 'session_expired'; readonly expiresAt: EpochMs }
  | { readonly reason: 'session_closing'; readonly expiresAt: EpochMs }
  /** The session was opened for another wallet, agent or caller than the one of this payment. */
  | { readonly reason: 'session_pinned'; readonly to: PinnedTo }
  /** The deployment or a part of it is frozen: nothing new is signed there until it is thawed. */
  | FrozenRefusal
  /** The session was opened before the floor that was set after a restore: nobody knows what it paid. */
  | { readonly reason: 'session_below_floor'; readonly floor: EpochMs }
  /** Of a payment: there is no such session or wallet of this user's, or no longer. Reads of them say `not_found`. */
  | { readonly reason: 'session_not_found' }
  | { readonly reason: 'instrument_not_found' }
  /** Final for its client token: the books hold it. */
  | Denial
  /** The session counts for so many rules, payees or tools already that it takes no further counter. */
  | { readonly reason: 'too_many_counters'; readonly max: number }
  /** The same terms were paid within this session a short while ago, and the deployment takes that for a mistake. */
  | { readonly reason: 'repeated_purchase'; readonly paymentId: PaymentId; readonly until: EpochMs }
  /** A withdrawal to an address that the deployment does not allow. */
  | { readonly reason: 'destination_not_allowed'; readonly destination: string }
  /** A withdrawal that was not signed while its session lasted. */
  | { readonly reason: 'withdrawal_lapsed' }
  /** An approval or a withdrawal of a coin is asked for, and the deployment sends none. */
  | { readonly reason: 'approvals_off' }
  /** The wallet has not approved enough for a payment, and its approval is asked for. */
  | { readonly reason: 'allowance_requested'; readonly message: string }
  /** The coin of a network, out of a wallet whose keys sign no transactions for Bursar. */
  | { readonly reason: 'coin_not_withdrawable'; readonly message: string }
  /** The wallet is busy with another withdrawal of its coin. */
  | { readonly reason: 'withdrawal_under_way'; readonly message: string }
  /** The wallet holds too little for a payment, of a session that has that looked at. */
  | { readonly reason: 'insufficient_funds'; readonly message: string }
  /** No endpoint says what a wallet holds, of such a session. */
  | { readonly reason: 'chain_unavailable'; readonly message: string }
  | { readonly reason: 'token_reused' }
  /** The client token has a payment already, for another price, payee or session. It is final: SIGNED or DENIED. */
  | { readonly reason: 'other_terms'; readonly payment: Payment }
  /** Asked for a replay only: the client token has no payment, or one that was never signed and is over. */
  | { readonly reason: 'no_payment' }
  /** What was handed over as a seller's 402 asks for no payment that Bursar can read. */
  | { readonly reason: 'challenge_unreadable'; readonly message: string }
  /** Of all offers of a 402, none may be paid. */
  | { readonly reason: 'no_payable_offer'; readonly offers: readonly JudgedOffer[] }
  | { readonly reason: 'quote_expired'; readonly expiresAt: EpochMs }
  /** The quote is for another request, or for an offer that the 402 does not make. */
  | { readonly reason: 'quote_mismatch' }
  | { readonly reason: 'conflict'; readonly message: string }
  | { readonly reason: 'busy'; readonly what: 'session' | 'window' | 'payment' | 'creation' | 'change' | 'signer' }
  | { readonly reason: 'attempts_exhausted' };
