import { createHash } from 'node:crypto';
import { toChecksumAddress } from '../../chains/evm/address.ts';
import type { Hex } from '../../domain/payment/payment.ts';
import { ProviderRefused, type WalletMaker } from '../../domain/ports/services.ts';
import type { LinkedAccount } from '../../domain/tenants/resources.ts';
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

const ADDRESS = /^0x[0-9a-fA-F]{40}$/;
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
  };
}

/**
 * Makes a wallet: one more of an end user who is known by the linked account, that end user with the first wallet, or, where there
 * is no linked account, an account of the project, under a policy of its own. Throws `ProviderRefused` for an account that the platform
 * does not take, and where the project's API key may not make the policy.
 */
export async function makeCoinbaseCdpWallet(
  call: CallCoinbaseCdp,
  wallet: NewWallet,
): Promise<{ readonly address: Hex; readonly account: CoinbaseCdpAccount }> {
  const { connector, instrumentId, linkedAccount } = wallet;
  if (linkedAccount === null) {
    const accountPolicy = await makePolicy(call, wallet);
    const request = { connector, method: 'POST', path: '/v2/evm/accounts', idempotencyKey: instrumentId } as const;
    const { body } = await call({ ...request, body: { name: instrumentId, accountPolicy } }, [201]);
    return { address: readAddress(body), account: { connector, endUserId: null } };
  }
  const method = toAuthenticationMethod(linkedAccount);
  const known = await findEndUser(call, connector, method);
  if (known !== null) return addWallet(call, wallet, known);
  const { status, body } = await call(
    {
      connector,
      method: 'POST',
      path: '/v2/end-users',
      body: { ...namedUser(method), authenticationMethods: [method], evmAccount: {} },
      idempotencyKey: instrumentId,
    },
    [201, 400],
  );
  if (status === 201) {
    const accounts = memberOf(body, 'evmAccountObjects');
    return {
      address: readAddress(Array.isArray(accounts) ? accounts[0] : undefined),
      account: { connector, endUserId: readUserId(body) },
    };
  }
  // Another call may have made the user since.
  const now = await findEndUser(call, connector, method);
  if (now !== null) return addWallet(call, wallet, now);
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

async function addWallet(call: CallCoinbaseCdp, { connector, instrumentId }: NewWallet, endUserId: string) {
  const path = `/v2/end-users/${endUserId}/evm`;
  const { body } = await call({ connector, method: 'POST', path, body: {}, idempotencyKey: instrumentId }, [201]);
  return { address: readAddress(memberOf(body, 'evmAccount')), account: { connector, endUserId } };
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

function readAddress(value: unknown): Hex {
  const address = memberOf(value, 'address');
  if (typeof address !== 'string' || !ADDRESS.test(address)) throw new Error('Coinbase named no address of the wallet');
  return toChecksumAddress(address.toLowerCase() as Hex);
}

function readUserId(value: unknown): string {
  const id = memberOf(value, 'userId');
  if (typeof id !== 'string' || !USER_ID.test(id)) throw new Error('Coinbase named no id of the end user');
  return id;
}
