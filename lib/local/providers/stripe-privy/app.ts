import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import { generatePrivateKey, privateKeyToAddress } from 'viem/accounts';
import type { Hex } from 'viem';
import { openRecordStore } from '../../aws-endpoint/record-store.ts';

/** A P-256 key, both parts in base64 of DER: SPKI and PKCS #8. */
export interface SigningKey {
  readonly publicKey: string;
  readonly privateKey: string;
}

/** One of the ways in which a person is known: an email address, a phone number, an identity of an issuer. */
export type LinkedAccount = Readonly<Record<string, unknown>> & { readonly type: string };

export interface User {
  readonly id: string;
  readonly linkedAccounts: readonly LinkedAccount[];
  readonly customMetadata: object | null;
  /** What the user's signed-in browser holds: at the provider a login gives a new one, here it is always the same. */
  readonly key: SigningKey;
  readonly createdAtMs: number;
}

export interface AdditionalSigner {
  readonly signer_id: string;
  readonly override_policy_ids?: readonly string[];
}

export interface Wallet {
  readonly id: string;
  readonly address: Hex;
  readonly privateKey: Hex;
  /** A key quorum's id; `null` where the app secret is all that is asked for. */
  readonly ownerId: string | null;
  readonly policyIds: readonly string[];
  readonly additionalSigners: readonly AdditionalSigner[];
  readonly externalId: string | null;
  readonly displayName: string | null;
  readonly createdAtMs: number;
}

/** Who must sign: so many of these keys, users and quorums. */
export interface KeyQuorum {
  readonly id: string;
  readonly displayName: string | null;
  readonly publicKeys: readonly string[];
  readonly userIds: readonly string[];
  readonly keyQuorumIds: readonly string[];
  /** `null` for all of them. */
  readonly threshold: number | null;
}

export interface PolicyRule {
  readonly id: string;
  readonly name: string;
  readonly method: string;
  readonly action: 'ALLOW' | 'DENY';
  readonly conditions: readonly Readonly<Record<string, unknown>>[];
}

export interface Policy {
  readonly id: string;
  readonly name: string;
  readonly chainType: 'ethereum';
  readonly ownerId: string | null;
  readonly rules: readonly PolicyRule[];
  readonly createdAtMs: number;
}

/** A request that waits for the signatures of a quorum. */
export interface Intent {
  readonly id: string;
  readonly type: 'RPC' | 'WALLET';
  readonly walletId: string;
  readonly request: { readonly method: 'POST' | 'PATCH'; readonly url: string; readonly body: object };
  readonly status: 'pending' | 'executed' | 'failed' | 'expired' | 'rejected' | 'dismissed';
  readonly dismissedAtMs: number | null;
  /** Public keys that have signed, with when. */
  readonly signed: Readonly<Record<string, number>>;
  readonly customExpiry: boolean;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  readonly rejectedAtMs: number | null;
  readonly result: object | null;
}

/** All that is kept of the app between starts. */
interface AppState {
  readonly appId: string;
  readonly appSecrets: readonly string[];
  readonly authorizationKeys: readonly SigningKey[];
  /** The key quorum that the authorization keys make up. */
  readonly authorizationId: string;
  readonly users: readonly User[];
  readonly wallets: readonly Wallet[];
  readonly quorums: readonly KeyQuorum[];
  readonly policies: readonly Policy[];
  readonly intents: readonly Intent[];
}

/** What can be changed: members of these lists are put by their id. */
type Lists = Pick<AppState, 'users' | 'wallets' | 'quorums' | 'policies' | 'intents'>;

/** What the provider's dashboard hands out, as its customers configure it. */
export interface AppCredentials {
  readonly appId: string;
  readonly appSecret: string;
  /** The key quorum that signs for wallets whose users have agreed. */
  readonly authorizationId: string;
  readonly authorizationPrivateKey: string;
}

/** One app at the provider: its secrets, its users and their wallets. */
export interface App extends Lists {
  readonly appId: string;
  readonly appSecrets: readonly string[];
  readonly authorizationId: string;
  /** The newest ones. */
  credentials(): AppCredentials;
  /** Makes a new secret and a new authorization key beside the old ones, which stay until `dropOldKeys`. */
  rotateKeys(): void;
  dropOldKeys(): void;
  /** Adds a member of a list, or takes the place of the one with its id. */
  put<Name extends keyof Lists>(list: Name, member: Lists[Name][number]): void;
  drop(list: keyof Lists, id: string): void;
}

const RECORD = 'app';
const ID_BYTES = 12;

/** What must be said of a wallet to make one. */
export function createWallet(
  owner: Pick<Wallet, 'ownerId' | 'policyIds' | 'additionalSigners' | 'externalId' | 'displayName'>,
  createdAtMs: number,
): Wallet {
  const privateKey = generatePrivateKey();
  return { id: createId(), address: privateKeyToAddress(privateKey), privateKey, ...owner, createdAtMs };
}

/** 24 lower-case characters, as the provider's ids have. */
export function createId(): string {
  return randomBytes(ID_BYTES).toString('hex');
}

export function createSigningKey(): SigningKey {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    publicKey: publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
    privateKey: privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64'),
  };
}

/** Opens the app in a directory, or makes one with new keys. @param dataDir `null` keeps it in memory */
export function openApp(dataDir: string | null): App {
  const records = openRecordStore<AppState>(dataDir, (value) => value as AppState);
  const read = (): AppState => records.get(RECORD)!;
  const change = (part: Partial<AppState>): void => records.put(RECORD, { ...read(), ...part });
  const putKeys = (keys: Pick<AppState, 'appSecrets' | 'authorizationKeys'>): void => {
    change(keys);
    const publicKeys = keys.authorizationKeys.map(({ publicKey }) => publicKey);
    const id = read().authorizationId;
    put('quorums', { id, displayName: 'Agents', publicKeys, userIds: [], keyQuorumIds: [], threshold: 1 });
  };
  const put: App['put'] = (list, member) => {
    const others = (read()[list] as readonly { readonly id: string }[]).filter(({ id }) => id !== member.id);
    change({ [list]: [...others, member] });
  };
  if (records.get(RECORD) === undefined) {
    records.put(RECORD, {
      appId: createId(),
      appSecrets: [],
      authorizationKeys: [],
      authorizationId: createId(),
      users: [],
      wallets: [],
      quorums: [],
      policies: [],
      intents: [],
    });
    putKeys({ appSecrets: [randomUUID()], authorizationKeys: [createSigningKey()] });
  }
  return {
    get appId() {
      return read().appId;
    },
    get appSecrets() {
      return read().appSecrets;
    },
    get authorizationId() {
      return read().authorizationId;
    },
    get users() {
      return read().users;
    },
    get wallets() {
      return read().wallets;
    },
    get quorums() {
      return read().quorums;
    },
    get policies() {
      return read().policies;
    },
    get intents() {
      return read().intents;
    },
    credentials: () => {
      const { appId, appSecrets, authorizationId, authorizationKeys } = read();
      return {
        appId,
        appSecret: appSecrets[0]!,
        authorizationId,
        authorizationPrivateKey: `wallet-auth:${authorizationKeys[0]!.privateKey}`,
      };
    },
    rotateKeys: () => {
      const { appSecrets, authorizationKeys } = read();
      putKeys({
        appSecrets: [randomUUID(), ...appSecrets],
        authorizationKeys: [createSigningKey(), ...authorizationKeys],
      });
    },
    dropOldKeys: () => {
      const { appSecrets, authorizationKeys } = read();
      putKeys({ appSecrets: appSecrets.slice(0, 1), authorizationKeys: authorizationKeys.slice(0, 1) });
    },
    put,
    drop: (list, id) =>
      change({ [list]: (read()[list] as readonly { readonly id: string }[]).filter((each) => each.id !== id) }),
  };
}
