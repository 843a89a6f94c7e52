import { signersOf } from './wallet-lists.ts';
import { randomBytes } from 'node:crypto';
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { pointFromScalar, signRecoverable } from 'tiny-secp256k1';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { toChecksumAddress } from '../../lib/chains/evm/address.ts';
import { formatInstrumentId, formatNamedId } from '../../lib/domain/drawn-ids.ts';
import type { Ledger } from '../../lib/domain/ports/books.ts';
import type { Signer } from '../../lib/domain/ports/services.ts';
import type { Registry } from '../../lib/domain/ports/registry.ts';
import { signedCaller } from '../../lib/domain/tenants/principal.ts';
import type { Payment } from '../../lib/domain/payment/payment.ts';
import type { PaymentConnector, EvmInstrument, PaymentManager } from '../../lib/domain/tenants/resources.ts';
import type { Session } from '../../lib/domain/payment/session.ts';
import { addMs, toEpochMs, type Clock, type EpochMs } from '../../lib/domain/time.ts';
import { toSessionItem } from '../../lib/ledger/dynamodb/books/new-session-item.ts';
import { createLeanStore } from '../../lib/ledger/dynamodb/store/lean-client.ts';
import { withJointReads } from '../../lib/ledger/dynamodb/store/joint-reads.ts';
import { createWindowBooks } from '../../lib/ledger/dynamodb/windows/window-books.ts';
import { createLedger } from '../../lib/ledger/dynamodb/books/ledger.ts';
import { createRegistry } from '../../lib/ledger/dynamodb/registry/registry.ts';
import { createSweepIndex } from '../../lib/ledger/dynamodb/books/sweep-index.ts';
import { createSweepReads } from '../../lib/ledger/dynamodb/books/sweep-reads.ts';
import { createPayerCache } from '../../lib/service/paying/payer.ts';
import type { ProcessPaymentDeps, ProcessPaymentRequest } from '../../lib/service/paying/process-payment.ts';
import type { SweepDeps } from '../../lib/service/sweeping/sweep-report.ts';
import type { TestDatabase } from './database.ts';
import { createFeedReader } from '../../lib/ledger/dynamodb/memory/feed-store.ts';
import { createPolicyMemory } from '../../lib/ledger/dynamodb/memory/memory-store.ts';
import { createPolicySource } from '../../lib/service/policing/policy-source.ts';
import type { PolicyReader } from '../../lib/domain/ports/policies.ts';
import type { Remembering } from '../../lib/service/policing/recalling.ts';
import { BASE_SEPOLIA, makeSession } from './payments.ts';
import { wiring } from './wiring.ts';
import { unwrittenPolicies } from './policies.ts';
import { createRepetitionGuard } from '../../lib/ledger/dynamodb/books/repetition-guard.ts';
import { USDC_ALONE } from './tokens.ts';

export const PAY_TO = '0x209693Bc6afc0C5328bA36FaF03C514EF312287C';
const INVOCATION_MS = 15_000;

/** A clock that stands still until somebody sleeps or moves it. */
export interface TestClock extends Clock {
  advance(ms: number): void;
}

export function createTestClock(startMs = 1_760_000_000_000): TestClock {
  let nowMs = startMs;
  return {
    now: () => toEpochMs(nowMs),
    sleep: async (ms) => {
      nowMs += ms;
    },
    advance: (ms) => {
      nowMs += ms;
    },
  };
}

export const wallClock: Clock = {
  now: () => toEpochMs(Date.now()),
  sleep: (ms) =>
    new Promise((resolve) => {
      setTimeout(resolve, ms);
    }),
};

const privateKey = new Uint8Array(32).fill(1);
const point = pointFromScalar(privateKey, false)!;
export const PAYER = toChecksumAddress(`0x${Buffer.from(keccak_256(point.subarray(1)).subarray(12)).toString('hex')}`);

/** Signs with the published test key 0x0101..01. */
export const testSigner: Signer = {
  type: 'SeedVault',
  sign: async (_key, { digest }) => {
    const { signature, recoveryId } = signRecoverable(digest, privateKey);
    return `0x${Buffer.from(signature).toString('hex')}${(27 + recoveryId).toString(16)}`;
  },
};

/** A tenant with a wallet in a real store, and the payment path wired to it. */
export interface PayingWorld {
  readonly booksTable: string;
  readonly manager: PaymentManager;
  readonly instrument: EvmInstrument;
  readonly ledger: Ledger;
  readonly registry: Registry;
  readonly registryTable: string;
  readonly deps: ProcessPaymentDeps;
  readonly sweepDeps: SweepDeps;
  readonly remembering: Remembering;
  open(overrides?: Partial<Session>): Promise<Session>;
  request(session: Session, overrides?: RequestOverrides): ProcessPaymentRequest;
}

export interface RequestOverrides extends Partial<ProcessPaymentRequest> {
  /** Base units of the offer. */
  readonly amount?: string;
}

export async function createPayingWorld(
  database: TestDatabase,
  options: {
    readonly clock?: Clock;
    /** A hop in front of the database. */
    readonly endpoint?: string;
    readonly timeoutMs?: number;
    /** @default nobody has written a policy */
    readonly policyReader?: PolicyReader;
    /**
     * Whether reads of one moment share a request, as they do in the paying function, or can fail each on its own.
     * @default 'apart'
     */
    readonly reads?: 'joint' | 'apart';
    readonly overrides?: Partial<ProcessPaymentDeps>;
  } = {},
): Promise<PayingWorld> {
  const clock = options.clock ?? wallClock;
  const now = clock.now();
  // The clients read their endpoint when they are made.
  Object.assign(process.env, database.environment);
  if (options.endpoint !== undefined) process.env['AWS_ENDPOINT_URL_DYNAMODB'] = options.endpoint;
  const timeout = options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs };
  const store = createLeanStore(process.env);
  const single = store.createClient({ maxAttempts: 3, ...timeout });
  const client = options.reads === 'joint' ? withJointReads(single) : single;
  const { booksTable: tableName, registryTable } = await database.freshTables();
  const singleSendClient = store.createClient({ maxAttempts: 1, ...timeout });
  const ledger = createLedger({ tableName, client, singleSendClient, ...wiring });
  // Books that are new get their gate with the first look at it; a deployment makes it once.
  await ledger.readGate();
  const registry = createRegistry({ client, tableName: registryTable });
  const manager = makeManager(now);
  const connector = makeConnector(manager, now);
  const instrument = makeInstrument(connector, now);
  await registry.createManager(manager, null);
  await registry.beginConnector(manager.managerId, connector.connectorId, 'hash', now);
  await registry.completeConnector(connector, 'hash', null);
  await registry.beginInstrument({ ...instrument, status: 'INITIATED', wallet: null }, 'hash', now);
  await registry.completeInstrument(instrument);

  const registryStore = { client, singleSendClient, tableName: registryTable };
  const keeper = createPolicyMemory(registryStore);
  const remembering: Remembering = { reader: keeper, keeper, feeds: createFeedReader(registryStore) };
  const { policyReader } = options;
  const deps: ProcessPaymentDeps = {
    ledger,
    registry,
    signers: signersOf(testSigner),
    payers: createPayerCache(),
    clock,
    random: { bytes: (length) => Uint8Array.from(randomBytes(length)), fraction: () => Math.random() },
    allowedNetworks: new Set([BASE_SEPOLIA.id]),
    tokens: USDC_ALONE,
    facilitators: new Set<string>(),
    validityCapSeconds: 300,
    repetitions: null,
    policies:
      policyReader === undefined
        ? unwrittenPolicies(clock)
        : createPolicySource({ reader: policyReader, clock, remembering: async () => remembering }),
    purchases: createRepetitionGuard({ client, tableName: registryTable }),
    inFlightMax: 64,
    windows: createWindowBooks({ client, tableName }),
    report: () => undefined,
    ...options.overrides,
  };
  return {
    booksTable: tableName,
    manager,
    instrument,
    ledger,
    registry,
    registryTable,
    remembering,
    deps,
    sweepDeps: {
      ledger,
      clock,
      reads: createSweepReads({ ...wiring, client, tableName, clock }),
      index: createSweepIndex({ client, tableName }),
      report: () => undefined,
    },
    open: async (overrides = {}) => {
      const session = makeSession({
        managerId: manager.managerId,
        userId: instrument.userId,
        createdAt: now,
        updatedAt: now,
        expiresAt: addMs(now, 3_600_000),
        ...overrides,
      });
      await database.client.send(new PutItemCommand({ TableName: tableName, Item: toSessionItem(session, 'hash') }));
      return session;
    },
    request: (session, overrides = {}) => makeRequest(session, instrument, clock.now(), overrides),
  };
}

function makeManager(now: EpochMs): PaymentManager {
  const managerId = formatNamedId('paying', randomBytes(16));
  return {
    managerId,
    name: 'paying',
    description: null,
    authorizer: { type: 'AWS_IAM' },
    roleArn: 'arn:aws:iam::000000000000:role/service',
    tags: null,
    workloadName: managerId,
    status: 'READY',
    createdAt: now,
    updatedAt: now,
    revision: 1,
  };
}

function makeConnector(manager: PaymentManager, now: EpochMs): PaymentConnector {
  return {
    managerId: manager.managerId,
    connectorId: 'seed-0000000001',
    name: 'seed',
    description: null,
    status: 'READY',
    material: { type: 'SeedVault', secretArn: 'arn', secretVersionId: 'v', extendedPublicKey: 'xpub' },
    ignored: null,
    createdAt: now,
    updatedAt: now,
    revision: 1,
  };
}

function makeInstrument({ managerId, connectorId }: PaymentConnector, now: EpochMs): EvmInstrument {
  return {
    managerId,
    connectorId,
    instrumentId: formatInstrumentId(randomBytes(16)),
    userId: 'user-1',
    network: 'ETHEREUM',
    linkedAccounts: [],
    status: 'ACTIVE',
    wallet: { address: PAYER, key: { type: 'SeedVault', secretArn: 'arn', secretVersionId: 'v', index: 0 } },
    createdAt: now,
    updatedAt: now,
  };
}

function makeRequest(
  session: Session,
  instrument: EvmInstrument,
  now: EpochMs,
  { amount = '500000', ...overrides }: RequestOverrides,
): ProcessPaymentRequest {
  const { id, usdc } = BASE_SEPOLIA;
  const payload = {
    scheme: 'exact',
    network: id,
    amount,
    asset: usdc.address,
    payTo: PAY_TO,
    maxTimeoutSeconds: 60,
    extra: { name: usdc.domainName, version: usdc.domainVersion },
  };
  return {
    managerId: session.managerId,
    principal: signedCaller(session.userId),
    agentName: null,
    resource: null,
    sessionId: session.sessionId,
    instrumentId: instrument.instrumentId,
    paymentType: 'CRYPTO_X402',
    paymentInput: { cryptoX402: { version: '2', payload } },
    clientToken: randomBytes(24).toString('hex'),
    replayOnly: false,
    deadline: addMs(now, INVOCATION_MS),
    ...overrides,
  };
}

/** The payment of a result that must be one. */
export function paid(result: { readonly ok: boolean; readonly value?: Payment; readonly error?: unknown }): Payment {
  if (!result.ok || result.value === undefined)
    throw new Error(
      `not paid: ${JSON.stringify(result.error, (_k, v: unknown) => (typeof v === 'bigint' ? `${v}` : v))}`,
    );
  return result.value;
}
