import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { BatchWriteItemCommand, ScanCommand, UpdateItemCommand, type AttributeValue } from '@aws-sdk/client-dynamodb';
import { BIP32Factory } from 'bip32';
import * as ecc from 'tiny-secp256k1';
import { createWalletClient, http, parseAbi, toHex, type Hex } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Eip3009Payload } from '../../lib/chains/evm/eip3009.ts';
import type { Payment } from '../../lib/domain/payment/payment.ts';
import type { Session } from '../../lib/domain/payment/session.ts';
import { addMs, toEpochMs } from '../../lib/domain/time.ts';
import { createGateKeeper } from '../../lib/ledger/dynamodb/books/gate-keeper.ts';
import { createLedger } from '../../lib/ledger/dynamodb/books/ledger.ts';
import { createRegistry } from '../../lib/ledger/dynamodb/registry/registry.ts';
import { toStoreClient } from '../../lib/ledger/dynamodb/store/sdk-client.ts';
import { startChain, type LocalChain } from '../../lib/local/chain/index.ts';
import { schemeOf } from '../../lib/protocols/catalogue.ts';
import { createPayerCache } from '../../lib/service/paying/payer.ts';
import { processPayment, type ProcessPaymentDeps } from '../../lib/service/paying/process-payment.ts';
import { withDatabase, type TestTables } from '../support/database.ts';
import { createPayingWorld, paid, PAYER, type PayingWorld } from '../support/paying.ts';
import { wiring } from '../support/wiring.ts';

// docs/operating.md, "Restoring the tables", from the point-in-time copy to the thaw, with a chain that forgets nothing.

const database = withDatabase();
let chain: LocalChain;
let world: PayingWorld;

beforeEach(async () => {
  Object.assign(process.env, database.environment);
  chain = await startChain({ dataDir: null, env: {} });
  await chain.mint(PAYER, 100_000_000n);
  world = await createPayingWorld(database);
  await setSeed(world);
});
afterEach(() => chain.kill());

const seed = BIP32Factory(ecc).fromSeed(new Uint8Array(32).fill(7)).derivePath("m/44'/60'/0'");

/** The connector of the world has a seed from now on, of which the tests have the private half. */
async function setSeed({ registryTable, manager, instrument }: PayingWorld): Promise<void> {
  const Key = { pk: { S: `MGR#${manager.managerId}` }, sk: { S: `CON#${instrument.connectorId}` } };
  const values = { ':key': { S: seed.neutered().toBase58() } };
  const UpdateExpression = 'SET extendedPublicKey = :key';
  await database.client.send(
    new UpdateItemCommand({ TableName: registryTable, Key, UpdateExpression, ExpressionAttributeValues: values }),
  );
}

type Items = readonly Record<string, AttributeValue>[];

async function itemsOf(TableName: string): Promise<Items> {
  return (await database.client.send(new ScanCommand({ TableName }))).Items ?? [];
}

/** What a restore to this instant makes of both tables: new tables with the items of now. */
async function pointInTime(): Promise<{ readonly since: string; restore(): Promise<TestTables> }> {
  const [books, registry] = [await itemsOf(world.booksTable), await itemsOf(world.registryTable)];
  return {
    since: new Date().toISOString(),
    restore: async () => {
      const tables = await database.freshTables();
      await fill(tables.booksTable, books);
      await fill(tables.registryTable, registry);
      return tables;
    },
  };
}

async function fill(tableName: string, items: Items): Promise<void> {
  const requests = items.map((Item) => ({ PutRequest: { Item } }));
  await database.client.send(new BatchWriteItemCommand({ RequestItems: { [tableName]: requests } }));
}

/** Step 4 of the runbook, to the letter. */
async function closeBooks({ booksTable }: TestTables): Promise<number> {
  const now = Date.now();
  await database.client.send(
    new UpdateItemCommand({
      TableName: booksTable,
      Key: { pk: { S: 'GATE' } },
      UpdateExpression: 'SET fz = :now, fl = :now',
      ExpressionAttributeValues: { ':now': { N: `${now}` } },
    }),
  );
  return now;
}

/** The paying path on tables that were restored, as `existingTables` attaches them. */
function attach({ booksTable: tableName, registryTable }: TestTables): ProcessPaymentDeps {
  const client = toStoreClient(database.client);
  const ledger = createLedger({ tableName, client, singleSendClient: client, ...wiring });
  return {
    ...world.deps,
    ledger,
    registry: createRegistry({ client, tableName: registryTable }),
    payers: createPayerCache(),
  };
}

/** A session that was opened after the books were closed. */
async function openIn({ booksTable }: TestTables): Promise<Session> {
  const createdAt = toEpochMs(Date.now() + 1);
  const session = await world.open({ createdAt, updatedAt: createdAt });
  const items = await itemsOf(world.booksTable);
  await fill(
    booksTable,
    items.filter(({ pk }) => pk?.S?.endsWith(session.sessionId)),
  );
  return session;
}

const ABI = parseAbi([
  'function transferWithAuthorization(address from, address to, uint256 value, uint256 validAfter, uint256 validBefore, bytes32 nonce, bytes signature)',
]);

/** As a seller does with a proof; throws where the token refuses it. */
async function settle({ signature, authorization }: Eip3009Payload): Promise<void> {
  const { from, to, value, validAfter, validBefore, nonce } = authorization;
  const seller = createWalletClient({
    account: chain.devAccount(3),
    chain: chain.chain,
    transport: http(chain.rpcUrl),
  });
  await seller.writeContract({
    address: chain.usdc,
    abi: ABI,
    functionName: 'transferWithAuthorization',
    args: [from, to, BigInt(value), BigInt(validAfter), BigInt(validBefore), nonce, signature],
  });
}

function proofOf({ offer, terms, signatures }: Payment): Eip3009Payload {
  const proof = schemeOf(offer).present(offer, terms, signatures!);
  return ('payload' in proof ? proof.payload : proof) as Eip3009Payload;
}

interface Report {
  readonly settled: number;
  readonly unbooked: readonly {
    readonly why: string;
    readonly move: { readonly from: string; readonly amount: string };
  }[];
  readonly unsettled: readonly { readonly processPaymentId: string; readonly state: string }[];
}

/** `npm run reconcile` as an operator types it. */
async function reconcile(
  tables: TestTables,
  since: string,
): Promise<{ readonly code: number; readonly report: Report }> {
  const names = ['--books', tables.booksTable, '--registry', tables.registryTable, '--region', 'us-east-1'];
  const where = ['--since', since, '--network', 'base-sepolia', '--rpc-url', chain.rpcUrl, '--blocks', '2', '--json'];
  const script = join(import.meta.dirname, '../../scripts/reconcile.ts');
  return new Promise((resolve, reject) => {
    const env = { ...process.env, ...database.environment };
    execFile(process.execPath, [script, ...names, ...where], { env }, (error, stdout, stderr) => {
      const code = typeof error?.code === 'number' ? error.code : 0;
      if (code > 1 || stdout === '') reject(new Error(`reconcile ended with ${code}: ${stderr}`));
      else resolve({ code, report: JSON.parse(stdout) as Report });
    });
  });
}

const soon = () => ({ deadline: addMs(toEpochMs(Date.now()), 15_000) });

describe('a deployment that is restored to an instant before', () => {
  test('a payment: it is named, nothing is paid until the thaw, and its token moves no money again', async () => {
    const session = await world.open();
    const [early, late, never] = [
      paid(await processPayment(world.deps, world.request(session, { amount: '100000' }))),
      paid(await processPayment(world.deps, world.request(session, { amount: '200000' }))),
      paid(await processPayment(world.deps, world.request(session, { amount: '300000' }))),
    ];
    await settle(proofOf(early));
    const { since, restore } = await pointInTime();
    const request = world.request(session, { amount: '400000' });
    const lost = paid(await processPayment(world.deps, request));
    await settle(proofOf(lost));
    await settle(proofOf(late));

    const tables = await restore();
    const frozenAt = await closeBooks(tables);
    const deps = attach(tables);
    expect(await processPayment(deps, { ...request, ...soon() })).toMatchObject({
      ok: false,
      error: { reason: 'frozen' },
    });
    const { code, report } = await reconcile(tables, since);
    expect(code).toBe(1);
    expect(report).toMatchObject({
      settled: 2,
      unbooked: [{ why: 'no_payment', move: { from: PAYER, amount: '400000' } }],
      unsettled: [{ processPaymentId: never.id, state: 'open' }],
    });

    const keeper = createGateKeeper({ tableName: tables.booksTable, client: toStoreClient(database.client) }, () => '');
    await keeper.thaw(null, { since: toEpochMs(frozenAt), at: toEpochMs(Date.now()), by: 'operator' });
    expect(await processPayment(deps, { ...request, ...soon() })).toMatchObject({
      ok: false,
      error: { reason: 'session_below_floor' },
    });
    const fresh = await openIn(tables);
    const again = paid(await processPayment(deps, { ...request, ...soon(), sessionId: fresh.sessionId }));
    const before = await chain.balanceOf(PAYER);
    await expect(settle(proofOf(again))).rejects.toThrow(/authorization is used/);
    expect(await chain.balanceOf(PAYER)).toBe(before);
    // Once the books have the payment again, they agree with the chain.
    expect(await reconcile(tables, since)).toMatchObject({ code: 0, report: { settled: 3, unbooked: [] } });
  });

  test('an instrument: what its forgotten wallet has paid is named', async () => {
    const { since, restore } = await pointInTime();
    const { managerId, connectorId } = world.instrument;
    const index = await world.registry.takeKeyIndex(managerId, connectorId, 0);
    const wallet = privateKeyToAccount(toHex(seed.derive(0).derive(index).privateKey!));
    await chain.mint(wallet.address, 5_000_000n);
    await settle(await authorize(wallet, 1_500_000n));
    const tables = await restore();
    await closeBooks(tables);
    const { code, report } = await reconcile(tables, since);
    expect(code).toBe(1);
    expect(report).toMatchObject({
      settled: 0,
      unbooked: [{ why: 'no_payment', move: { from: wallet.address, amount: '1500000' } }],
    });
  });

  test('a deletion: the instrument is there again, and is deleted once more before the thaw', async () => {
    const session = await world.open();
    const { since, restore } = await pointInTime();
    const user = { managerId: session.managerId, userId: session.userId };
    const { instrumentId } = world.instrument;
    await world.registry.deleteInstrument(user, instrumentId, toEpochMs(Date.now()));
    const tables = await restore();
    const frozenAt = await closeBooks(tables);
    const deps = attach(tables);
    const registry = createRegistry({ client: toStoreClient(database.client), tableName: tables.registryTable });
    expect(await registry.readInstrument(user, instrumentId)).toMatchObject({ status: 'ACTIVE' });
    await registry.deleteInstrument(user, instrumentId, toEpochMs(Date.now()));
    expect(await reconcile(tables, since)).toMatchObject({ code: 0, report: { settled: 0, unbooked: [] } });
    const keeper = createGateKeeper({ tableName: tables.booksTable, client: toStoreClient(database.client) }, () => '');
    await keeper.thaw(null, { since: toEpochMs(frozenAt), at: toEpochMs(Date.now()), by: 'operator' });
    expect(await processPayment(deps, world.request(session))).toMatchObject({
      ok: false,
      error: { reason: 'session_below_floor' },
    });
    expect(await processPayment(deps, world.request(await openIn(tables)))).toMatchObject({
      ok: false,
      error: { reason: 'instrument_not_found' },
    });
  });

  test('money that moved without an authorization is named as well', async () => {
    const { since, restore } = await pointInTime();
    const index = await world.registry.takeKeyIndex(world.instrument.managerId, world.instrument.connectorId, 0);
    const account = privateKeyToAccount(toHex(seed.derive(0).derive(index).privateKey!));
    await chain.mint(account.address, 2_000_000n);
    await chain.fundGas(account.address);
    const thief = createWalletClient({ account, chain: chain.chain, transport: http(chain.rpcUrl) });
    const abi = parseAbi(['function transfer(address to, uint256 value) returns (bool)']);
    const args = [chain.devAccount(9).address, 2_000_000n] as const;
    await thief.writeContract({ address: chain.usdc, abi, functionName: 'transfer', args });
    const { report } = await reconcile(await restore(), since);
    expect(report.unbooked).toMatchObject([{ why: 'no_authorization', move: { from: account.address } }]);
  });
});

/** An authorization as a wallet of ours signs it, by the library. */
async function authorize(wallet: ReturnType<typeof privateKeyToAccount>, value: bigint): Promise<Eip3009Payload> {
  const now = Math.floor(Date.now() / 1_000);
  const message = {
    from: wallet.address,
    to: chain.devAccount(8).address,
    value,
    validAfter: BigInt(now - 600),
    validBefore: BigInt(now + 300),
    nonce: toHex(now, { size: 32 }),
  };
  const signature = await wallet.signTypedData({
    domain: { name: 'USDC', version: '2', chainId: chain.chainId, verifyingContract: chain.usdc },
    types: {
      TransferWithAuthorization: [
        { name: 'from', type: 'address' },
        { name: 'to', type: 'address' },
        { name: 'value', type: 'uint256' },
        { name: 'validAfter', type: 'uint256' },
        { name: 'validBefore', type: 'uint256' },
        { name: 'nonce', type: 'bytes32' },
      ],
    },
    primaryType: 'TransferWithAuthorization',
    message,
  });
  const { validAfter, validBefore, ...rest } = message;
  const texts = { value: `${value}`, validAfter: `${validAfter}`, validBefore: `${validBefore}` };
  return { signature: signature as Hex, authorization: { ...rest, ...texts } };
}
