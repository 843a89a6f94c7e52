import type { Delegations, DelegationState } from '../../domain/ports/services.ts';
import type { WalletKey } from '../../domain/tenants/wallet-shapes.ts';
import { toEpochMs } from '../../domain/time.ts';
import { memberOf } from '../../json/record.ts';
import { endUserPath, type CoinbaseCdpAccount } from './account.ts';
import type { CallCoinbaseCdp } from './client.ts';

/** What end users let the project do. */
export function createCoinbaseCdpDelegations(call: CallCoinbaseCdp): Delegations {
  return {
    read: (key, address) => readDelegation(call, toAccount(key), address),
    revoke: (key, address) => revokeDelegation(call, toAccount(key), address),
  };
}

function toAccount(key: WalletKey): CoinbaseCdpAccount {
  if (key.type !== 'CoinbaseCDP') throw new Error(`delegations of Coinbase were asked of a ${key.type} key`);
  return key;
}

/** A delegation may be of the one account or of all that the user has; never of both. */
function scopesOf(endUserId: string, address: string): readonly string[] {
  const user = endUserPath(endUserId);
  return [`${user}/address/${address}/delegation`, `${user}/delegation`];
}

/** Looks whether the project may sign for a wallet. Needs the API key alone. */
export async function readDelegation(
  call: CallCoinbaseCdp,
  { connector, endUserId }: CoinbaseCdpAccount,
  address: string,
): Promise<DelegationState> {
  if (endUserId === null) return { status: 'NOT_NEEDED' };
  for (const path of scopesOf(endUserId, address)) {
    const { status, body } = await call({ connector, method: 'GET', path }, [200, 404]);
    if (status === 404) continue;
    const instant = Date.parse(String(memberOf(body, 'expiresAt')));
    if (!Number.isSafeInteger(instant)) throw new Error('Coinbase told no end of a delegation');
    return { status: 'ACTIVE', expiresAt: toEpochMs(instant) };
  }
  return { status: 'INACTIVE' };
}

/** Takes every delegation back that lets the project sign for the wallet. Only the end user can grant another. */
export async function revokeDelegation(
  call: CallCoinbaseCdp,
  { connector, endUserId }: CoinbaseCdpAccount,
  address: string,
): Promise<void> {
  if (endUserId === null) return;
  for (const path of scopesOf(endUserId, address)) {
    await call({ connector, method: 'DELETE', path, body: {} }, [204, 404]);
  }
}
