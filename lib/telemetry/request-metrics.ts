import { formatUsd } from '../domain/money.ts';
import { isInvariantViolation } from '../domain/invariant.ts';
import type { PolicyRefusal } from '../domain/policy/refusal.ts';
import type { Refusal } from '../domain/refusal.ts';
import { emfMembers, type DimensionValues, type MetricValues } from './emf.ts';
import type { LogFields } from './log-fields.ts';
import { UNREGISTERED_AGENT } from './metric-names.ts';
import type { RequestRecord } from './request-record.ts';

/** A request that was answered. */
export interface ServedRequest {
  /** Of the operations table; `null` where no operation was found. */
  readonly operation: string | null;
  readonly status: number;
  readonly durationMs: number;
  readonly refusal: Refusal | null;
  /** What was thrown; `null` where nothing was. */
  readonly failure: unknown;
  readonly record: RequestRecord;
}

const NO_OPERATION = 'Unknown';
/** The operations that pay a seller, by the offer that the caller chose or by the one that is chosen here. */
const PAYMENTS: ReadonlySet<string> = new Set(['ProcessPayment', 'PayChallenge']);

/** Refusals of a payment that count as its denial; the others say that the request was no good, or that it came too early. */
const DENIALS = {
  cannot_parse: false,
  invalid_request: false,
  unknown_operation: false,
  busy: false,
  conflict: false,
  invalid_challenge: true,
  not_found: true,
  token_not_admitted: true,
  access_denied: true,
  unauthorized: true,
  quota_exceeded: true,
  resource_conflict: true,
  session_not_found: true,
  instrument_not_found: true,
  instrument_not_active: true,
  unsupported_wallet: true,
  provider_refused: true,
  session_expired: true,
  session_closing: true,
  frozen: true,
  session_below_floor: true,
  session_pinned: true,
  budget_exceeded: true,
  policy_exceeded: true,
  policy_refused: true,
  too_many_counters: true,
  repeated_purchase: true,
  destination_not_allowed: true,
  withdrawal_lapsed: true,
  approvals_off: false,
  allowance_requested: false,
  coin_not_withdrawable: true,
  withdrawal_under_way: false,
  insufficient_funds: true,
  chain_unavailable: false,
  token_reused: true,
  other_terms: true,
  no_payment: false,
  challenge_unreadable: true,
  no_payable_offer: true,
  quote_expired: false,
  quote_mismatch: false,
  superseded: true,
  approval_rejected: true,
  approval_lapsed: true,
  attempts_exhausted: true,
} as const satisfies Readonly<Record<Refusal['reason'], boolean>>;

/** The members that make a request's log line count in CloudWatch. */
export function requestMetrics(
  of: Parameters<typeof emfMembers>[0],
  request: ServedRequest,
  agents: ReadonlySet<string>,
): object {
  const { operation, refusal, record } = request;
  const { agentName, asset } = record.fields;
  const isPayment = operation !== null && PAYMENTS.has(operation);
  const dimensions: DimensionValues = {
    Operation: operation ?? NO_OPERATION,
    ...(isPayment
      ? { AgentName: agentName !== undefined && agents.has(agentName) ? agentName : UNREGISTERED_AGENT }
      : {}),
    ...(asset === undefined ? {} : { Currency: asset }),
    ...(refusal === null ? {} : { Reason: reasonOf(refusal) }),
  };
  const values = { ...operationValues(request), ...(isPayment ? paymentValues(request) : {}), ...record.values };
  return emfMembers(of, values, dimensions);
}

/** Of a refusal by a spend policy the kind of the rule, of which there are as many as we know; its name anybody may choose. */
function reasonOf(refusal: Refusal): string {
  const rule = ruleOf(refusal);
  return rule === null ? refusal.reason : rule.code.slice('bursar:'.length);
}

function ruleOf(refusal: Refusal): PolicyRefusal | null {
  if (refusal.reason === 'policy_refused') return refusal;
  return refusal.reason === 'policy_exceeded' ? (refusal.by ?? null) : null;
}

/** Each request counts once: as success, as the caller's error, as throttled, or as the service's failure. */
function operationValues({ status, durationMs, failure }: ServedRequest): MetricValues {
  return {
    ...(status < 400 ? { OperationSuccess: 1 } : {}),
    ...(status === 429 ? { Throttles: 1 } : {}),
    ...(status >= 400 && status < 500 && status !== 429 ? { UserErrors: 1 } : {}),
    ...(status >= 500 ? { OperationFailure: 1 } : {}),
    OperationLatency: durationMs,
    ...(isInvariantViolation(failure) ? { InvariantViolations: 1 } : {}),
  };
}

/** Whether people may still approve it: whoever waits for them asks again and again. */
function isAwaited(refusal: Refusal): boolean {
  return 'trouble' in refusal && refusal.trouble === 'approval_pending';
}

function paymentValues({ status, durationMs, refusal }: ServedRequest): MetricValues {
  return {
    PaymentRequestCount: 1,
    ...(status < 400 ? { PaymentSuccessCount: 1 } : { PaymentFailureCount: 1 }),
    PaymentLatency: durationMs,
    ...(refusal !== null && DENIALS[refusal.reason] && !isAwaited(refusal) ? { Denials: 1 } : {}),
    ...(refusal?.reason === 'busy' && refusal.what === 'signer' ? { SignerThrottles: 1 } : {}),
  };
}

/** What a refusal adds to the log line. */
export function refusalFields(refusal: Refusal): LogFields {
  if (refusal.reason === 'token_not_admitted') return { tokenCheck: refusal.check };
  const by = ruleOf(refusal);
  if (by !== null) return { rule: `${by.rule.scope}/${by.rule.name}` };
  if (refusal.reason !== 'budget_exceeded') return {};
  return { amountUsd: formatUsd(refusal.requested), remainingUsd: formatUsd(refusal.available) };
}
