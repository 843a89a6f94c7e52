import { createRequire } from 'node:module';
import {
  concat,
  encodeFunctionData,
  erc20Abi,
  keccak256,
  numberToHex,
  parseEther,
  type Address,
  type Hex,
  type PublicClient,
} from 'viem';
import { PERMIT2 } from '../../chains/evm/addresses.ts';
import { succeeded, type ChainClients } from './usdc.ts';

const load = createRequire(import.meta.url);
const { initCode } = load('./contracts/permit2.json') as { readonly initCode: Hex };
const proxies = load('./contracts/x402-proxies.json') as Readonly<
  Record<'ExactProxy' | 'UptoProxy' | 'Multicall', Hex>
>;

/** Of the init code that makes Permit2 at its address: with this salt no other code can come to stand there. */
const INIT_CODE_HASH = '0xe2be1e05eedf35dacd66c65c862f8150ff9ab4b6b24b9bbe62be71b6b16cf0f8';
const SALT = '0x0000000000000000000000000000000000000000d3af2663da51c10215000000';
// Arachnid's deployer by CREATE2; every anvil has it.
const DEPLOYER = '0x4e59b44847b379578588920cA78FbF26c0B4956C';
const DEPLOYMENT_GAS = 6_000_000n;
/** Permit2's EIP-712 domain separator on chain 84532. */
const DOMAIN_SEPARATOR = '0x010f27a92fb9a32622f44f001dc4d15706a85b33499cfc2ce9033113ab26592c';
const APPROVAL_FUNDS = parseEther('1');

/** By what x402 settles permits, as its packages name the addresses, and Multicall3, which the official facilitator asks for reasons. */
const PLACED = [
  ['0x402085c248EeA27D92E8b30b2C58ed07f9E20001', proxies.ExactProxy],
  ['0x4020A4f3b7b90ccA423B9fabCc0CE57C6C240002', proxies.UptoProxy],
  ['0xcA11bde05977b3631167028862bE2a173976CA11', proxies.Multicall],
] as const;

const DOMAIN_ABI = [
  {
    type: 'function',
    name: 'DOMAIN_SEPARATOR',
    stateMutability: 'view',
    inputs: [],
    outputs: [{ name: '', type: 'bytes32' }],
  },
] as const;

/**
 * Puts Uniswap's Permit2 at its canonical address, unless it is there already, and stand-ins for x402's proxies at theirs.
 * @throws Error where another contract is at Permit2's address
 */
export async function ensurePermit2({ reader, test, owner }: ChainClients): Promise<void> {
  if ((await reader.getCode({ address: PERMIT2 })) === undefined) {
    if (keccak256(initCode) !== INIT_CODE_HASH) throw new Error('the init code of Permit2 is not the published one');
    const hash = await owner.sendTransaction({ to: DEPLOYER, data: concat([SALT, initCode]), gas: DEPLOYMENT_GAS });
    await succeeded(reader, hash, `placing Permit2 at ${PERMIT2}`);
  }
  const separator = await readSeparator(reader).catch(() => null);
  if (separator !== DOMAIN_SEPARATOR) {
    throw new Error(
      `the contract at ${PERMIT2} is not Permit2. Its domain separator is ${separator}, expected ${DOMAIN_SEPARATOR}`,
    );
  }
  for (const [address, bytecode] of PLACED) await test.setCode({ address, bytecode });
}

function readSeparator(reader: PublicClient): Promise<Hex> {
  return reader.readContract({ address: PERMIT2, abi: DOMAIN_ABI, functionName: 'DOMAIN_SEPARATOR' });
}

/**
 * Lets Permit2 take an amount of a token from an account whose key nobody here has: on a chain of our own, which lets anybody speak
 * for it. What the account has for gas is as before. Not for use in parallel.
 */
export async function approvePermit2(
  { reader, test }: ChainClients,
  token: Address,
  owner: Address,
  amount: bigint,
): Promise<void> {
  const before = await reader.getBalance({ address: owner });
  await test.impersonateAccount({ address: owner });
  try {
    await test.setBalance({ address: owner, value: before + APPROVAL_FUNDS });
    const data = encodeFunctionData({ abi: erc20Abi, functionName: 'approve', args: [PERMIT2, amount] });
    const sent = { from: owner, to: token, data, value: numberToHex(0n) };
    const hash = await test.request({ method: 'eth_sendTransaction', params: [sent] } as never);
    await succeeded(reader, hash as Hex, `approving Permit2 for ${owner}`);
  } finally {
    await test.setBalance({ address: owner, value: before });
    await test.stopImpersonatingAccount({ address: owner });
  }
}
