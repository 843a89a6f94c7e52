import { formatUsd, type MicroUsd } from '../../domain/money.ts';
import type { Network } from '../../domain/assets.ts';
import type { Session } from '../../domain/payment/session.ts';
import type { PerPaymentRule, RateRule, SessionCapRule, WindowRule } from '../../domain/policy/document.ts';
import type { PolicyOwner } from '../../domain/ports/policies.ts';
import type { PaymentManager } from '../../domain/tenants/resources.ts';
import type { SolanaNetwork } from '../../domain/tenants/solana.ts';
import { formatInstant, type EpochMs } from '../../domain/time.ts';

/** @param pageUrl of the page itself. The secret stands behind `#`, which no browser sends to anybody. */
export function toWalletLinkView(pageUrl: string, secret: string, expiresAt: EpochMs) {
  return { url: `${pageUrl}#${secret}`, expiresAt: formatInstant(expiresAt) };
}

interface Overview {
  readonly instrument: { readonly instrumentId: string };
  readonly manager: Pick<PaymentManager, 'name' | 'description'>;
  readonly agentName: string | null;
  readonly networks: readonly { readonly network: Network | SolanaNetwork; readonly isReadable: boolean }[];
  readonly sessions: readonly Session[];
  readonly spendLimits: readonly {
    readonly scope: PolicyOwner['scope'];
    readonly rule: PerPaymentRule | SessionCapRule | WindowRule | RateRule;
  }[];
}

export function toWalletOverviewView({ instrument, manager, agentName, networks, sessions, spendLimits }: Overview) {
  return {
    paymentInstrumentId: instrument.instrumentId,
    application: {
      name: manager.name,
      ...(manager.description === null ? {} : { description: manager.description }),
    },
    ...(agentName === null ? {} : { agentName }),
    networks: networks.map(({ network: { id, chain, testnet }, isReadable }) => ({
      network: id,
      ...(chain === null || !isReadable ? {} : { chain }),
      testnet,
    })),
    sessions: sessions.map(toSession),
    spendLimits: spendLimits.map(toSpendLimit),
  };
}

const usd = (amount: MicroUsd) => ({ value: formatUsd(amount), currency: 'USD' as const });

function toSession({ sessionId, expiresAt, limit, budget: { available }, pins }: Session) {
  return {
    paymentSessionId: sessionId,
    expiresAt: formatInstant(expiresAt),
    ...(limit === null ? {} : { limits: { maxSpendAmount: usd(limit) } }),
    ...(available === null ? {} : { availableLimits: { availableSpendAmount: usd(available) } }),
    ...(pins?.agentName === undefined ? {} : { agentName: pins.agentName }),
  };
}

function toSpendLimit({ scope, rule }: Overview['spendLimits'][number]) {
  if (rule.kind === 'perPayment') return { scope, kind: rule.kind, maxUsd: formatUsd(rule.max) };
  const most = rule.max === undefined ? { maxCount: rule.maxCount } : { maxUsd: formatUsd(rule.max) };
  switch (rule.kind) {
    case 'sessionCap':
      return { scope, kind: rule.kind, of: rule.of, ...most };
    case 'window':
      return { scope, kind: rule.kind, of: rule.of, every: rule.every, ...most };
    case 'rate':
      return { scope, kind: rule.kind, of: rule.of, perSeconds: rule.perSeconds, ...most };
  }
}
