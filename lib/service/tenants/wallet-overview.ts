import { findNetwork, type Network } from '../../domain/assets.ts';
import { WALLET_PAGE_SESSIONS_MAX, WALLET_PAGE_SESSIONS_READ_MAX } from '../../domain/wallet-page-limits.ts';
import type { Session } from '../../domain/payment/session.ts';
import { sessionStatus } from '../../domain/payment/session.ts';
import type { PerPaymentRule, RateRule, SessionCapRule, WindowRule } from '../../domain/policy/document.ts';
import type { SessionStore } from '../../domain/ports/books.ts';
import type { PolicyOwner, PolicyReader } from '../../domain/ports/policies.ts';
import type { Registry } from '../../domain/ports/registry.ts';
import type { UserKey } from '../../domain/ports/services.ts';
import type { Principal } from '../../domain/tenants/principal.ts';
import type { Refusal } from '../../domain/refusal.ts';
import type { PaymentInstrument, PaymentManager } from '../../domain/tenants/resources.ts';
import { ok, type Result } from '../../domain/result.ts';
import { solanaNetworksBeside, type SolanaNetwork } from '../../domain/tenants/solana.ts';
import type { EpochMs } from '../../domain/time.ts';
import { findInstrument, type InstrumentName, type InstrumentReadDeps } from './instruments.ts';
import { findManager } from './managers.ts';

export interface WalletOverviewDeps extends InstrumentReadDeps {
  readonly registry: Pick<Registry, 'readManager' | 'readInstrument' | 'listInstruments'>;
  readonly sessions: Pick<SessionStore, 'readSession' | 'listSessions'>;
  readonly policyReader: PolicyReader;
  /** CAIP-2 ids. */
  readonly allowedNetworks: ReadonlySet<string>;
  readonly chainReaders: ReadonlyMap<string, unknown>;
}

/** A network on which the wallet may pay, or, of Solana, be funded, and whether its balance there can be read. */
export interface PayableNetwork {
  readonly network: Network | SolanaNetwork;
  readonly isReadable: boolean;
}

/** The rules of a policy that say how much may be spent. */
export type SpendRule = PerPaymentRule | SessionCapRule | WindowRule | RateRule;

/** A rule that bounds what is spent, and whose it is. */
export interface SpendLimit {
  readonly scope: PolicyOwner['scope'];
  readonly rule: SpendRule;
}

/** What a user should know before letting anybody spend from a wallet. */
export interface WalletOverview {
  readonly instrument: PaymentInstrument;
  readonly manager: PaymentManager;
  /** As the link says that brought the user here. */
  readonly agentName: string | null;
  readonly networks: readonly PayableNetwork[];
  /** Open ones within which the wallet may pay. */
  readonly sessions: readonly Session[];
  readonly spendLimits: readonly SpendLimit[];
}

/** Reads who may spend from a wallet of the user, how much, and until when. Whether the wallet may sign is its provider's to say. */
export async function getWalletOverview(
  deps: WalletOverviewDeps,
  principal: Principal,
  input: InstrumentName,
): Promise<Result<WalletOverview, Refusal>> {
  const [manager, instrument] = await Promise.all([
    findManager(deps, principal, 'wallet', input.manager),
    findInstrument(deps, principal, 'wallet', input),
  ]);
  if (!manager.ok) return manager;
  if (!instrument.ok) return instrument;
  const { managerId } = manager.value;
  const user = { managerId, userId: principal.userId };
  const agentName = principal.walletPage?.agentName ?? null;
  const [sessions, spendLimits] = await Promise.all([
    instrument.value.network === 'SOLANA' ? [] : readSessions(deps, user, input.instrumentId),
    readLimits(deps, user, agentName),
  ]);
  const networks = networksOf(deps, instrument.value);
  return ok({ instrument: instrument.value, manager: manager.value, agentName, networks, sessions, spendLimits });
}

function networksOf(
  { allowedNetworks, chainReaders }: WalletOverviewDeps,
  { network: family }: PaymentInstrument,
): readonly PayableNetwork[] {
  if (family === 'SOLANA') {
    return solanaNetworksBeside(allowedNetworks).map((network) => ({ network, isReadable: false }));
  }
  return [...allowedNetworks].flatMap((id) => {
    const network = findNetwork(id);
    return network === undefined ? [] : [{ network, isReadable: chainReaders.has(id) }];
  });
}

async function readSessions(
  { sessions, clock }: WalletOverviewDeps,
  user: UserKey,
  instrumentId: string,
): Promise<readonly Session[]> {
  const now = clock.now();
  const { items } = await sessions.listSessions(user, { maxResults: WALLET_PAGE_SESSIONS_READ_MAX });
  const read = await Promise.all(
    items.filter(({ expiresAt }) => now < expiresAt).map((summary) => sessions.readSession(summary)),
  );
  return read
    .filter((session) => session !== null)
    .filter((session) => isOpenFor(session, instrumentId, now))
    .slice(0, WALLET_PAGE_SESSIONS_MAX);
}

function isOpenFor(session: Session, instrumentId: string, now: EpochMs): boolean {
  const { instrumentId: pinned = instrumentId } = session.pins ?? {};
  return sessionStatus(session, now) === 'ACTIVE' && pinned === instrumentId;
}

async function readLimits(
  { policyReader }: WalletOverviewDeps,
  { managerId, userId }: UserKey,
  agentName: string | null,
): Promise<readonly SpendLimit[]> {
  const owners: readonly PolicyOwner[] = [
    { scope: 'deployment' },
    { scope: 'manager', managerId },
    { scope: 'user', managerId, userId },
    ...(agentName === null ? [] : [{ scope: 'agent', managerId, agentName } as const]),
  ];
  const stored = await policyReader.readPolicies(owners);
  return owners.flatMap(({ scope }) =>
    stored
      .filter(({ owner }) => owner.scope === scope)
      .flatMap(({ document }) => document.rules.filter(isSpendRule).map((rule) => ({ scope, rule }))),
  );
}

function isSpendRule(rule: { readonly kind: string }): rule is SpendRule {
  return ['perPayment', 'sessionCap', 'window', 'rate'].includes(rule.kind);
}
