import type { Attributes, AttributeValue } from '@opentelemetry/api';
import { ATTR_ERROR_TYPE, ATTR_HTTP_RESPONSE_STATUS_CODE } from '@opentelemetry/semantic-conventions';
import type { SigningStep } from '../../domain/ports/services.ts';
import type { LogFields } from '../log-fields.ts';
import type { TimedPhase } from '../request-record.ts';
import type { SpanSource, TracedRequest } from '../traced-request.ts';

/** AgentCore's names where it has them; `null` for members of the log that a span has no use for by themselves. */
const FIELD_ATTRIBUTES = {
  managerId: 'aws.payments.payment_manager_id',
  connectorId: 'aws.payments.payment_connector_id',
  instrumentId: 'aws.payments.payment_instrument_id',
  sessionId: 'aws.payments.payment_session_id',
  sessionStartedAt: 'aws.payments.session_start_time',
  remainingUsd: 'aws.payments.session_remaining_budget',
  limitUsd: 'aws.payments.total_budget_amount',
  payee: 'aws.payments.merchant',
  agentName: 'aws.payments.payment_agent_name',
  paymentId: 'bursar.payment_id',
  network: 'bursar.network',
  amountUsd: 'bursar.amount_usd',
  replayed: 'bursar.replayed',
  policyScope: 'bursar.policy_scope',
  policyHash: 'bursar.policy_hash',
  freezeScope: 'bursar.freeze_scope',
  feedHash: 'bursar.feed_hash',
  tokenCheck: 'bursar.token_check',
  rule: 'bursar.policy_rule',
  origin: 'bursar.origin',
  tool: 'bursar.tool',
  asset: null,
} as const satisfies Readonly<Record<keyof LogFields, string | null>>;

/** What is done before a wallet's provider can be asked to sign. */
const TOKEN_STEPS: ReadonlySet<string> = new Set<SigningStep>(['secret', 'token']);

/** What the span of a request says. Made of known members only; what is not known is not there. */
export function toRequestAttributes(source: SpanSource, request: TracedRequest): Attributes {
  const { fields, spent, phases, status, error, code, requestId, coldStart } = request;
  const { partition, region, account } = source;
  const { managerId, amountUsd, asset } = fields;
  const sign = phases.find(({ phase }) => phase === 'sign');
  const fetching = phases.filter(({ phase }) => TOKEN_STEPS.has(phase));
  const isSpent = spent && amountUsd !== undefined && asset !== undefined;
  const attributes: Readonly<Record<string, AttributeValue | undefined>> = {
    ...fieldAttributes(fields),
    'aws.payments.spend_amount': isSpent ? amountUsd : undefined,
    'aws.payments.spend_currency': isSpent ? asset : undefined,
    'aws.payments.token_fetch_latency_ms': fetching.length === 0 ? undefined : toMillisOfAny(fetching),
    'aws.region': region,
    'aws.account.id': account,
    'aws.resource.arn':
      managerId === undefined
        ? undefined
        : `arn:${partition}:bedrock-agentcore:${region}:${account}:payment-manager/${managerId}`,
    'aws.request_id': requestId,
    [ATTR_HTTP_RESPONSE_STATUS_CODE]: status,
    [ATTR_ERROR_TYPE]: error ?? undefined,
    'bursar.code': code ?? undefined,
    'bursar.sign_latency_ms': sign === undefined ? undefined : toMillis(sign),
    'faas.coldstart': coldStart,
  };
  return Object.fromEntries(
    Object.entries(attributes).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, typeof value === 'string' ? toVisible(value) : value]],
    ),
  );
}

function fieldAttributes(fields: LogFields): Attributes {
  const names = Object.entries(FIELD_ATTRIBUTES) as [keyof LogFields, string | null][];
  return Object.fromEntries(names.flatMap(([field, name]) => (name === null ? [] : [[name, fields[field]]])));
}

/** What the span of a phase says: of the one that signs, the wallet's provider and its time. */
export function toPhaseAttributes(phase: TimedPhase): Attributes {
  if (phase.wallet === undefined) return {};
  return { 'bursar.wallet_type': phase.wallet, 'bursar.provider_latency_ms': toMillis(phase) };
}

/** In milliseconds, to the microsecond. */
function toMillis({ startMs, endMs }: TimedPhase): number {
  return Math.round((endMs - startMs) * 1_000) / 1_000;
}

/** For how long at least one of them was under way: those of several tries, or of signatures that are made at once. */
function toMillisOfAny(phases: readonly TimedPhase[]): number {
  let total = 0;
  let until = Number.NEGATIVE_INFINITY;
  for (const { startMs, endMs } of phases.toSorted((a, b) => a.startMs - b.startMs)) {
    total += Math.max(0, endMs - Math.max(startMs, until));
    until = Math.max(until, endMs);
  }
  return Math.round(total * 1_000) / 1_000;
}

// An agent chooses its own name, and a console shows it.
const UNSEEN = /[\p{C}\p{Zl}\p{Zp}]/gu;

function toVisible(text: string): string {
  return text.replace(UNSEEN, '\uFFFD');
}
