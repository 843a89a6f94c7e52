import { generateKeyPairSync } from 'node:crypto';
import type { Answer } from '../api-server.ts';
import { ApiError, invalid } from './api-error.ts';
import { encodeBase58 } from '../base58.ts';
import { findUser, isAccountName } from './names.ts';
import type { Call, Operation } from './operation.ts';
import type { Project, SolanaAccount } from './project.ts';

/** Accounts of Solana: made, shown and given test money. */
export const SOLANA_OPERATIONS: readonly Operation[] = [
  {
    id: 'addEndUserSolanaAccount',
    method: 'POST',
    path: '/v2/end-users/{userId}/solana',
    wallet: 'required',
    run: (call) => {
      const { userId } = findUser(call);
      const { address, createdAt } = makeSolanaAccount(call.project, { userId, name: null }, call.now);
      return { status: 201, body: { solanaAccount: { address, createdAt } } };
    },
  },
  { id: 'createSolanaAccount', method: 'POST', path: '/v2/solana/accounts', wallet: 'required', run: createAccount },
  {
    id: 'requestSolanaFaucet',
    method: 'POST',
    path: '/v2/solana/faucet',
    wallet: 'unused',
    run: ({ treasury, body }) => treasury.requestSolanaFunds(body),
  },
];

/** With a key of its own. */
export function makeSolanaAccount(
  project: Project,
  owner: Pick<SolanaAccount, 'userId' | 'name'>,
  now: Date,
): SolanaAccount {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const address = encodeBase58(Buffer.from(publicKey.export({ format: 'jwk' }).x!, 'base64url'));
  const secret = privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64');
  return project.addSolanaAccount({ ...owner, address, privateKey: secret }, now);
}

/** As the description of an end user has them. */
export function showSolanaAccounts(project: Project, userId: string): object {
  const accounts = project.solanaAccounts().filter((account) => account.userId === userId);
  return {
    solanaAccounts: accounts.map(({ address }) => address),
    solanaAccountObjects: accounts.map(({ address, createdAt }) => ({ address, createdAt })),
  };
}

function createAccount({ project, body, now }: Call): Answer {
  const { name = null, accountPolicy } = body;
  if (!isAccountName(name)) throw invalid('name');
  // No policy that can be made here has rules for Solana.
  if (accountPolicy !== undefined) throw invalid('accountPolicy');
  if (name !== null && project.solanaAccounts().some((account) => account.userId === null && account.name === name)) {
    throw new ApiError(409, 'already_exists', 'an account with this name exists');
  }
  const { address, createdAt } = makeSolanaAccount(project, { userId: null, name }, now);
  const named = name === null ? {} : { name };
  return { status: 201, body: { address, ...named, policies: [], createdAt, updatedAt: createdAt } };
}
