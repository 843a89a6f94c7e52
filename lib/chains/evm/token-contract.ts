import type { Hex } from '../../domain/payment/shapes.ts';
import type { NetworkId } from '../../domain/assets.ts';
import type { Token } from '../../domain/tokens/token.ts';
import type { JsonRpc } from './authorization-state.ts';
import { domainSeparator, transferTypeHash } from './eip3009.ts';
import { pinnedNetwork } from './tokens.ts';

/** `decimals()` */
const DECIMALS = '0x313ce567';
/** `DOMAIN_SEPARATOR()` */
const DOMAIN_SEPARATOR = '0x3644e515';
/** `TRANSFER_WITH_AUTHORIZATION_TYPEHASH()` */
const TRANSFER_TYPEHASH = '0xa0cc6a68';
/** `authorizationState(address,bytes32)` of nobody. */
const AUTHORIZATION_OF_NOBODY = `0xe94a0102${'0'.repeat(128)}`;
const WORD = /^0x[0-9a-fA-F]{64}$/;

/**
 * Holds a token of our own table against its contract: that there is one, its decimals, and for a token of EIP-3009 its domain
 * separator and that it knows such transfers.
 *
 * @returns what is wrong, each as a clause; none: the chain says what the table says. Throws where the endpoint does not answer
 */
export async function findTokenFaults(
  rpc: JsonRpc,
  { network, asset }: { readonly network: NetworkId; readonly asset: Token },
): Promise<readonly string[]> {
  const { chainId } = pinnedNetwork(network);
  const chain = await rpc('eth_chainId', []);
  if (typeof chain !== 'string' || Number(chain) !== chainId)
    return [`the endpoint is of another chain, ${shown(chain)}`];
  const code = await rpc('eth_getCode', [asset.address, 'latest']);
  if (typeof code !== 'string' || !/^0x[0-9a-fA-F]{2,}$/.test(code)) return ['there is no contract at its address'];
  const ask = async (data: string): Promise<Hex | null> => {
    // A contract that does not know the call reverts, which an endpoint answers as an error.
    const answer = await rpc('eth_call', [{ to: asset.address, data }, 'latest']).catch(() => null);
    return typeof answer === 'string' && WORD.test(answer) ? (answer.toLowerCase() as Hex) : null;
  };
  const decimals = await ask(DECIMALS);
  const faults: string[] = [];
  if (decimals === null || BigInt(decimals) !== BigInt(asset.decimals)) {
    const said = decimals === null ? 'does not say its decimals' : `has ${BigInt(decimals)} decimals`;
    faults.push(`its contract ${said}, and the table says ${asset.decimals}`);
  }
  if (asset.domainName === null) return confirmed(rpc, faults);
  const separator = await ask(DOMAIN_SEPARATOR);
  if (separator !== toHex(domainSeparator(network, asset))) {
    faults.push(
      `its contract has another EIP-712 domain than name '${asset.domainName}' and version '${asset.domainVersion}' give: what is signed would be worth nothing`,
    );
  }
  const [typeHash, state] = [await ask(TRANSFER_TYPEHASH), await ask(AUTHORIZATION_OF_NOBODY)];
  // Some tokens keep the type to themselves; all of EIP-3009 say what became of a nonce.
  const hasTransfers = state !== null && (typeHash === null || typeHash === toHex(transferTypeHash()));
  if (!hasTransfers) faults.push('its contract has no transfer by EIP-3009');
  return confirmed(rpc, faults);
}

/** An endpoint that went away meanwhile looks like a contract that does not answer: it is asked once more. */
async function confirmed(rpc: JsonRpc, faults: readonly string[]): Promise<readonly string[]> {
  if (faults.length > 0) await rpc('eth_chainId', []);
  return faults;
}

function toHex(bytes: Uint8Array): Hex {
  return `0x${Buffer.from(bytes).toString('hex')}`;
}

function shown(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, 20) : 'which says none';
}
