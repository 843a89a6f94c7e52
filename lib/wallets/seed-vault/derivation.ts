import { createHmac } from 'node:crypto';
import { pointFromScalar, privateAdd } from 'tiny-secp256k1';

/** A private key with what its children are derived from. */
export interface PrivateNode {
  readonly privateKey: Uint8Array;
  readonly chainCode: Uint8Array;
}

const HARDENED = 0x8000_0000;
const SCALAR_BYTES = 32;

/** BIP-44: purpose 44', coin type 60' (Ether), account 0'. What is below can be derived from its public key alone. */
export const ACCOUNT_PATH = "m/44'/60'/0'";
const ACCOUNT_STEPS = [HARDENED + 44, HARDENED + 60, HARDENED];
/** Below the account: the external chain. */
export const EXTERNAL_CHAIN = 0;

/**
 * The private node of m/44'/60'/0'/0, whose children are the wallets' keys.
 *
 * These few lines of BIP-32 stand here, and the library only in the provisioner, because they run in the paying function:
 * the library is 39 kB more to load and its self-test doubles the time to a cold function's first signature.
 * @param seed 64 bytes of BIP-39
 * @see https://github.com/bitcoin/bips/blob/master/bip-0032.mediawiki#private-parent-key--private-child-key
 */
export function deriveExternalChain(seed: Uint8Array): PrivateNode {
  let node = split(createHmac('sha512', 'Bitcoin seed').update(seed).digest());
  for (const step of [...ACCOUNT_STEPS, EXTERNAL_CHAIN]) {
    const child = deriveChild(node, step);
    eraseNode(node);
    node = child;
  }
  return node;
}

/** One step of BIP-32 with a private parent; an index from 2^31 on is a hardened one. Leaves the parent as it is. */
export function deriveChild(parent: PrivateNode, index: number): PrivateNode {
  const input = Buffer.alloc(37);
  if (index >= HARDENED) input.set(parent.privateKey, 1);
  else input.set(pointFromScalar(parent.privateKey, true)!, 0);
  input.writeUInt32BE(index, 33);
  const { privateKey: tweak, chainCode } = split(createHmac('sha512', parent.chainCode).update(input).digest());
  input.fill(0);
  const privateKey = privateAdd(parent.privateKey, tweak);
  tweak.fill(0);
  // BIP-32 has such an index skipped; with a probability below 2^-127 there is none.
  if (privateKey === null) throw new Error(`no key at derivation index ${index}`);
  return { privateKey, chainCode };
}

/** Overwrites a node that is not needed any more. */
export function eraseNode(node: PrivateNode): void {
  node.privateKey.fill(0);
  node.chainCode.fill(0);
}

/** Throws unless the number can be the last step of a wallet's path. */
export function assertIndex(index: number): void {
  if (!Number.isInteger(index) || index < 0 || index >= HARDENED) {
    throw new RangeError(`not a derivation index: expected an integer from 0 to 2^31 - 1, got ${index}`);
  }
}

function split(hash: Buffer): PrivateNode {
  return { privateKey: hash.subarray(0, SCALAR_BYTES), chainCode: hash.subarray(SCALAR_BYTES) };
}
