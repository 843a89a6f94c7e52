import type { MicroUsd } from '../../domain/money.ts';
import type { Charge } from '../../domain/payment/charge.ts';
import type { Denial, PolicyExceeded } from '../../domain/payment/denial.ts';
import type { Session } from '../../domain/payment/session.ts';
import type { Offer } from '../../domain/payment/shapes.ts';
import type { DeclaredFacts } from '../../domain/policy/facts.ts';
import type { PolicyRefusal } from '../../domain/policy/refusal.ts';
import { ok, type Result } from '../../domain/result.ts';
import type { Principal } from '../../domain/tenants/principal.ts';
import type { EpochMs, EpochSeconds } from '../../domain/time.ts';
import { clipPrintable } from '../../json/quotation.ts';

// What a payment has to do with policies before anybody has written one: little, since every start loads it.

/** The policies of all scopes that hold for a payment, ready to judge. */
export interface PoliciesInForce {
  /** The shortest validity that they cap at; `null`: none does. */
  readonly validityCapSeconds: number | null;
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
}

export const COUNTS_NOTHING: Counting = { charges: [], explain: (denial) => denial };

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

/** What one payment adds to its call. */
export interface OfferedFacts {
  readonly offer: Offer;
  readonly amount: MicroUsd;
  /** From this second on the authorization is worth nothing. */
  readonly validBefore: EpochSeconds;
}

/**
 * What `DEFAULT_DEPLOYMENT_POLICY` comes to where nobody has written a policy: the reader of offers refuses every flow but the one
 * that it lists, and no scheme signs another.
 */
export const UNWRITTEN_POLICIES: PoliciesInForce = {
  validityCapSeconds: null,
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
