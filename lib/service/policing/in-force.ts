import type { MicroUsd } from '../../domain/money.ts';
import type { Charge } from '../../domain/payment/charge.ts';
import type { Denial, PolicyExceeded } from '../../domain/payment/denial.ts';
import type { Payment, PolicyRecord } from '../../domain/payment/payment.ts';
import type { Session } from '../../domain/payment/session.ts';
import type { Offer } from '../../domain/payment/shapes.ts';
import type { DeclaredFacts } from '../../domain/policy/facts.ts';
import type { PolicyRefusal } from '../../domain/policy/refusal.ts';
import type { Refusal } from '../../domain/refusal.ts';
import { ok, type Result } from '../../domain/result.ts';
import type { Principal } from '../../domain/tenants/principal.ts';
import type { EpochMs, EpochSeconds } from '../../domain/time.ts';
import { clipPrintable } from '../../json/quotation.ts';
import type { AbortDeps } from '../paying/abort.ts';

// What a payment has to do with policies before anybody has written one: little, since every start loads it.

/** The policies of all scopes that hold for a payment, ready to judge. */
export interface PoliciesInForce {
  /** The shortest validity that they cap at; `Infinity`: none does. */
  readonly validityCapSeconds: number;
  /**
   * Reads what rules need of earlier payments and of imported lists before they can judge these offers; `null`: nothing. Asked again
   * for each attempt. Throws where something could not be read: it must not count as nothing.
   * @param of.counted whether to read the counters that a payment takes by itself, to foretell what they say
   */
  readonly recall:
    | ((
        call: CallFacts,
        of: { readonly offered: readonly Priced[]; readonly counted: boolean },
      ) => Promise<PoliciesInForce>)
    | null;
  /** Judges a payment by every rule that can tell by itself; the counters are for the books. */
  judge(call: CallFacts, offered: OfferedFacts, now: EpochMs): Result<Counting, PolicyRefusal>;
  /**
   * Judges a payment before it is asked for, counters included, by what the session showed when it was read; `null`: nothing is
   * against it. What other sessions have of a window is not looked at, so that the books may still refuse what passes here.
   */
  foretell(
    call: CallFacts,
    offered: OfferedFacts,
    now: EpochMs,
    session: Pick<Session, 'counters' | 'windows'>,
  ): { readonly stage: 'rules' | 'counters'; readonly refusal: PolicyRefusal } | null;
}

/** What an allowed attempt is counted for, and what to say where a counter has no room for it. */
export interface Counting {
  readonly charges: readonly Charge[];
  /** Names the rule whose counter the books refused by. */
  readonly explain: (denial: PolicyExceeded) => Denial;
  /** What it takes and keeps beside the books; `null`: nothing. */
  readonly claims: Claims | null;
}

/** What an attempt takes of what rules count and pin in items of their own, and what is kept of it. */
export interface Claims {
  /**
   * Takes everything, exactly, before anything is reserved, then drives; or denies the payment by what was in the way. What is certain
   * not to be signed gives back what it took. Where the outcome is unknown, some may stay counted that is not paid, and never the
   * other way around.
   */
  around(
    deps: AbortDeps,
    payment: Payment,
    drive: () => Promise<Result<Payment, Refusal>>,
  ): Promise<Result<Payment, Refusal>>;
  /** What the decision keeps. */
  readonly kept: { readonly policyRecord?: PolicyRecord };
  /** Notes what was paid, where it was. Advice: nothing depends on its success, and it never throws. */
  note(decided: Payment): Promise<void>;
}

export const COUNTS_NOTHING: Counting = { charges: [], explain: (denial) => denial, claims: null };

/** Who calls for what: the same for every offer of a call. */
export interface CallFacts {
  readonly managerId: string;
  readonly sessionId: string;
  readonly instrumentId: string;
  readonly principal: Principal;
  readonly said: SaidFacts;
}

/** The caller's own words; its origin is read out of its URL. */
export type SaidFacts = Omit<DeclaredFacts, 'origin'>;

/** What is asked for. */
export interface Priced {
  readonly offer: Offer;
  readonly amount: MicroUsd;
}

/** What one payment adds to its call. */
export interface OfferedFacts extends Priced {
  /** From this second on the authorization is worth nothing. */
  readonly validBefore: EpochSeconds;
}

/**
 * What `DEFAULT_DEPLOYMENT_POLICY` comes to where nobody has written a policy: the reader of offers refuses every flow but the one
 * that it lists, and no scheme signs another.
 */
export const UNWRITTEN_POLICIES: PoliciesInForce = {
  validityCapSeconds: Infinity,
  recall: null,
  judge: () => ok(COUNTS_NOTHING),
  foretell: () => null,
};

/** What a call of `ProcessPayment` states: the name of its agent, and the URL of its `resource`, in the caller's own spelling. */
export function saidByPayment(agentName: string | null, url: string | null): SaidFacts {
  return { agentName, url, tool: null, method: null, bodyHash: null, intent: null };
}

const LOGGED_MAX_CHARS = 64;

/** What logs may say of a call's own words: nothing of a URL behind its host. */
export function loggedWords({ url, tool }: SaidFacts): {
  readonly origin: string | null;
  readonly tool: string | null;
} {
  const origin = url === null ? undefined : URL.parse(url)?.origin;
  return {
    origin: origin === undefined || !origin.startsWith('http') ? null : origin,
    tool: tool === null || tool === '' ? null : clipPrintable(tool, LOGGED_MAX_CHARS),
  };
}
