import { ProviderRefused, type Delegations, type DelegationState } from '../../domain/ports/services.ts';
import type { WalletKey } from '../../domain/tenants/wallet-shapes.ts';
import { memberOf } from '../../json/record.ts';
import { walletPath, type StripePrivyAccount } from './account.ts';
import type { CallStripePrivy } from './client.ts';

/** What the owners of wallets let the app do. */
export function createStripePrivyDelegations(call: CallStripePrivy): Delegations {
  return {
    read: (key) => readDelegation(call, toAccount(key)),
    revoke: (key) => revokeDelegation(call, toAccount(key)),
  };
}

function toAccount(key: WalletKey): StripePrivyAccount {
  if (key.type !== 'StripePrivy') throw new Error(`delegations of Privy were asked of a ${key.type} key`);
  return key;
}

/** What stands beside a signer's id goes back as it came. */
type Signer = Readonly<Record<string, unknown>>;

interface SignersOfWallet {
  readonly owner: unknown;
  readonly signers: readonly Signer[];
  readonly own: string;
}

async function readSigners(
  call: CallStripePrivy,
  { connector, walletId }: StripePrivyAccount,
): Promise<SignersOfWallet> {
  const { body, authorizationId } = await call({ connector, method: 'GET', path: walletPath(walletId) }, [200]);
  const signers = memberOf(body, 'additional_signers');
  if (!Array.isArray(signers)) throw new Error('Privy told no signers of a wallet');
  return { owner: memberOf(body, 'owner_id'), signers: signers as readonly Signer[], own: authorizationId };
}

/** Looks whether the authorization key may sign for a wallet. A signer of Privy has no end of its own. */
export async function readDelegation(call: CallStripePrivy, account: StripePrivyAccount): Promise<DelegationState> {
  const { owner, signers, own } = await readSigners(call, account);
  if (owner === own) return { status: 'NOT_NEEDED' };
  return signers.some((signer) => memberOf(signer, 'signer_id') === own)
    ? { status: 'ACTIVE', expiresAt: null }
    : { status: 'INACTIVE' };
}

/**
 * Takes the authorization key off the wallet. Privy lets owners alone change signers, so that this is refused where the key is no
 * member of the owner; the refusal says who can.
 */
async function revokeDelegation(call: CallStripePrivy, account: StripePrivyAccount): Promise<void> {
  const { owner, signers, own } = await readSigners(call, account);
  const others = signers.filter((signer) => memberOf(signer, 'signer_id') !== own);
  if (owner === own || others.length === signers.length) return;
  const { connector, walletId } = account;
  try {
    await call(
      {
        connector,
        method: 'PATCH',
        path: walletPath(walletId),
        body: { additional_signers: others },
        signed: true,
      },
      [200],
    );
  } catch (error) {
    if (error instanceof ProviderRefused && OWNERS_ONLY.has(error.trouble)) {
      throw new ProviderRefused('owner_must_revoke', MUST_REVOKE);
    }
    throw error;
  }
}

/** The wallet was just read with the same secret: what is refused is the signature. */
const OWNERS_ONLY: ReadonlySet<string> = new Set(['provider_credentials', 'approval_needed']);

const MUST_REVOKE =
  'Only the owner of the Privy wallet can remove the signer: its user does so where it was added. Until then, freeze the wallet (bursar freeze --wallet)';
