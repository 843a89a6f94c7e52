import { createHash } from 'node:crypto';
import { isAddress, toChecksumAddress } from '../../chains/evm/address.ts';
import { parseSolanaAddress } from '../../chains/solana/address.ts';
import type { Hex } from '../../domain/payment/payment.ts';
import { ProviderRefused, type WalletMaker } from '../../domain/ports/services.ts';
import type { LinkedAccount } from '../../domain/tenants/resources.ts';
import type { SolanaAddress } from '../../domain/tenants/solana.ts';
import { memberOf } from '../../json/record.ts';
import type { CoinbaseCdpAccount } from './account.ts';
import type { CallCoinbaseCdp } from './client.ts';
import { SIGNING_POLICY } from './policy.ts';

export interface NewWallet {
  readonly connector: string;
  /** Names the wallet for good: a call that is repeated gets the same one. */
  readonly instrumentId: string;
  /** Who the wallet is for; without one it is the project's own. */
  readonly linkedAccount: LinkedAccount | null;
}

const POLICY_ID = /^[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/;
const USER_ID = /^[a-zA-Z0-9-]{1,100}$/;

/** Makes the wallets of connectors of the platform. */
export function createCoinbaseCdpMaker(call: CallCoinbaseCdp): WalletMaker {
  return {
    type: 'CoinbaseCDP',
    createKey: async ({ connector, instrumentId, linkedAccount = null }) => {
      const { address, account } = await makeCoinbaseCdpWallet(call, {
        connector: `${connector.managerId}/${connector.connectorId}`,
        instrumentId,
        linkedAccount,
      });
      return { address, key: { type: 'CoinbaseCDP', ...account } };
    },
    createSolanaKey: async ({ connector, instrumentId, linkedAccount = null }) => {
      const { address, account } = await makeCoinbaseCdpSolanaWallet(call, {
        connector: `${connector.managerId}/${connector.connectorId}`,
        instrumentId,
        linkedAccount,
      });
      return { address, key: { type: 'CoinbaseCDP', ...account } };
    },
  };
}

/** What the platform makes of a chain family: the accounts by its name for the family, and what their addresses are. */
interface AccountFamily<A> {
  readonly name: 'evm' | 'solana';
  readonly parseAddress: (said: string) => A | null;
}

const EVM: AccountFamily<Hex> = {
  name: 'evm',
  parseAddress: (said) => (isAddress(said) ? toChecksumAddress(said.toLowerCase()) : null),
};
const SOLANA: AccountFamily<SolanaAddress> = { name: 'solana', parseAddress: parseSolanaAddress };

interface MadeWallet<A> {
  readonly address: A;
  readonly account: CoinbaseCdpAccount;
}

/**
 * Makes a wallet: one more of an end user who is known by the linked account, that end user with the first wallet, or, where there
 * is no linked account, an account of the project, under a policy of its own. Throws `ProviderRefused` for an account that the platform
 * does not take, and where the project's API key may not make the policy.
 */
export function makeCoinbaseCdpWallet(call: CallCoinbaseCdp, wallet: NewWallet): Promise<MadeWallet<Hex>> {
  return makeWallet(call, wallet, EVM);
}

/** Makes a wallet of Solana in the same way. An account of the project is under no policy, since nothing is signed with it here. */
export function makeCoinbaseCdpSolanaWallet(
  call: CallCoinbaseCdp,
  wallet: NewWallet,
): Promise<MadeWallet<SolanaAddress>> {
  return makeWallet(call, wallet, SOLANA);
}

async function makeWallet<A>(
  call: CallCoinbaseCdp,
  wallet: NewWallet,
  family: AccountFamily<A>,
): Promise<MadeWallet<A>> {
  const { connector, instrumentId, linkedAccount } = wallet;
  if (linkedAccount === null) {
    const policy = family.name === 'evm' ? { accountPolicy: await makePolicy(call, wallet) } : {};
    const path = `/v2/${family.name}/accounts`;
    const request = { connector, method: 'POST', path, idempotencyKey: instrumentId } as const;
    const { body } = await call({ ...request, body: { name: instrumentId, ...policy } }, [201]);
    return { address: readAddress(family, body), account: { connector, endUserId: null } };
  }
  const method = toAuthenticationMethod(linkedAccount);
  const known = await findEndUser(call, connector, method);
  if (known !== null) return addWallet(call, wallet, family, known);
  const { status, body } = await call(
    {
      connector,
      method: 'POST',
      path: '/v2/end-users',
      body: { ...namedUser(method), authenticationMethods: [method], [`${family.name}Account`]: {} },
      idempotencyKey: instrumentId,
    },
    [201, 400],
  );
  if (status === 201) {
    const accounts = memberOf(body, `${family.name}AccountObjects`);
    return {
      address: readAddress(family, Array.isArray(accounts) ? accounts[0] : undefined),
      account: { connector, endUserId: readUserId(body) },
    };
  }
  // Another call may have made the user since.
  const now = await findEndUser(call, connector, method);
  if (now !== null) return addWallet(call, wallet, family, now);
  throw new ProviderRefused('linked_account_refused', 'Coinbase does not take the linked account. Nothing was made');
}

/** Before the account, which is never without it. The same for every try, so that the account's request is the same too. */
async function makePolicy(call: CallCoinbaseCdp, { connector, instrumentId }: NewWallet): Promise<string> {
  const path = '/v2/policy-engine/policies';
  const request = { connector, method: 'POST', path, body: SIGNING_POLICY, walletToken: 'unused' } as const;
  const { status, body } = await call({ ...request, idempotencyKey: `${instrumentId}-policy` }, [201, 403]);
  if (status === 403) {
    const message = 'The API key of the Coinbase project may not manage policies (policies#manage). Nothing was made';
    throw new ProviderRefused('provider_policy', message);
  }
  const id = memberOf(body, 'id');
  if (typeof id !== 'string' || !POLICY_ID.test(id)) throw new Error('Coinbase named no id of the policy');
  return id;
}

async function addWallet<A>(
  call: CallCoinbaseCdp,
  { connector, instrumentId }: NewWallet,
  family: AccountFamily<A>,
  endUserId: string,
): Promise<MadeWallet<A>> {
  const path = `/v2/end-users/${endUserId}/${family.name}`;
  const { body } = await call({ connector, method: 'POST', path, body: {}, idempotencyKey: instrumentId }, [201]);
  return { address: readAddress(family, memberOf(body, `${family.name}Account`)), account: { connector, endUserId } };
}

async function findEndUser(call: CallCoinbaseCdp, connector: string, method: Method): Promise<string | null> {
  const named = namedUser(method);
  if (named !== null) {
    const path = `/v2/end-users/${named.userId}`;
    const { status, body } = await call({ connector, method: 'GET', path }, [200, 404]);
    return status === 200 ? readUserId(body) : null;
  }
  const path = `/v2/end-users/lookup?${lookupQuery(method).toString()}`;
  const { body } = await call({ connector, method: 'GET', path }, [200]);
  const users = memberOf(body, 'endUsers');
  return Array.isArray(users) && users.length > 0 ? readUserId(users[0]) : null;
}

type Method = Readonly<Record<string, string>>;

/**
 * The platform finds nobody by a token of the developer's own issuer, so that such a person's id is ours to derive: who comes again is
 * found by it. `null` for everybody else, whose id the platform draws.
 */
function namedUser({ type, kid, sub }: Method): { readonly userId: string } | null {
  if (type !== 'jwt') return null;
  return {
    userId: createHash('sha256')
      .update(JSON.stringify([type, kid, sub]))
      .digest('hex'),
  };
}

function lookupQuery({ type = '', email, phoneNumber, sub = '' }: Method): URLSearchParams {
  if (type === 'email') return new URLSearchParams({ email: email ?? '' });
  if (type === 'sms') return new URLSearchParams({ phoneNumber: phoneNumber ?? '' });
  return new URLSearchParams({ oauthProvider: type, oauthSubject: sub });
}

/** A member of an account that the contract let in. */
function text(value: unknown, name: string): string {
  return String(memberOf(value, name));
}

/** AgentCore's linked account in the platform's words. */
function toAuthenticationMethod(linked: LinkedAccount): Method {
  const { email, sms, developerJwt, oAuth2 } = linked;
  if (email !== undefined) return { type: 'email', email: text(email, 'emailAddress') };
  if (sms !== undefined) return { type: 'sms', phoneNumber: text(sms, 'phoneNumber') };
  if (developerJwt !== undefined) {
    return { type: 'jwt', kid: text(developerJwt, 'kid'), sub: text(developerJwt, 'sub') };
  }
  const [type = 'telegram', person] = Object.entries(oAuth2 ?? {})[0] ?? [];
  if (type === 'telegram') {
    const message =
      'Coinbase knows people of Telegram by what Telegram signed for them, which a linked account has not';
    throw new ProviderRefused('linked_account_refused', message);
  }
  const names = { email: 'emailAddress', name: 'name', username: 'username' };
  const said = Object.entries(names).filter(([, own]) => memberOf(person, own) !== undefined);
  return {
    type,
    sub: text(person, 'sub'),
    ...Object.fromEntries(said.map(([theirs, own]) => [theirs, text(person, own)])),
  };
}

function readAddress<A>({ parseAddress }: AccountFamily<A>, value: unknown): A {
  const said = memberOf(value, 'address');
  const address = typeof said === 'string' ? parseAddress(said) : null;
  if (address === null) throw new Error('Coinbase named no address of the wallet');
  return address;
}

function readUserId(value: unknown): string {
  const id = memberOf(value, 'userId');
  if (typeof id !== 'string' || !USER_ID.test(id)) throw new Error('Coinbase named no id of the end user');
  return id;
}
