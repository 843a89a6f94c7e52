import type { Answer } from '../../contract/client-types.ts';
import { formatManagerArn, type Deployment } from '../../domain/ids.ts';
import { formatUsd, type MicroUsd } from '../../domain/money.ts';
import type { PaymentInstrument } from '../../domain/tenants/resources.ts';
import type { SessionPins } from '../../domain/payment/pins.ts';
import { sessionStatus, type Session } from '../../domain/payment/session.ts';
import type { SessionSummary } from '../../domain/ports/books.ts';
import { formatInstant, type EpochMs } from '../../domain/time.ts';
import type { ToldDelegation } from '../../domain/ports/services.ts';
import type { LogFields } from '../../telemetry/log-fields.ts';

// AgentCore's shapes, with members of ours added; its clients ignore those.

const usd = (amount: MicroUsd) => ({ value: formatUsd(amount), currency: 'USD' as const });

export function toInstrumentSummary(deployment: Deployment, instrument: PaymentInstrument) {
  return {
    paymentInstrumentId: instrument.instrumentId,
    paymentManagerArn: formatManagerArn(deployment, instrument.managerId),
    paymentConnectorId: instrument.connectorId,
    userId: instrument.userId,
    paymentInstrumentType: 'EMBEDDED_CRYPTO_WALLET' as const,
    createdAt: formatInstant(instrument.createdAt),
    updatedAt: formatInstant(instrument.updatedAt),
    status: instrument.status,
  };
}

type LinkedAccounts =
  Answer<'GetPaymentInstrument'>['paymentInstrument']['paymentInstrumentDetails']['embeddedCryptoWallet']['linkedAccounts'];

/** `delegation` is not in AgentCore, which does not tell whether a wallet may sign. */
export function toInstrumentView(
  deployment: Deployment,
  instrument: PaymentInstrument,
  { delegation, redirectUrl }: { readonly delegation: ToldDelegation | null; readonly redirectUrl: string | null },
) {
  const wallet = instrument.wallet === null ? {} : { walletAddress: instrument.wallet.address };
  // As the contract let them in.
  const linkedAccounts = instrument.linkedAccounts as LinkedAccounts;
  return {
    ...toInstrumentSummary(deployment, instrument),
    paymentInstrumentDetails: {
      embeddedCryptoWallet: {
        network: instrument.network,
        linkedAccounts,
        ...wallet,
        ...(redirectUrl === null ? {} : { redirectUrl }),
      },
    },
    ...(delegation === null ? {} : { delegation: toDelegationView(delegation) }),
  };
}

function toDelegationView(delegation: ToldDelegation) {
  return delegation.status === 'ACTIVE' && delegation.expiresAt !== null
    ? { status: delegation.status, expiresAt: formatInstant(delegation.expiresAt) }
    : { status: delegation.status };
}

export function toSessionSummary(deployment: Deployment, session: SessionSummary) {
  return {
    paymentSessionId: session.sessionId,
    paymentManagerArn: formatManagerArn(deployment, session.managerId),
    userId: session.userId,
    expiryTimeInMinutes: session.expiryMinutes,
    createdAt: formatInstant(session.createdAt),
    updatedAt: formatInstant(session.createdAt),
  };
}

function toPinsView(pins: SessionPins | undefined) {
  if (pins === undefined) return {};
  const { instrumentId, ...rest } = pins;
  return { pinnedTo: { ...(instrumentId === undefined ? {} : { paymentInstrumentId: instrumentId }), ...rest } };
}

/** `status`, `expiresAt`, `spentAmount` and `reservedAmount` are not in AgentCore. */
export function toSessionView(
  deployment: Deployment,
  session: Session,
  { now, gasPerDay }: { readonly now: EpochMs; readonly gasPerDay: bigint | null },
) {
  const { available, reserved, spent } = session.budget;
  const limits =
    session.limit === null || available === null
      ? {}
      : {
          limits: { maxSpendAmount: usd(session.limit) },
          availableLimits: { availableSpendAmount: usd(available), updatedAt: formatInstant(session.updatedAt) },
        };
  return {
    ...toSessionSummary(deployment, session),
    updatedAt: formatInstant(session.updatedAt),
    ...limits,
    ...toPinsView(session.pins),
    ...(session.approvals === undefined
      ? {}
      : { walletApprovals: { allowed: session.approvals, gasPerDay: gasPerDay === null ? null : `${gasPerDay}` } }),
    ...(session.balanceCheck === undefined ? {} : { balanceCheck: { required: session.balanceCheck } }),
    status: sessionStatus(session, now),
    expiresAt: formatInstant(session.expiresAt),
    spentAmount: usd(spent),
    reservedAmount: usd(reserved),
  };
}

/** What the log line and the span of a request say about the session that it answers with. */
export function toSessionFields({ createdAt, limit, budget }: Session): LogFields {
  const { available } = budget;
  const money =
    limit === null || available === null ? {} : { limitUsd: formatUsd(limit), remainingUsd: formatUsd(available) };
  return { sessionStartedAt: formatInstant(createdAt), ...money };
}
