import { isAddress } from '../../chains/evm/address.ts';
import { BursarError } from '../../client/index.ts';
import { deriveAddress } from '../../wallets/seed-vault/provisioner.ts';
import type { Invocation } from '../program/command.ts';
import { describeNetworkError } from '../program/failures.ts';
import { getInstrument, listInstruments, type Owner } from '../operations.ts';
import { usageError } from '../terminal/outcome.ts';
import { clientOf } from '../target/target.ts';

/** Enough wallets to tell one seed from another: a single one does. */
const WALLETS_MAX = 10;
/** Wallets are numbered from 0 in the order of their making; a wallet beyond this one needs `--address` of an earlier one. */
const INDEXES_MAX = 2_000;

/** Addresses that a connector's seed must give, or why none is known. */
export interface KnownWallets {
  readonly addresses: readonly string[];
  readonly whyNone: string | null;
}

/** The addresses of the options, else those of the user's wallets, as the deployment tells them. */
export async function findWallets(
  { deps, options, target }: Invocation,
  paymentManagerArn: string,
  paymentConnectorId: string,
): Promise<KnownWallets> {
  const given = options.list('address');
  const wrong = given.find((address) => !isAddress(address));
  if (wrong !== undefined) throw usageError(`--address must be 0x and 40 hexadecimal digits. Received: ${wrong}`);
  if (given.length > 0) return { addresses: given, whyNone: null };
  const owner: Owner = { paymentManagerArn, userId: target.userId };
  const client = clientOf(deps, target, 'management');
  try {
    const listed = (await listInstruments(client, owner, paymentConnectorId)).slice(0, WALLETS_MAX);
    const wallets = await Promise.all(
      listed.map(({ paymentInstrumentId }) => getInstrument(client, owner, paymentInstrumentId)),
    );
    const addresses = wallets.flatMap((each) => each.paymentInstrumentDetails.embeddedCryptoWallet.walletAddress ?? []);
    return { addresses, whyNone: addresses.length > 0 ? null : `${target.userId} has no wallet of this connector` };
  } catch (error) {
    const why = error instanceof BursarError ? error.message : describeNetworkError(error);
    if (why === null) throw error;
    return { addresses: [], whyNone: `the wallets of ${target.userId} could not be read: ${why}` };
  }
}

/** How many of the addresses the account's public key gives. */
export function countOwn(extendedPublicKey: string, addresses: readonly string[]): number {
  const sought = new Set(addresses.map((address) => address.toLowerCase()));
  const asked = sought.size;
  for (let index = 0; index < INDEXES_MAX && sought.size > 0; index += 1) {
    sought.delete(deriveAddress(extendedPublicKey, index).toLowerCase());
  }
  return asked - sought.size;
}
