import { randomBytes } from 'node:crypto';
import type { Hex } from '../../../lib/domain/payment/payment.ts';
import type { SigningMessage } from '../../../lib/domain/payment/shapes.ts';
import { toEpochMs } from '../../../lib/domain/time.ts';
import { startCoinbaseCdp, type CoinbaseCdp, type Exchange } from '../../../lib/local/providers/coinbase-cdp/index.ts';
import type { CoinbaseCdpAccount } from '../../../lib/wallets/coinbase-cdp/account.ts';
import { createCoinbaseCdpClient, type CallCoinbaseCdp } from '../../../lib/wallets/coinbase-cdp/client.ts';
import { parseCoinbaseCdpSecrets, type CoinbaseCdpSecrets } from '../../../lib/wallets/coinbase-cdp/request-signing.ts';
import { createCoinbaseCdpSigner } from '../../../lib/wallets/coinbase-cdp/signer.ts';
import { makeCoinbaseCdpWallet } from '../../../lib/wallets/coinbase-cdp/wallet-maker.ts';
import { createCircuitBreaker } from '../../../lib/wallets/circuit-breaker.ts';
import { createCredentialCache } from '../../../lib/wallets/credential-cache.ts';

export const CONNECTOR = 'manager/connector';
export const EMAIL = { email: { emailAddress: 'ada@example.com' } } as const;

/** A local project, and a connector's parts that talk to it over HTTP. */
export interface TestProject {
  readonly cdp: CoinbaseCdp;
  readonly exchanges: Exchange[];
  /** How often the vault was read. */
  readonly reads: () => number;
  /** What lies in the vault; the project's newest keys until a test says otherwise. */
  vault: () => CoinbaseCdpSecrets;
  /** Of the connector; the project keeps its own. */
  nowMs: number;
  readonly call: CallCoinbaseCdp;
  readonly signer: {
    sign(account: CoinbaseCdpAccount, ...signed: [message: SigningMessage, address: Hex]): Promise<Hex>;
  };
  readonly grant: (endUserId: string, change?: { readonly days?: number; readonly revoked?: boolean }) => void;
  readonly close: () => Promise<void>;
}

export async function startProject(): Promise<TestProject> {
  const exchanges: Exchange[] = [];
  const cdp = await startCoinbaseCdp({ dataDir: null, onExchange: (exchange) => exchanges.push(exchange) });
  let reads = 0;
  const useCredentials = createCredentialCache({
    read: async () => {
      reads += 1;
      return project.vault();
    },
    clock: { now: () => toEpochMs(project.nowMs) },
  });
  const call = createCoinbaseCdpClient({
    baseUrl: cdp.url,
    fetch: (url, init) => fetch(url, init),
    useCredentials,
    breaker: createCircuitBreaker({ clock: { now: () => toEpochMs(project.nowMs) } }),
    clock: { now: () => toEpochMs(Date.now()) },
    random: { bytes: (length) => randomBytes(length) },
  });
  const signer = createCoinbaseCdpSigner({ call });
  const project: TestProject = {
    cdp,
    exchanges,
    reads: () => reads,
    vault: () => secretsOf(cdp),
    nowMs: 1_790_000_000_000,
    call,
    signer: { sign: (account, ...signed) => signer.sign({ type: 'CoinbaseCDP', ...account }, ...signed) },
    grant: (userId, { days = 30, revoked = false } = {}) => {
      const expiresAt = new Date(Date.now() + days * 86_400_000).toISOString();
      cdp.project.setDelegation({ userId, address: null, expiresAt, revoked });
    },
    close: cdp.close,
  };
  return project;
}

/** The newest of the project's keys, or older ones. */
export function secretsOf({ project }: CoinbaseCdp, age = 0): CoinbaseCdpSecrets {
  const apiKey = project.apiKeys()[age]!;
  const parsed = parseCoinbaseCdpSecrets({
    apiKeyId: apiKey.id,
    apiKeySecret: apiKey.secret,
    walletSecret: project.walletSecrets()[age]!.secret,
  });
  if (!parsed.ok) throw new Error(parsed.error.map(({ message }) => message).join());
  return parsed.value;
}

export interface TestWallet {
  readonly address: Hex;
  readonly account: CoinbaseCdpAccount;
}

let made = 0;

/** A wallet of an end user who has granted, or of the project. */
export async function makeWallet(project: TestProject, of: 'end user' | 'project'): Promise<TestWallet> {
  made += 1;
  const instrumentId = `payment-instrument-${String(made).padStart(15, '0')}`;
  const linkedAccount = of === 'project' ? null : EMAIL;
  const wallet = await makeCoinbaseCdpWallet(project.call, { connector: CONNECTOR, instrumentId, linkedAccount });
  if (wallet.account.endUserId !== null) project.grant(wallet.account.endUserId);
  return wallet;
}
