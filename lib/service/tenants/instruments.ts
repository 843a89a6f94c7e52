import { formatInstrumentId } from '../../domain/drawn-ids.ts';
import type { Arn, Deployment } from '../../domain/ids.ts';
import { INSTRUMENTS_MAX } from '../../domain/limits.ts';
import type { GateReader } from '../../domain/ports/gate.ts';
import { firstFreeIndex } from '../../domain/tenants/key-index.ts';
import {
  IndexesSpent,
  NothingMade,
  ProviderRefused,
  type Page,
  type PageRequest,
  type Randomness,
  type UserKey,
  type WalletMaker,
  type WalletProvisioner,
} from '../../domain/ports/services.ts';
import type { Registry } from '../../domain/ports/registry.ts';
import type { Access, Principal } from '../../domain/tenants/principal.ts';
import type { Address } from '../../domain/payment/shapes.ts';
import type { FieldProblem, Refusal } from '../../domain/refusal.ts';
import type { LinkedAccount, PaymentConnector, PaymentInstrument } from '../../domain/tenants/resources.ts';
import type { ConnectorType, InstrumentType, WalletType } from '../../domain/tenants/wallet-shapes.ts';
import { ok, refuse, type Result } from '../../domain/result.ts';
import type { Clock, EpochMs } from '../../domain/time.ts';
import { createOnce, hashCreation, idEntropy } from './create-once.ts';
import { findManager } from './managers.ts';
import { isRemoteWallet } from '../../wallets/abilities.ts';
import { isKeyWallet } from '../../wallets/catalogue.ts';

export interface InstrumentsDeps {
  readonly registry: Registry;
  readonly makers: Readonly<Record<InstrumentType, WalletMaker>>;
  readonly provisioners: Readonly<Record<WalletType, Pick<WalletProvisioner, 'findProblem'>>>;
  readonly gate: GateReader;
  readonly deployment: Deployment;
  readonly clock: Clock;
  readonly random: Randomness;
}

const missing = refuse({ reason: 'not_found', resource: 'instrument' } as const);
const noConnector: Refusal = { reason: 'not_found', resource: 'connector' };
const full: Refusal = {
  reason: 'quota_exceeded',
  message: `The connector has ${INSTRUMENTS_MAX} instruments, as many as it may have`,
};

interface InstrumentInput {
  readonly manager: Arn<string> | null;
  readonly connectorId: string;
  readonly network: PaymentInstrument['network'];
  readonly linkedAccounts: readonly LinkedAccount[];
  /** Where a user goes on after consenting; wallets that need nobody's consent have no use for it. */
  readonly redirectUrl?: string | undefined;
  /** Of a wallet whose key is made elsewhere. */
  readonly walletAddress?: Address | undefined;
  readonly clientToken?: string | undefined;
}

/** An index that no key has, also where books were restored that no longer know of all of them. */
async function takeIndex(
  { registry, gate, clock }: Pick<InstrumentsDeps, 'registry' | 'gate' | 'clock'>,
  managerId: string,
  connectorId: string,
): Promise<number> {
  const floor = (await gate.find())?.floor ?? null;
  const index = await registry.takeKeyIndex(managerId, connectorId, floor === null ? 0 : firstFreeIndex(floor));
  // What lets a later restore skip ahead: no index is above what its time allows.
  if (index >= firstFreeIndex(clock.now()))
    throw new IndexesSpent('the connector derives keys faster than its indexes last');
  return index;
}

/**
 * Creates a wallet for a user. It is INITIATED until its key is there, of KMS until KMS has enabled it and gives out its public half,
 * and then ACTIVE; the call returns no other. Its address may be funded as soon as the call returns.
 */
export async function createInstrument(
  deps: InstrumentsDeps,
  principal: Principal,
  input: InstrumentInput,
): Promise<Result<PaymentInstrument, Refusal>> {
  const manager = await findManager(deps, principal, 'manage', input.manager);
  if (!manager.ok) return manager;
  const { managerId } = manager.value;
  const { userId } = principal;
  const connector = await deps.registry.readConnector(managerId, input.connectorId);
  // A client token finds the instrument that it made also when the connector is gone.
  if (connector === null && input.clientToken === undefined) return refuse(noConnector);
  const type = connector?.material.type;

  const problem =
    type === undefined ? null : (findNetworkProblem(deps, type, input) ?? findAddressProblem(type, input));
  if (problem !== null) return refuse({ reason: 'invalid_request', problems: [problem] });

  const entropy = idEntropy(deps.random, ['CreatePaymentInstrument', managerId, userId], input.clientToken);
  const requestHash = hashCreation(input);
  const draft = newInstrument({ managerId, userId }, formatInstrumentId(entropy), input, deps.clock.now());
  const created = await createOnce(deps, requestHash, {
    begin: () => deps.registry.beginInstrument(draft, requestHash, draft.createdAt),
    make: async () => {
      if (connector === null || type === undefined) throw new Error('began an instrument of no connector');
      const lost = await findLoss(deps, connector, draft);
      if (lost !== null) return refuse(lost);
      const instrument = await activate(deps, { connector, draft, input }).catch((error: unknown) =>
        giveBack(deps.registry, draft, error),
      );
      if (instrument instanceof ProviderRefused) {
        return refuse({ reason: 'provider_refused', trouble: instrument.trouble, message: instrument.message });
      }
      await deps.registry.completeInstrument(instrument);
      return ok(instrument);
    },
    refuse: (why) => (why === 'missing' ? noConnector : full),
  });
  if (!created.ok) return created;
  const { wallet, createdAt } = created.value;
  if (wallet === null) {
    return refuse({
      reason: 'conflict',
      message: 'The instrument of this clientToken was deleted before it was complete',
    });
  }
  // The answer of the first call again: as the instrument was when it was new.
  return ok({ ...created.value, status: 'ACTIVE', updatedAt: createdAt });
}

/** Has the wallet made, and puts it into the instrument. */
async function activate(
  deps: InstrumentsDeps,
  creation: {
    readonly connector: PaymentConnector;
    readonly draft: PaymentInstrument;
    readonly input: Pick<InstrumentInput, 'walletAddress'>;
  },
): Promise<PaymentInstrument> {
  const { connector, draft, input } = creation;
  const maker = deps.makers[connector.material.type];
  const [linkedAccount] = draft.linkedAccounts;
  const { instrumentId } = draft;
  const request = { connector, instrumentId, ...(linkedAccount === undefined ? {} : { linkedAccount }) };
  if (draft.network === 'SOLANA') {
    if (maker.createSolanaKey === undefined) throw new Error(`began a wallet of Solana of ${maker.type}`);
    return { ...draft, status: 'ACTIVE', wallet: await maker.createSolanaKey(request) };
  }
  const wallet = await maker.createKey({
    ...request,
    ...(input.walletAddress === undefined ? {} : { address: input.walletAddress }),
    takeIndex: () => takeIndex(deps, draft.managerId, connector.connectorId),
  });
  return { ...draft, status: 'ACTIVE', wallet };
}

const WALLET_MEMBER = 'paymentInstrumentDetails.embeddedCryptoWallet';

function findNetworkProblem(
  { makers }: Pick<InstrumentsDeps, 'makers'>,
  type: ConnectorType,
  { network }: Pick<InstrumentInput, 'network'>,
): FieldProblem | null {
  if (network === 'ETHEREUM' || makers[type].createSolanaKey !== undefined) return null;
  const able = Object.values(makers).filter(({ createSolanaKey }) => createSolanaKey !== undefined);
  const types = able.map((maker) => maker.type).join(', ');
  const name = `${WALLET_MEMBER}.network`;
  return {
    name,
    message: `${name} must be ETHEREUM with a connector of type ${type}: wallets of SOLANA are made by connectors of type ${types}`,
  };
}

const ADDRESS_MEMBER = `${WALLET_MEMBER}.walletAddress`;

function findAddressProblem(
  type: ConnectorType,
  { walletAddress }: Pick<InstrumentInput, 'walletAddress'>,
): FieldProblem | null {
  if (isRemoteWallet(type) === (walletAddress !== undefined)) return null;
  const message =
    walletAddress === undefined
      ? `${ADDRESS_MEMBER} is required: wallets of a connector of type ${type} are made at its signer`
      : `${ADDRESS_MEMBER} is not supported: the wallet and its address are made by the connector`;
  return { name: ADDRESS_MEMBER, message };
}

/** Why the connector can't have another wallet: money that is sent to it could never leave. Then the draft is given back. */
async function findLoss(
  { provisioners, registry }: InstrumentsDeps,
  { material }: PaymentConnector,
  draft: PaymentInstrument,
): Promise<Refusal | null> {
  if (!isKeyWallet(material.type)) return null;
  const problem = await provisioners[material.type].findProblem(material).catch(async (error: unknown) => {
    await registry.yieldInstrument(draft).catch(() => {});
    throw error;
  });
  if (problem?.kind !== 'lost') return null;
  await registry.yieldInstrument(draft);
  const message =
    'The seed of the connector is lost, or about to be, and with it any new wallet: see GetPaymentConnector';
  return { reason: 'conflict', message };
}

/** Where nothing was made, no retry has to wait for a lease. Where something may have been made, the lease bounds how often. */
async function giveBack(
  registry: Pick<Registry, 'yieldInstrument'>,
  draft: PaymentInstrument,
  error: unknown,
): Promise<ProviderRefused> {
  // A draft that cannot be given back ends by itself; the caller hears of the first failure.
  if (error instanceof NothingMade || error instanceof IndexesSpent || error instanceof ProviderRefused)
    await registry.yieldInstrument(draft).catch(() => {});
  if (error instanceof ProviderRefused) return error;
  throw error;
}

function newInstrument(
  user: UserKey,
  instrumentId: string,
  { connectorId, network, linkedAccounts }: InstrumentInput,
  now: EpochMs,
): PaymentInstrument {
  return {
    ...user,
    connectorId,
    instrumentId,
    network,
    linkedAccounts,
    status: 'INITIATED',
    wallet: null,
    createdAt: now,
    updatedAt: now,
  };
}

export interface InstrumentReadDeps {
  readonly registry: Pick<Registry, 'readManager' | 'readInstrument' | 'listInstruments'>;
  readonly deployment: Deployment;
  readonly clock: Clock;
}

/** Reads an instrument of the user. Deleted, foreign and missing ones are all "not found". */
export function getInstrument(
  deps: InstrumentReadDeps,
  principal: Principal,
  input: InstrumentName,
): Promise<Result<PaymentInstrument, Refusal>> {
  return findInstrument(deps, principal, 'read', input);
}

export interface InstrumentName {
  readonly manager: Arn<string> | null;
  readonly instrumentId: string;
  readonly connectorId?: string | undefined;
}

export async function findInstrument(
  deps: InstrumentReadDeps,
  principal: Principal,
  access: Access,
  input: InstrumentName,
): Promise<Result<PaymentInstrument, Refusal>> {
  const manager = await findManager(deps, principal, access, input.manager);
  if (!manager.ok) return manager;
  const user = { managerId: manager.value.managerId, userId: principal.userId };
  const instrument = await deps.registry.readInstrument(user, input.instrumentId);
  if (instrument === null || instrument.status === 'DELETED') return missing;
  const elsewhere = input.connectorId !== undefined && instrument.connectorId !== input.connectorId;
  return elsewhere ? missing : ok(instrument);
}

export async function listInstruments(
  deps: InstrumentReadDeps,
  principal: Principal,
  input: {
    readonly manager: Arn<string> | null;
    readonly connectorId?: string | undefined;
    readonly page: PageRequest;
  },
): Promise<Result<Page<PaymentInstrument>, Refusal>> {
  const manager = await findManager(deps, principal, 'wallet', input.manager);
  if (!manager.ok) return manager;
  const user: UserKey = { managerId: manager.value.managerId, userId: principal.userId };
  const filter = input.connectorId === undefined ? {} : { connectorId: input.connectorId };
  return ok(await deps.registry.listInstruments(user, { ...input.page, ...filter }));
}

/** Closes a wallet for payments. Its key stays, and so does whatever money it holds. */
export async function deleteInstrument(
  deps: Pick<InstrumentsDeps, 'registry' | 'deployment' | 'clock'>,
  principal: Principal,
  input: InstrumentName,
): Promise<Result<PaymentInstrument, Refusal>> {
  const found = await findInstrument(deps, principal, 'manage', input);
  if (!found.ok) return found;
  const deleted = await deps.registry.deleteInstrument(found.value, input.instrumentId, deps.clock.now());
  return deleted === null ? missing : ok(deleted);
}
