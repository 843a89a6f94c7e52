import { isAddressEqual, type Hex, type TypedDataDefinition } from 'viem';
import { signTypedData } from 'viem/accounts';
import type { Answer } from '../api-server.ts';
import { ApiError, invalid } from './api-error.ts';
import { findDelegation, isActive, isSameAddress } from './delegations.ts';
import type { Call, Operation } from './operation.ts';
import { findUser, isAccountName } from './names.ts';
import { checkTypedData, createPolicy, readAccountPolicy } from './policies.ts';
import type { Account, AuthenticationMethod, EndUser, Project } from './project.ts';
import { makeSolanaAccount, showSolanaAccounts, SOLANA_OPERATIONS } from './solana.ts';

const EMBEDDED = '/v2/embedded-wallet-api/end-users/{userId}';

export const OPERATIONS: readonly Operation[] = [
  { id: 'createEndUser', method: 'POST', path: '/v2/end-users', wallet: 'required', run: createEndUser },
  { id: 'lookupEndUser', method: 'GET', path: '/v2/end-users/lookup', wallet: 'unused', run: lookUpEndUsers },
  {
    id: 'getEndUser',
    method: 'GET',
    path: '/v2/end-users/{userId}',
    wallet: 'unused',
    run: (call) => ({ status: 200, body: show(call.project, findUser(call)) }),
  },
  {
    id: 'addEndUserEvmAccount',
    method: 'POST',
    path: '/v2/end-users/{userId}/evm',
    wallet: 'required',
    run: (call) => {
      const { userId } = findUser(call);
      const account = call.project.addAccount({ userId, name: null }, call.now);
      return { status: 201, body: { evmAccount: showAccount(account) } };
    },
  },
  {
    id: 'signEvmTypedDataWithEndUserAccount',
    method: 'POST',
    path: `${EMBEDDED}/evm/sign/typed-data`,
    wallet: 'required',
    run: signForEndUser,
  },
  {
    id: 'getDelegationForEndUser',
    method: 'GET',
    path: `${EMBEDDED}/delegation`,
    wallet: 'unused',
    run: readDelegation,
  },
  {
    id: 'revokeDelegationForEndUser',
    method: 'DELETE',
    path: `${EMBEDDED}/delegation`,
    wallet: 'required',
    run: revokeDelegation,
  },
  {
    id: 'getDelegationForEndUserAccount',
    method: 'GET',
    path: `${EMBEDDED}/address/{address}/delegation`,
    wallet: 'unused',
    run: readDelegation,
  },
  {
    id: 'revokeDelegationForEndUserAccount',
    method: 'DELETE',
    path: `${EMBEDDED}/address/{address}/delegation`,
    wallet: 'required',
    run: revokeDelegation,
  },
  { id: 'createEvmAccount', method: 'POST', path: '/v2/evm/accounts', wallet: 'required', run: createAccount },
  {
    id: 'getEvmAccount',
    method: 'GET',
    path: '/v2/evm/accounts/{address}',
    wallet: 'unused',
    run: (call) => ({ status: 200, body: showServerAccount(findAccount(call, null)) }),
  },
  {
    id: 'signEvmTypedData',
    method: 'POST',
    path: '/v2/evm/accounts/{address}/sign/typed-data',
    wallet: 'required',
    run: async (call) => signTyped(call.project, findAccount(call, null), call.body),
  },
  { id: 'createPolicy', method: 'POST', path: '/v2/policy-engine/policies', wallet: 'unused', run: createPolicy },
  {
    id: 'requestEvmFaucet',
    method: 'POST',
    path: '/v2/evm/faucet',
    wallet: 'unused',
    run: ({ treasury, body }) => treasury.requestTestFunds(body),
  },
  {
    id: 'createOnrampSession',
    method: 'POST',
    path: '/v2/onramp/sessions',
    wallet: 'unused',
    run: ({ treasury, body, origin }) => treasury.openSession(body, origin),
  },
  ...SOLANA_OPERATIONS,
];

const USER_ID = /^[a-zA-Z0-9-]{1,100}$/;
const ADDRESS = /^0x[0-9a-fA-F]{40}$/;
const OAUTH_TYPES = new Set(['google', 'apple', 'x', 'telegram', 'github']);

function createEndUser({ project, body, now }: Call): Answer {
  const { userId, authenticationMethods, evmAccount, solanaAccount } = body;
  if (userId !== undefined && (typeof userId !== 'string' || !USER_ID.test(userId))) throw invalid('userId');
  if (!Array.isArray(authenticationMethods) || !authenticationMethods.every(isMethod)) {
    throw invalid('authenticationMethods');
  }
  const taken = project
    .users()
    .some(
      (user) => user.userId === userId || user.authenticationMethods.some((own) => isAmong(own, authenticationMethods)),
    );
  if (taken) throw new ApiError(400, 'already_exists', 'an end user with this id or authentication method exists');
  const user = project.addUser({ userId, authenticationMethods }, now);
  if (evmAccount !== undefined) project.addAccount({ userId: user.userId, name: null }, now);
  if (solanaAccount !== undefined) makeSolanaAccount(project, { userId: user.userId, name: null }, now);
  return { status: 201, body: show(project, user) };
}

function lookUpEndUsers({ project, query }: Call): Answer {
  const [email, phoneNumber, type, sub] = ['email', 'phoneNumber', 'oauthProvider', 'oauthSubject'].map((name) =>
    query.get(name),
  );
  const matches = (method: AuthenticationMethod): boolean =>
    (email !== null && method.type === 'email' && method['email'] === email) ||
    (phoneNumber !== null && method.type === 'sms' && method['phoneNumber'] === phoneNumber) ||
    (sub !== null && method.type === type && method['sub'] === sub);
  const found = project.users().filter(({ authenticationMethods }) => authenticationMethods.some(matches));
  return { status: 200, body: { endUsers: found.map((user) => show(project, user)) } };
}

function createAccount({ project, body, now }: Call): Answer {
  const { name = null } = body;
  if (!isAccountName(name)) throw invalid('name');
  if (name !== null && project.accounts().some((account) => account.userId === null && account.name === name)) {
    throw new ApiError(409, 'already_exists', 'an account with this name exists');
  }
  const policyId = readAccountPolicy(project, body['accountPolicy']);
  return { status: 201, body: showServerAccount(project.addAccount({ userId: null, name, policyId }, now)) };
}

async function signForEndUser(call: Call): Promise<Answer> {
  const { userId } = findUser(call);
  const { address, typedData } = call.body;
  if (typeof address !== 'string' || !ADDRESS.test(address)) throw invalid('address');
  const account = findAccount({ ...call, names: { address } }, userId);
  if (call.delegatedSigning === 'disabled') {
    throw new ApiError(403, 'delegation_not_enabled', 'delegated signing is not enabled for this project');
  }
  const delegation = findDelegation(call.project, userId, account.address);
  if (delegation === null) throw new ApiError(403, 'delegation_not_found', 'the end user has granted no delegation');
  if (delegation.revoked) throw new ApiError(403, 'delegation_revoked', 'the end user has revoked the delegation');
  if (!isActive(delegation, call.now)) throw new ApiError(403, 'delegation_expired', 'the delegation has expired');
  return signTyped(call.project, account, typedData);
}

/** Signs by viem, which works the hash out for itself. */
async function signTyped(project: Project, account: Account, typedData: unknown): Promise<Answer> {
  const { privateKey } = account;
  checkTypedData(project, account, typedData);
  const { domain, types, primaryType, message } = (typedData ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof primaryType !== 'string' || [domain, types, message].some((part) => typeof part !== 'object' || !part)) {
    throw invalid('typedData');
  }
  try {
    const definition = { domain, types, primaryType, message } as TypedDataDefinition;
    return { status: 200, body: { signature: await signTypedData({ privateKey, ...definition }) } };
  } catch {
    throw invalid('typedData');
  }
}

function readDelegation(call: Call): Answer {
  const { userId } = findUser(call);
  const scope = call.names['address'] ?? null;
  const own = call.project
    .delegations()
    .find((each) => each.userId === userId && isSameAddress(each.address, scope) && isActive(each, call.now));
  if (own === undefined) throw new ApiError(404, 'not_found', 'there is no active delegation');
  return { status: 200, body: { expiresAt: own.expiresAt } };
}

function revokeDelegation(call: Call): Answer {
  const { userId } = findUser(call);
  const scope = call.names['address'] ?? null;
  const own = call.project
    .delegations()
    .find((each) => each.userId === userId && isSameAddress(each.address, scope) && isActive(each, call.now));
  if (own === undefined) throw new ApiError(404, 'not_found', 'there is no active delegation');
  call.project.setDelegation({ ...own, revoked: true });
  return { status: 204, body: null };
}

function findAccount({ project, names }: Pick<Call, 'project' | 'names'>, userId: string | null): Account {
  const { address = '' } = names;
  if (!ADDRESS.test(address)) throw invalid('address');
  const account = project
    .accounts()
    .find((each) => each.userId === userId && isAddressEqual(each.address, address as Hex));
  if (account === undefined) throw new ApiError(404, 'not_found', 'there is no such account');
  return account;
}

function isMethod(value: unknown): value is AuthenticationMethod {
  const { type, ...members } = (value ?? {}) as Readonly<Record<string, unknown>>;
  const has = (name: string) => typeof members[name] === 'string' && members[name] !== '';
  if (type === 'email') return has('email');
  if (type === 'sms') return has('phoneNumber');
  if (type === 'jwt') return has('kid') && has('sub');
  return typeof type === 'string' && OAUTH_TYPES.has(type) && has('sub');
}

function isAmong(method: AuthenticationMethod, others: readonly AuthenticationMethod[]): boolean {
  return others.some((other) => identityOf(other) === identityOf(method));
}

/** What makes two methods the same person's; names and the like may differ. */
function identityOf({ type, ...members }: AuthenticationMethod): string {
  const { email, phoneNumber, kid, sub } = members;
  return JSON.stringify(type === 'email' ? [type, email] : type === 'sms' ? [type, phoneNumber] : [type, kid, sub]);
}

function show(project: Project, { userId, authenticationMethods, createdAt }: EndUser): object {
  const accounts = project.accounts().filter((account) => account.userId === userId);
  return {
    userId,
    authenticationMethods,
    evmAccounts: accounts.map(({ address }) => address),
    evmAccountObjects: accounts.map(showAccount),
    evmSmartAccounts: [],
    evmSmartAccountObjects: [],
    ...showSolanaAccounts(project, userId),
    createdAt,
  };
}

function showAccount({ address, createdAt }: Account): object {
  return { address, createdAt };
}

function showServerAccount({ address, name, policyId, createdAt }: Account): object {
  const policies = policyId == null ? [] : [policyId];
  return { address, ...(name === null ? {} : { name }), policies, createdAt, updatedAt: createdAt };
}
