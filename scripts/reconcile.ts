import { parseArgs } from 'node:util';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { formatUnits, getAddress } from 'viem';
import { parseAddress } from '../lib/chains/evm/address.ts';
import { formatTable } from '../lib/cli/terminal/layout.ts';
import { findNetwork, type Network } from '../lib/domain/assets.ts';
import type { Hex } from '../lib/domain/payment/shapes.ts';
import { EURC } from '../lib/domain/tokens/eurc.ts';
import { readPayments, readWallets } from './reconcile/books.ts';
import { readMoves } from './reconcile/chain-moves.ts';
import { compare, type Comparison } from './reconcile/compare.ts';
import { AUTHORIZATION_LEAD_MS } from './reconcile/window.ts';

const USAGE = `usage: npm run reconcile -- --books TABLE --registry TABLE --since INSTANT --network NAME --rpc-url URL

Holds the transfers of a token out of all wallets, as a chain shows them, against the signed payments of the books. For tables that were
restored: names what was paid and is missing, and what was signed and is not on the chain. It changes nothing.

  --books TABLE     the name of the table of the books
  --registry TABLE  the name of the table of managers and instruments
  --since INSTANT   that of the restore, in UTC, such as 2026-11-28T12:00:00Z
  --network NAME    CAIP-2 id or x402 name, such as eip155:8453 or base
  --rpc-url URL     an endpoint of that network which answers eth_getLogs
  --asset ADDRESS   the token (default: the USDC of the network)
  --decimals N      of the token, where it is neither USDC nor EURC
  --region REGION   of the tables (default: that of the credential chain)
  --wallet ADDRESS  another wallet, such as one of a KMS key whose instrument was forgotten; may be repeated
  --ahead N         addresses of each seed beyond those that its connector has counted (default 50, at most 1000)
  --blocks N        blocks asked for at once (default 2000, at most 10000)
  --json            everything as JSON

It needs dynamodb:Scan on both tables and kms:Decrypt with their key. Exit code: 0 where all transfers are in the books, 1 where
some are not, 2 where it could not be found out.`;

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,3})?Z$/;
const [AHEAD_DEFAULT, AHEAD_MAX] = [50, 1_000];
const [BLOCKS_DEFAULT, BLOCKS_MAX] = [2_000, 10_000];
/** As far as the books go. */
const DECIMALS_MAX = 36;
const EXIT = { agreed: 0, differs: 1, unknown: 2 } as const;

class UsageError extends Error {
  override readonly name = 'UsageError';
}

function readChoices() {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    options: {
      books: text,
      registry: text,
      since: text,
      network: text,
      'rpc-url': text,
      asset: text,
      decimals: text,
      region: text,
      wallet: { ...text, multiple: true, default: [] },
      ahead: text,
      blocks: text,
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return null;
  const required = (name: 'books' | 'registry' | 'since' | 'network' | 'rpc-url'): string => {
    const value = values[name];
    if (value === undefined) throw new UsageError(`--${name} is missing`);
    return value;
  };
  const network = findNetwork(required('network'));
  if (network === undefined) throw new UsageError(`--network is unknown: ${values.network}`);
  return {
    books: required('books'),
    registry: required('registry'),
    sinceMs: parseInstant(required('since')),
    network,
    token: parseToken(network, values.asset, values.decimals),
    rpcUrl: parseUrl(required('rpc-url')),
    region: values.region,
    wallets: values.wallet.map(parseWallet),
    ahead: parseCount('ahead', values.ahead, { byDefault: AHEAD_DEFAULT, min: 0, max: AHEAD_MAX }),
    blocks: parseCount('blocks', values.blocks, { byDefault: BLOCKS_DEFAULT, min: 1, max: BLOCKS_MAX }),
    json: values.json,
  };
}

function parseInstant(text: string): number {
  const ms = INSTANT.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(ms)) return ms;
  throw new UsageError(`--since must be an instant in UTC such as 2026-11-28T12:00:00Z. Received: ${text}`);
}

/** Says nothing of what it was given, which may hold a key. */
function parseUrl(text: string): string {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text;
  throw new UsageError('--rpc-url must be an http or https URL');
}

/** What is compared: where it is held, and how it is shown. */
interface Token {
  readonly address: Hex;
  readonly symbol: string;
  readonly decimals: number;
}

function parseToken({ id, usdc }: Network, asset: string | undefined, decimals: string | undefined): Token {
  if (asset === undefined) return usdc;
  const address = parseAddress(asset);
  if (address === null) throw new UsageError(`--asset must be an EVM address. Received: ${asset}`);
  const pinned = [usdc, EURC.get(id)].find((token) => token?.address === address);
  if (pinned !== undefined) return pinned;
  if (decimals === undefined) throw new UsageError('--decimals is missing: --asset is neither USDC nor EURC');
  const [byDefault, min, max] = [0, 0, DECIMALS_MAX];
  return { address, symbol: 'AMOUNT', decimals: parseCount('decimals', decimals, { byDefault, min, max }) };
}

function parseWallet(text: string): string {
  const address = parseAddress(text);
  if (address !== null) return address;
  throw new UsageError(`--wallet must be an EVM address. Received: ${text}`);
}

function parseCount(
  name: string,
  text: string | undefined,
  { byDefault, min, max }: { readonly byDefault: number; readonly min: number; readonly max: number },
): number {
  if (text === undefined) return byDefault;
  const count = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
  if (count >= min && count <= max) return count;
  throw new UsageError(`--${name} must be an integer from ${min} to ${max}. Received: ${text}`);
}

const WHY = {
  no_payment: 'the books do not know it: it was signed after the restored instant',
  not_signed: 'the books never saw it signed',
  other_terms: 'the books signed another amount or payee under its nonce',
  no_authorization: 'no authorization moved it: the key was used outside Bursar',
} as const;

function format({ settled, unbooked, unsettled, uncompared }: Comparison, { symbol, decimals }: Token): string[] {
  const units = (amount: bigint): string => formatUnits(amount, decimals);
  const paid = unbooked.map(({ move, why }) => [units(move.amount), move.from, move.to, move.transaction, WHY[why]]);
  const open = unsettled.map(({ payment, state }) => [
    units(payment.offer.amount),
    payment.id,
    payment.sessionId,
    state,
  ]);
  return [
    `${settled} signed payments are on the chain`,
    ...(uncompared === 0 ? [] : [`${uncompared} payments have no nonce to compare`]),
    `${unbooked.length} transfers are not in the books`,
    ...(paid.length === 0 ? [] : [formatTable([[symbol, 'WALLET', 'PAYEE', 'TRANSACTION', 'WHY'], ...paid])]),
    `${unsettled.length} signed payments are not on the chain`,
    ...(open.length === 0 ? [] : [formatTable([[symbol, 'PAYMENT', 'SESSION', 'AUTHORIZATION'], ...open])]),
  ];
}

async function main(): Promise<number> {
  const choices = readChoices();
  if (choices === null) {
    process.stdout.write(`${USAGE}\n`);
    return EXIT.agreed;
  }
  const { network, token, rpcUrl, region, json } = choices;
  const client = new DynamoDBClient(region === undefined ? {} : { region });
  try {
    const tables = { client, booksTable: choices.books, registryTable: choices.registry };
    const sinceMs = choices.sinceMs - AUTHORIZATION_LEAD_MS;
    const { known, forgotten } = await readWallets(tables, choices.ahead);
    const wallets = [...new Set([...known, ...forgotten, ...choices.wallets])].map((text) => getAddress(text));
    const seen = await readMoves({
      rpcUrl,
      network,
      token: token.address,
      wallets,
      since: BigInt(Math.floor(sinceMs / 1_000)),
      blocksPerRequest: choices.blocks,
    });
    const payments = await readPayments(tables, sinceMs - AUTHORIZATION_LEAD_MS);
    const own = payments.filter(({ offer }) => offer.network === network.id && offer.asset === token.address);
    const comparison = compare(seen.moves, own, { since: sinceMs, timestamp: seen.timestamp });
    const summary = `${wallets.length} wallets on ${network.id}, blocks ${seen.fromBlock} to ${seen.toBlock}`;
    const text = json ? toJson(comparison) : [summary, ...format(comparison, token)].join('\n');
    process.stdout.write(`${text}\n`);
    return comparison.unbooked.length === 0 ? EXIT.agreed : EXIT.differs;
  } finally {
    client.destroy();
  }
}

/** Amounts as decimal texts. Of a payment no terms: with a signature they would be worth money. */
function toJson({ unsettled, ...rest }: Comparison): string {
  const payments = unsettled.map(({ payment: { id, managerId, userId, sessionId, instrumentId, offer }, state }) => {
    const { payTo, amount } = offer;
    return { processPaymentId: id, managerId, userId, sessionId, instrumentId, payTo, amount, state };
  });
  const plain = (_key: string, value: unknown): unknown => (typeof value === 'bigint' ? `${value}` : value);
  return JSON.stringify({ ...rest, unsettled: payments }, plain, 2);
}

try {
  process.exitCode = await main();
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`reconcile: ${message}${error instanceof UsageError ? '\n\n' + USAGE : ''}\n`);
  process.exitCode = EXIT.unknown;
}
