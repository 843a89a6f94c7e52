import { NotNow, ProviderRefused, type Delegations, type ToldDelegation } from '../../domain/ports/services.ts';
import type { Principal } from '../../domain/tenants/principal.ts';
import type { Refusal } from '../../domain/refusal.ts';
import type { PaymentInstrument } from '../../domain/tenants/resources.ts';
import type { ConnectorMaterial, InstrumentType } from '../../domain/tenants/wallet-shapes.ts';
import type { Registry } from '../../domain/ports/registry.ts';
import { isKeyWallet } from '../../wallets/catalogue.ts';
import { ok, refuse, type Result } from '../../domain/result.ts';
import { findInstrument, getInstrument, type InstrumentName, type InstrumentReadDeps } from './instruments.ts';

export interface DelegationDeps extends InstrumentReadDeps {
  /** By type of wallet; the others need nobody's leave. */
  readonly delegations: Readonly<Partial<Record<InstrumentType, Delegations>>>;
}

/** An instrument, and whether its user lets the wallet sign; `null` where that is nobody's to grant. */
export interface DelegatedInstrument {
  readonly instrument: PaymentInstrument;
  readonly delegation: ToldDelegation | null;
}

/** Reads an instrument of the user, and asks the wallet's provider whether it may sign. A provider that does not answer is told as that. */
export async function getDelegatedInstrument(
  deps: DelegationDeps,
  principal: Principal,
  input: InstrumentName,
): Promise<Result<DelegatedInstrument, Refusal>> {
  const found = await getInstrument(deps, principal, input);
  return found.ok ? ok({ instrument: found.value, delegation: await readDelegation(deps, found.value) }) : found;
}

async function readDelegation(
  { delegations }: DelegationDeps,
  { wallet }: PaymentInstrument,
): Promise<ToldDelegation | null> {
  const own = wallet === null ? undefined : delegations[wallet.key.type];
  if (wallet === null || own === undefined) return null;
  try {
    return await own.read(wallet.key, wallet.address);
  } catch {
    // The instrument is what was asked for. A payment will say what is wrong.
    return { status: 'UNKNOWN' };
  }
}

/**
 * Where the end user of a wallet grants and takes back. `null` where nobody is asked, or the deployment does not say.
 */
export async function findHubUrl(
  registry: Pick<Registry, 'readConnector'>,
  hubUrls: HubUrls,
  { managerId, connectorId, linkedAccounts, wallet }: PaymentInstrument,
): Promise<string | null> {
  if (wallet === null || isKeyWallet(wallet.key.type) || linkedAccounts.length === 0) return null;
  const material = (await registry.readConnector(managerId, connectorId))?.material;
  return hubUrlOf(hubUrls, material);
}

/**
 * Pages on which end users let wallets sign, which no provider's API tells and the deployment therefore says: by credential provider,
 * by type of connector, or for all others under `*`.
 */
export type HubUrls = Readonly<Record<string, string>>;

/** The page of a connector, `null` where the deployment does not say. A connector that is gone has that of all others. */
export function hubUrlOf(hubUrls: HubUrls, material: ConnectorMaterial | undefined): string | null {
  const names =
    material !== undefined && 'credentialProviderName' in material
      ? [material.credentialProviderName, material.type]
      : [];
  const name = [...names, '*'].find((each) => Object.hasOwn(hubUrls, each));
  return name === undefined ? null : hubUrls[name]!;
}

/** Takes back what lets a provider's wallet sign. Payments that are signed already stay good. */
export async function revokeDelegation(
  deps: DelegationDeps,
  principal: Principal,
  input: InstrumentName,
): Promise<Result<DelegatedInstrument, Refusal>> {
  const found = await findInstrument(deps, principal, 'wallet', input);
  if (!found.ok) return found;
  const { wallet, status } = found.value;
  if (wallet === null) return refuse({ reason: 'instrument_not_active', status });
  const own = deps.delegations[wallet.key.type];
  if (own === undefined) {
    return refuse({
      reason: 'conflict',
      message: 'The wallet signs without anybody’s leave: freeze it (bursar freeze --wallet), or delete it',
    });
  }
  try {
    await own.revoke(wallet.key, wallet.address);
  } catch (error) {
    if (error instanceof NotNow) return refuse({ reason: 'busy', what: 'signer' });
    if (error instanceof ProviderRefused) {
      return refuse({ reason: 'provider_refused', trouble: error.trouble, message: error.message });
    }
    throw error;
  }
  return ok({ instrument: found.value, delegation: await readDelegation(deps, found.value) });
}
