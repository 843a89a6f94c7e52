import { newAllowance, type Allowance, type AllowanceKey, type Want } from '../../domain/allowances/allowance.ts';
import { ask, isAskedFor } from '../../domain/allowances/steps.ts';
import type { Network } from '../../domain/assets.ts';
import type { Arn, Deployment } from '../../domain/ids.ts';
import type { MicroUsd } from '../../domain/money.ts';
import { stablecoinOfUsd } from '../../domain/token-amount.ts';
import { APPROVAL_AMOUNT_MAX, APPROVAL_WRITES_MAX } from '../../domain/limits.ts';
import type { Payment } from '../../domain/payment/payment.ts';
import type { AllowanceBooks } from '../../domain/ports/allowances.ts';
import type { Registry } from '../../domain/ports/registry.ts';
import type { Refusal } from '../../domain/refusal.ts';
import { ok, refuse, type Result } from '../../domain/result.ts';
import type { Principal } from '../../domain/tenants/principal.ts';
import type { Clock } from '../../domain/time.ts';
import { pickNetwork } from '../named-network.ts';
import { signsTransactions } from '../../wallets/abilities.ts';
import { findManager } from '../tenants/managers.ts';
import { payingInstrument } from '../tenants/paying-instrument.ts';

export interface AllowanceAskingDeps {
  readonly registry: Pick<Registry, 'readManager' | 'readInstrument'>;
  readonly books: AllowanceBooks;
  readonly deployment: Deployment;
  readonly allowedNetworks: ReadonlySet<string>;
  /** What a wallet's approvals may cost in a day, in wei; `null`: this deployment sends none. */
  readonly gasPerDay: bigint | null;
  readonly clock: Clock;
}

/** A wallet of the user's and the network that is meant. */
export interface NamedWallet {
  readonly manager: Arn<string> | null;
  readonly instrumentId: string;
  /** CAIP-2; `null` where the deployment allows one network only. */
  readonly network: string | null;
}

/** What is known of a wallet's approvals, and on which network. */
export interface FoundAllowance {
  readonly allowance: Allowance;
  readonly network: Network;
}

/** Finds what is known of a wallet of the user's. Deleted, foreign and missing wallets are all "not found". */
export async function findAllowance(
  deps: Omit<AllowanceAskingDeps, 'gasPerDay'>,
  principal: Principal,
  access: 'read' | 'manage',
  named: NamedWallet,
): Promise<Result<FoundAllowance, Refusal>> {
  const manager = await findManager(deps, principal, access, named.manager);
  if (!manager.ok) return manager;
  const picked = pickNetwork(deps.allowedNetworks, named.network);
  if (!picked.ok) return picked;
  const network = picked.value;
  const user = { managerId: manager.value.managerId, userId: principal.userId };
  const { instrumentId } = named;
  const instrument = await deps.registry.readInstrument(user, instrumentId);
  if (instrument === null || instrument.status === 'DELETED')
    return refuse({ reason: 'not_found', resource: 'instrument' });
  const paying = payingInstrument(instrument);
  if (!paying.ok) return paying;
  const { wallet, status } = paying.value;
  if (wallet === null) return refuse({ reason: 'instrument_not_active', status });
  if (access === 'manage' && !signsTransactions(wallet.key.type)) {
    const message =
      'Bursar does not sign for the wallet, its provider does, and approves nothing: its user can approve Permit2 there';
    return refuse({ reason: 'conflict', message });
  }
  const key: AllowanceKey = { network: network.id, owner: wallet.address };
  const known = await deps.books.read(key);
  return ok({ network, allowance: known ?? newAllowance({ ...key, ...user, instrumentId }) });
}

/**
 * Asks that a wallet let Permit2 take so much of its token, in the place of what it lets it take now. Sends nothing itself, and what
 * is approved in the end is at most what open sessions may still need then. The same asked for twice is one approval.
 * @param amount in dollars; `null`: as much as open sessions may need
 */
export async function requestAllowance(
  deps: AllowanceAskingDeps,
  principal: Principal,
  named: NamedWallet & { readonly amount: MicroUsd | null },
): Promise<Result<FoundAllowance, Refusal>> {
  for (let writing = 0; writing < APPROVAL_WRITES_MAX; writing += 1) {
    const found = await findAllowance(deps, principal, 'manage', named);
    if (!found.ok) return found;
    if (deps.gasPerDay === null) return refuse({ reason: 'approvals_off' });
    const { network, allowance } = found.value;
    const want: Want = {
      token: network.usdc.address,
      most: mostOf(named.amount, network),
      least: null,
      askedAt: deps.clock.now(),
      sessionId: null,
    };
    if (isAskedFor(allowance, want)) return found;
    const next = ask(allowance, want);
    if ((await deps.books.write(next)) === 'written') return ok({ network, allowance: next });
  }
  return refuse({ reason: 'busy', what: 'change' });
}

/** All that is asked for beyond what the books can hold is as much as sessions may need, too. */
function mostOf(amount: MicroUsd | null, { usdc }: Network): bigint {
  const asked = amount === null ? APPROVAL_AMOUNT_MAX : stablecoinOfUsd(amount, usdc.decimals);
  return asked < APPROVAL_AMOUNT_MAX ? asked : APPROVAL_AMOUNT_MAX;
}

/**
 * Asks for the approval that a payment was made with, AgentCore's `permit2AllowanceLimit`: sent if the chain shows less than is signed
 * for. What the owner's backend asked for and is not under way yet stands before it.
 * @param limit the most, in the token's smallest unit
 */
export async function noteAllowance(
  { books, clock }: Pick<AllowanceAskingDeps, 'books' | 'clock'>,
  { managerId, userId, instrumentId, sessionId, offer, terms }: Payment,
  limit: bigint,
): Promise<'noted' | 'nothing' | 'busy'> {
  const key: AllowanceKey = { network: offer.network, owner: terms.from };
  const most = limit < APPROVAL_AMOUNT_MAX ? limit : APPROVAL_AMOUNT_MAX;
  for (let writing = 0; writing < APPROVAL_WRITES_MAX; writing += 1) {
    const known = (await books.read(key)) ?? newAllowance({ ...key, managerId, userId, instrumentId });
    const want: Want = { token: offer.asset, most, least: offer.amount, askedAt: clock.now(), sessionId };
    if (isAskedFor(known, want) || known.want?.sessionId === null) return 'nothing';
    if ((await books.write(ask(known, want))) === 'written') return 'noted';
  }
  return 'busy';
}
