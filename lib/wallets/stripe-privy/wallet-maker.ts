import { toChecksumAddress } from '../../chains/evm/address.ts';
import type { Hex } from '../../domain/payment/payment.ts';
import { ProviderRefused, type WalletMaker } from '../../domain/ports/services.ts';
import type { LinkedAccount, PaymentConnector } from '../../domain/tenants/resources.ts';
import { memberOf } from '../../json/record.ts';
import type { StripePrivyAccount } from './account.ts';
import type { CallStripePrivy } from './client.ts';
import { hasAccount, toPersonAccount, type PersonAccount } from './linked-accounts.ts';
import { signingPolicy } from './policy.ts';

export interface NewWallet {
  readonly connector: string;
  /** Names the wallet for good: a call that is repeated gets the same one. */
  readonly instrumentId: string;
  /** Who the wallet is of; without one it is the app's own. */
  readonly linkedAccount: LinkedAccount | null;
  /** Whether the authorization key signs for a person's wallet from the beginning; if not, its owner adds the key. */
  readonly isSigner: boolean;
}

const ADDRESS = /^0x[0-9a-fA-F]{40}$/;
const ID = /^[a-zA-Z0-9_-]{1,64}$/;
const USER_ID = /^did:privy:[a-zA-Z0-9]{1,64}$/;

/** Whether the end users of a connector's wallets let these sign on a page of its own. */
export type AsksUsers = (connector: PaymentConnector) => boolean;

/** Makes the wallets of connectors of Privy. */
export function createStripePrivyMaker({
  call,
  asksUsers,
}: {
  readonly call: CallStripePrivy;
  readonly asksUsers: AsksUsers;
}): WalletMaker {
  return {
    type: 'StripePrivy',
    createKey: async ({ connector, instrumentId, linkedAccount = null }) => {
      const { address, account } = await makeStripePrivyWallet(call, {
        connector: `${connector.managerId}/${connector.connectorId}`,
        instrumentId,
        linkedAccount,
        isSigner: !asksUsers(connector),
      });
      return { address, key: { type: 'StripePrivy', ...account } };
    },
  };
}

/**
 * Makes a wallet that the person of the linked account owns, with the authorization key as a signer that may sign typed data and
 * nothing else, unless the person adds it; or, where there is no linked account, one that the authorization key owns under the same
 * policy.
 * Throws `ProviderRefused` for an account that Privy does not take.
 */
export async function makeStripePrivyWallet(
  call: CallStripePrivy,
  { connector, instrumentId, linkedAccount, isSigner }: NewWallet,
): Promise<{ readonly address: Hex; readonly account: StripePrivyAccount }> {
  // Found first, so that an account that is refused leaves nothing behind.
  const userId = linkedAccount === null ? null : await findOrMakeUser(call, connector, toPersonAccount(linkedAccount));
  const made = await findWallet(call, connector, instrumentId);
  if (made !== null) return made;
  const policyIds = userId === null || isSigner ? [await makePolicy(call, connector, instrumentId)] : null;
  const { body } = await call(
    {
      connector,
      method: 'POST',
      path: '/v1/wallets',
      body: ({ authorizationId }) => ({
        chain_type: 'ethereum',
        ...(userId === null
          ? { owner_id: authorizationId, policy_ids: policyIds }
          : {
              owner: { user_id: userId },
              ...(policyIds === null
                ? {}
                : { additional_signers: [{ signer_id: authorizationId, override_policy_ids: policyIds }] }),
            }),
        external_id: instrumentId,
      }),
      idempotencyKey: instrumentId,
    },
    MADE,
  );
  return toMade(connector, body);
}

const MADE = [200, 201];

async function makePolicy(call: CallStripePrivy, connector: string, instrumentId: string): Promise<string> {
  const { body } = await call(
    {
      connector,
      method: 'POST',
      path: '/v1/policies',
      body: ({ authorizationId }) => signingPolicy(instrumentId, authorizationId),
      idempotencyKey: `${instrumentId}-policy`,
    },
    MADE,
  );
  return readId(body, 'policy');
}

/** A wallet that an earlier call made: Privy forgets idempotency keys after a day, and never the name that it was given. */
async function findWallet(call: CallStripePrivy, connector: string, instrumentId: string) {
  const path = `/v1/wallets?external_id=${encodeURIComponent(instrumentId)}`;
  const { body } = await call({ connector, method: 'GET', path }, [200]);
  const wallets = memberOf(body, 'data');
  if (!Array.isArray(wallets)) throw new Error('Privy listed no wallets');
  const own = wallets.find((wallet) => memberOf(wallet, 'external_id') === instrumentId);
  return own === undefined ? null : toMade(connector, own);
}

function toMade(connector: string, wallet: unknown) {
  const address = memberOf(wallet, 'address');
  if (typeof address !== 'string' || !ADDRESS.test(address)) throw new Error('Privy named no address of the wallet');
  const account = { connector, walletId: readId(wallet, 'wallet') };
  return { address: toChecksumAddress(address.toLowerCase() as Hex), account };
}

async function findOrMakeUser(call: CallStripePrivy, connector: string, account: PersonAccount): Promise<string> {
  const known = await findUser(call, connector, account);
  if (known !== null) return known;
  const body = { linked_accounts: [account.input] };
  const made = await call({ connector, method: 'POST', path: '/v1/users', body }, [...MADE, 400, 409, 422]);
  if (MADE.includes(made.status)) return readUserId(made.body);
  // Another call may have made the user since, or Privy says who has the account.
  const other =
    (await findUser(call, connector, account)) ?? (await readNamedUser(call, connector, account, made.body));
  if (other !== null) return other;
  throw new ProviderRefused('linked_account_refused', 'Privy does not take the linked account. Nothing was made');
}

async function findUser(call: CallStripePrivy, connector: string, account: PersonAccount): Promise<string | null> {
  if (account.lookup === null) return null;
  const { status, body } = await call({ connector, method: 'POST', ...account.lookup }, [200, 404]);
  return status === 200 && hasAccount(body, account) ? readUserId(body) : null;
}

/** The user whom a refusal names as the one that has the account already, if so it is. */
async function readNamedUser(
  call: CallStripePrivy,
  connector: string,
  account: PersonAccount,
  refusal: unknown,
): Promise<string | null> {
  const userId = memberOf(refusal, 'cause');
  if (typeof userId !== 'string' || !USER_ID.test(userId)) return null;
  const path = `/v1/users/${encodeURIComponent(userId)}`;
  const { status, body } = await call({ connector, method: 'GET', path }, [200, 404]);
  return status === 200 && hasAccount(body, account) ? readUserId(body) : null;
}

function readUserId(value: unknown): string {
  const id = memberOf(value, 'id');
  if (typeof id !== 'string' || !USER_ID.test(id)) throw new Error('Privy named no id of the user');
  return id;
}

function readId(value: unknown, what: string): string {
  const id = memberOf(value, 'id');
  if (typeof id !== 'string' || !ID.test(id)) throw new Error(`Privy named no id of the ${what}`);
  return id;
}
