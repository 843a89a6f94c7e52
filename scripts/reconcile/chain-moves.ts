import {
  BaseError,
  createClient,
  encodeEventTopics,
  erc20Abi,
  formatLog,
  getAddress,
  http,
  numberToHex,
  pad,
  parseAbiItem,
  parseEventLogs,
  type Address,
  type Client,
  type Hex,
  type RpcLog,
} from 'viem';
import { getBlock, getChainId } from 'viem/actions';
import type { Network } from '../../lib/domain/assets.ts';

/** A transfer of the token out of one of the wallets, as the chain recorded it. */
export interface Move {
  readonly transaction: Hex;
  readonly block: bigint;
  readonly from: Address;
  readonly to: Address;
  /** Base units. */
  readonly amount: bigint;
  /** Of the authorization that moved it; `null` where something else did. */
  readonly nonce: Hex | null;
}

export interface ChainMoves {
  readonly moves: readonly Move[];
  readonly fromBlock: bigint;
  readonly toBlock: bigint;
  /** Epoch seconds of the last block that was read. */
  readonly timestamp: bigint;
}

export interface ChainQuestion {
  readonly rpcUrl: string;
  readonly network: Network;
  /** The contract whose transfers are read. */
  readonly token: Hex;
  readonly wallets: readonly Address[];
  /** Epoch seconds: the first block at or after it is the first that is read. */
  readonly since: bigint;
  /** Blocks asked for at once; halved where an endpoint refuses them. */
  readonly blocksPerRequest: number;
}

const TIMEOUT_MS = 30_000;
const RETRIES = 2;
/** More topics in one request than this are refused by public endpoints. */
const WALLETS_PER_REQUEST = 100;
/** A month of Base. */
const BLOCKS_MAX = 1_300_000n;
const MOVES_MAX = 1_000_000;

// https://eips.ethereum.org/EIPS/eip-3009
const AUTHORIZATION_USED = parseAbiItem('event AuthorizationUsed(address indexed authorizer, bytes32 indexed nonce)');
const EVENTS = [...erc20Abi.filter((item) => item.type === 'event' && item.name === 'Transfer'), AUTHORIZATION_USED];
const TOPICS = [
  ...encodeEventTopics({ abi: erc20Abi, eventName: 'Transfer' }),
  ...encodeEventTopics({ abi: [AUTHORIZATION_USED] }),
];

/**
 * Reads every transfer out of the wallets since an instant, in ranges of blocks. It asks an endpoint and believes it: what the
 * endpoint leaves out is not found.
 *
 * @throws Error where the endpoint is of another chain, refuses single blocks, or there are more than a month of Base's blocks.
 * Its message names no URL, which may hold a key
 */
export async function readMoves(question: ChainQuestion): Promise<ChainMoves> {
  const { rpcUrl, network, wallets, since } = question;
  const client = createClient({ transport: http(rpcUrl, { timeout: TIMEOUT_MS, retryCount: RETRIES }) });
  try {
    const chainId = await getChainId(client);
    if (chainId !== network.chainId) {
      throw new Error(`the endpoint is of chain ${chainId}, expected ${network.chainId} (${network.id})`);
    }
    const latest = await getBlock(client, { blockTag: 'latest' });
    const fromBlock = await findBlockAt(client, since, latest);
    if (latest.number - fromBlock >= BLOCKS_MAX) {
      throw new Error(`${latest.number - fromBlock} blocks since then are too many: expected at most ${BLOCKS_MAX}`);
    }
    const logs: RpcLog[] = [];
    for (let first = 0; first < wallets.length; first += WALLETS_PER_REQUEST) {
      const some = wallets.slice(first, first + WALLETS_PER_REQUEST);
      logs.push(...(await readLogs(client, { ...question, wallets: some }, fromBlock, latest.number)));
      if (logs.length > MOVES_MAX) throw new Error(`more than ${MOVES_MAX} entries: name a later instant`);
    }
    return { moves: toMoves(logs), fromBlock, toBlock: latest.number, timestamp: latest.timestamp };
  } catch (error) {
    throw error instanceof BaseError ? toChainError(network, error) : error;
  }
}

/** Without `cause`: the library's messages quote the endpoint's URL. */
function toChainError({ id }: Network, error: BaseError): Error {
  return new Error(`reading ${id} failed: ${error.shortMessage}`);
}

/** The number of the first block at or after an instant; one above the newest where there is none. */
async function findBlockAt(
  client: Client,
  since: bigint,
  latest: { readonly number: bigint; readonly timestamp: bigint },
): Promise<bigint> {
  if (latest.timestamp < since) return latest.number + 1n;
  let [low, high] = [0n, latest.number];
  while (low < high) {
    const middle = (low + high) / 2n;
    const { timestamp } = await getBlock(client, { blockNumber: middle });
    if (timestamp >= since) high = middle;
    else low = middle + 1n;
  }
  return low;
}

async function readLogs(client: Client, question: ChainQuestion, fromBlock: bigint, toBlock: bigint) {
  const logs: RpcLog[] = [];
  let width = BigInt(question.blocksPerRequest);
  for (let first = fromBlock; first <= toBlock;) {
    const last = first + width - 1n > toBlock ? toBlock : first + width - 1n;
    try {
      logs.push(...(await askLogs(client, question, first, last)));
      first = last + 1n;
    } catch (error) {
      // Endpoints refuse ranges and answers that are too long for them, each in words of its own.
      if (width === 1n) throw error;
      width = (width + 1n) / 2n;
    }
  }
  return logs;
}

function askLogs(
  client: Client,
  { token, wallets }: ChainQuestion,
  fromBlock: bigint,
  toBlock: bigint,
): Promise<RpcLog[]> {
  const range = { fromBlock: numberToHex(fromBlock), toBlock: numberToHex(toBlock) };
  const payers = wallets.map((wallet) => pad(wallet).toLowerCase() as Hex);
  // Transfer's `from` and AuthorizationUsed's `authorizer` are both the first indexed member.
  const filter = { address: token, topics: [TOPICS as Hex[], payers], ...range };
  return client.request({ method: 'eth_getLogs', params: [filter] }) as Promise<RpcLog[]>;
}

/** FiatToken records the use of an authorization, and then the transfer that it asked for. */
function toMoves(raw: readonly RpcLog[]): Move[] {
  const logs = parseEventLogs({ abi: EVENTS, logs: raw.map((log) => formatLog(log)) }).toSorted(
    (a, b) => Number(a.blockNumber! - b.blockNumber!) || a.logIndex! - b.logIndex!,
  );
  const used = new Map<string, Hex[]>();
  return logs.flatMap((log) => {
    const placeOf = (payer: Address): string => `${log.transactionHash} ${getAddress(payer)}`;
    if (log.eventName === 'AuthorizationUsed') {
      const place = placeOf(log.args.authorizer);
      used.set(place, [...(used.get(place) ?? []), log.args.nonce]);
      return [];
    }
    const { from, to, value } = log.args;
    const nonce = used.get(placeOf(from))?.shift() ?? null;
    return [{ transaction: log.transactionHash!, block: log.blockNumber!, from, to, amount: value, nonce }];
  });
}
