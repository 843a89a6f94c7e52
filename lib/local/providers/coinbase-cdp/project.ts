import { generateKeyPairSync, randomUUID } from 'node:crypto';
import type { JWK } from 'jose';
import { generatePrivateKey, privateKeyToAddress } from 'viem/accounts';
import type { Hex } from 'viem';
import { openRecordStore } from '../../aws-endpoint/record-store.ts';

/** A key that the project's clients sign tokens with. Its secret is what the provider hands out once. */
export interface ApiKey {
  readonly id: string;
  readonly alg: 'EdDSA' | 'ES256';
  readonly publicJwk: JWK;
  /** As a client configures it. */
  readonly secret: string;
}

/** How a person is known: the body of one of the description's `AuthenticationMethod`. */
export type AuthenticationMethod = Readonly<Record<string, unknown>> & { readonly type: string };

export interface EndUser {
  readonly userId: string;
  readonly authenticationMethods: readonly AuthenticationMethod[];
  readonly createdAt: string;
}

export interface Account {
  readonly address: Hex;
  readonly privateKey: Hex;
  /** `null` for an account of the project itself. */
  readonly userId: string | null;
  readonly name: string | null;
  /** The policy that it was made under. @default - none */
  readonly policyId?: string | null;
  readonly createdAt: string;
}

/** An account of Solana, whose key is Ed25519. */
export interface SolanaAccount {
  /** Base58. */
  readonly address: string;
  /** PKCS #8, as base64 of DER. */
  readonly privateKey: string;
  /** `null` for an account of the project itself. */
  readonly userId: string | null;
  readonly name: string | null;
  readonly createdAt: string;
}

/** One rule of a policy, as the description has it. */
export interface Rule {
  readonly action: 'accept' | 'reject';
  readonly operation: string;
  readonly criteria?: readonly Readonly<Record<string, unknown>>[];
}

/** What accounts may do that are under it. */
export interface Policy {
  readonly id: string;
  readonly scope: string;
  readonly description: string | null;
  readonly rules: readonly Rule[];
  readonly createdAt: string;
}

/** What an end user has let the project do, for all accounts or for one. */
export interface Delegation {
  readonly userId: string;
  /** `null` for all of them. */
  readonly address: string | null;
  readonly expiresAt: string;
  readonly revoked: boolean;
}

/** All that is kept of the project between starts. */
interface ProjectState {
  readonly apiKeys: readonly ApiKey[];
  readonly walletSecrets: readonly ApiKey[];
  readonly users: readonly EndUser[];
  readonly accounts: readonly Account[];
  readonly delegations: readonly Delegation[];
  /** @default - none, as a start before had it */
  readonly solanaAccounts?: readonly SolanaAccount[];
  /** @default - none, as a start before had it */
  readonly policies?: readonly Policy[];
}

/** One project at the provider: its keys, its users and their wallets. */
export interface Project {
  apiKeys(): readonly ApiKey[];
  walletSecrets(): readonly ApiKey[];
  users(): readonly EndUser[];
  accounts(): readonly Account[];
  solanaAccounts(): readonly SolanaAccount[];
  delegations(): readonly Delegation[];
  policies(): readonly Policy[];
  /** Makes new keys beside the old ones, which stay until `dropOldKeys`. */
  rotateKeys(alg?: ApiKey['alg']): void;
  dropOldKeys(): void;
  addUser(user: Pick<EndUser, 'authenticationMethods'> & { readonly userId?: string | undefined }, now: Date): EndUser;
  addAccount(owner: Pick<Account, 'userId' | 'name' | 'policyId'>, now: Date): Account;
  addSolanaAccount(account: Omit<SolanaAccount, 'createdAt'>, now: Date): SolanaAccount;
  addPolicy(policy: Pick<Policy, 'scope' | 'description' | 'rules'>, now: Date): Policy;
  setDelegation(delegation: Delegation): void;
}

const RECORD = 'project';

/** Opens the project in a directory, or makes one with new keys. @param dataDir `null` keeps it in memory */
export function openProject(dataDir: string | null): Project {
  const records = openRecordStore<ProjectState>(dataDir, (value) => value as ProjectState);
  const read = (): ProjectState => records.get(RECORD)!;
  const change = (part: Partial<ProjectState>): void => records.put(RECORD, { ...read(), ...part });
  if (records.get(RECORD) === undefined) {
    records.put(RECORD, {
      apiKeys: [createEd25519Key()],
      walletSecrets: [createP256Key('base64')],
      users: [],
      accounts: [],
      delegations: [],
    });
  }
  return {
    apiKeys: () => read().apiKeys,
    walletSecrets: () => read().walletSecrets,
    users: () => read().users,
    accounts: () => read().accounts,
    solanaAccounts: () => read().solanaAccounts ?? [],
    delegations: () => read().delegations,
    policies: () => read().policies ?? [],
    rotateKeys: (alg = 'EdDSA') => {
      const { apiKeys, walletSecrets } = read();
      const apiKey = alg === 'EdDSA' ? createEd25519Key() : createP256Key('pem');
      change({ apiKeys: [apiKey, ...apiKeys], walletSecrets: [createP256Key('base64'), ...walletSecrets] });
    },
    dropOldKeys: () => {
      const { apiKeys, walletSecrets } = read();
      change({ apiKeys: apiKeys.slice(0, 1), walletSecrets: walletSecrets.slice(0, 1) });
    },
    addUser: ({ userId = randomUUID(), authenticationMethods }, now) => {
      const user = { userId, authenticationMethods, createdAt: now.toISOString() };
      change({ users: [...read().users, user] });
      return user;
    },
    addAccount: (owner, now) => {
      const privateKey = generatePrivateKey();
      const account = {
        ...owner,
        privateKey,
        address: privateKeyToAddress(privateKey),
        createdAt: now.toISOString(),
      };
      change({ accounts: [...read().accounts, account] });
      return account;
    },
    addSolanaAccount: (made, now) => {
      const account = { ...made, createdAt: now.toISOString() };
      change({ solanaAccounts: [...(read().solanaAccounts ?? []), account] });
      return account;
    },
    addPolicy: (made, now) => {
      const policy = { ...made, id: randomUUID(), createdAt: now.toISOString() };
      change({ policies: [...(read().policies ?? []), policy] });
      return policy;
    },
    setDelegation: (delegation) => {
      const others = read().delegations.filter(
        ({ userId, address }) => userId !== delegation.userId || address !== delegation.address,
      );
      change({ delegations: [...others, delegation] });
    },
  };
}

/** An Ed25519 key's secret is its seed and public key in base64. */
function createEd25519Key(): ApiKey {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const { d, x } = privateKey.export({ format: 'jwk' });
  const secret = Buffer.concat([d!, x!].map((part) => Buffer.from(part, 'base64url'))).toString('base64');
  return { id: randomUUID(), alg: 'EdDSA', publicJwk: publicKey.export({ format: 'jwk' }) as JWK, secret };
}

/** A P-256 key's secret is PKCS #8: as PEM where it is an API key's, in base64 of DER where it is a wallet secret. */
function createP256Key(form: 'pem' | 'base64'): ApiKey {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const secret =
    form === 'pem'
      ? privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()
      : privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64');
  const id = `organizations/local/apiKeys/${randomUUID()}`;
  return { id, alg: 'ES256', publicJwk: publicKey.export({ format: 'jwk' }) as JWK, secret };
}
