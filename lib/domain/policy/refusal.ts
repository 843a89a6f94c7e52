import { clipPrintable, formatReceived } from '../../json/quotation.ts';
import { formatUsd, type MicroUsd } from '../money.ts';
import type { EpochMs } from '../time.ts';
import { POLICY_VALUE_MAX_CHARS, type PolicyScope, type RequirableFact, type RuleKind } from './document.ts';
import type { FactName } from './facts.ts';

/** The code of each kind of rule. Programs decide by them; they are never renamed. */
export const POLICY_CODES = {
  perPayment: 'bursar:policy_per_payment',
  sessionCap: 'bursar:policy_session_cap',
  window: 'bursar:policy_window',
  rate: 'bursar:policy_rate',
  sameRequest: 'bursar:policy_same_request',
  payees: 'bursar:policy_payee',
  networks: 'bursar:policy_network',
  assets: 'bursar:policy_asset',
  protocols: 'bursar:policy_protocol',
  schemes: 'bursar:policy_scheme',
  transferMethods: 'bursar:policy_transfer_method',
  facilitators: 'bursar:policy_facilitator',
  paymentFlows: 'bursar:policy_payment_flow',
  wallets: 'bursar:policy_wallet',
  principals: 'bursar:policy_principal',
  tools: 'bursar:policy_tool',
  agents: 'bursar:policy_agent',
  origins: 'bursar:policy_origin',
  denyFeed: 'bursar:policy_deny_feed',
  pinPayee: 'bursar:policy_pinned_payee',
  validity: 'bursar:policy_validity',
  freeze: 'bursar:policy_freeze',
  priceChange: 'bursar:policy_price_change',
  breaker: 'bursar:policy_breaker',
  require: 'bursar:policy_fact_required',
} as const satisfies Record<RuleKind, string>;
export type PolicyCode = (typeof POLICY_CODES)[RuleKind];

/** Names a rule among those in force. */
export interface RuleRef {
  readonly scope: PolicyScope;
  /** Of the rule in its document. */
  readonly name: string;
  readonly kind: RuleKind;
}

/** `usd`: micro-dollars. */
export type PolicyUnit = 'usd' | 'count' | 'seconds' | 'percent';

export interface PolicyFigures {
  readonly unit: PolicyUnit;
  readonly limit: bigint;
  readonly asked: bigint;
  /** What a payment could still have now; never negative. */
  readonly remaining: bigint;
}

/** What would make the same request succeed. Empty where only a change of the policy would. */
export interface PolicyHelp {
  readonly waitUntil?: EpochMs;
  readonly atMost?: MicroUsd;
  readonly otherSeller?: true;
  /** Another offer of the same seller, on another network for example. */
  readonly otherOffer?: true;
  /** The fact that the call has to state. */
  readonly state?: RequirableFact;
}

/** Why a policy refuses a payment. Nothing was reserved or signed. */
export interface PolicyRefusal {
  readonly reason: 'policy_refused';
  readonly code: PolicyCode;
  readonly rule: RuleRef;
  /** What the rule looked at; `null` for a counter. */
  readonly fact: FactName | null;
  /** What the fact was, shortened and printable, for programs: not for a message, since a stranger may have written it; `null` where it was not stated, or where the figures say it. */
  readonly found: string | null;
  readonly figures: PolicyFigures | null;
  readonly help: PolicyHelp;
  /** One sentence, without the words that AWS's SDK sorts refusals by. */
  readonly message: string;
}

/** Of a value that a refusal shows: as long as a rule's own may be. */
const FOUND_MAX_CHARS = POLICY_VALUE_MAX_CHARS;

interface RefusalParts {
  readonly fact?: FactName;
  readonly found?: string;
  readonly figures?: PolicyFigures;
  readonly help?: PolicyHelp;
  /** Goes on after "The rule 'x' of the user policy". */
  readonly says: string;
}

/** How a text that others wrote may look in a sentence. */
export function quote(text: string): string {
  return `'${formatReceived(text)}'`;
}

export function refuseBy(rule: RuleRef, { fact, found, figures, help, says }: RefusalParts): PolicyRefusal {
  return {
    reason: 'policy_refused',
    code: POLICY_CODES[rule.kind],
    rule,
    fact: fact ?? null,
    found: found === undefined ? null : clipPrintable(found, FOUND_MAX_CHARS),
    figures: figures ?? null,
    help: help ?? {},
    message: `The rule ${quote(rule.name)} of the ${rule.scope} policy ${says}.`,
  };
}

/** The refusal of a rule about a fact that the call does not state, or that was not read. */
export function refuseUnstated(
  rule: RuleRef,
  fact: FactName,
  { state, says }: { readonly state?: RequirableFact; readonly says: string },
): PolicyRefusal {
  return refuseBy(rule, { fact, says, help: state === undefined ? { otherOffer: true } : { state } });
}

export function formatFigure(value: bigint, unit: PolicyUnit): string {
  switch (unit) {
    case 'usd':
      return `${formatUsd(value as MicroUsd)} USD`;
    case 'count':
      return value === 1n ? '1 payment' : `${value} payments`;
    case 'seconds':
      return `${value} s`;
    case 'percent':
      return `${value} %`;
  }
}
