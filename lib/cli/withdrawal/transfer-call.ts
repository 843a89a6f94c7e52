/** What the deployment signed, as x402's scheme `exact` presents it. */
export interface SignedTransfer {
  readonly signature: string;
  readonly authorization: {
    readonly from: string;
    readonly to: string;
    readonly value: string;
    readonly validAfter: string;
    readonly validBefore: string;
    readonly nonce: string;
  };
}

/** `transferWithAuthorization(address,address,uint256,uint256,uint256,bytes32,uint8,bytes32,bytes32)` */
const SELECTOR = 'e3ee160e';
const WORD_HEX_CHARS = 64;
const SIGNATURE = /^0x([0-9a-f]{64})([0-9a-f]{64})(1b|1c)$/;

function word(hex: string): string {
  if (!/^[0-9a-fA-F]{1,64}$/.test(hex))
    throw new Error('the deployment answered a transfer with a field of another form');
  return hex.toLowerCase().padStart(WORD_HEX_CHARS, '0');
}

function numberWord(decimal: string): string {
  if (!/^[0-9]{1,78}$/.test(decimal))
    throw new Error('the deployment answered a transfer with a number of another form');
  return word(BigInt(decimal).toString(16));
}

/**
 * The data of a transaction to the token's contract that carries out a signed transfer. Anybody may send it, and pays the gas.
 * Throws on a field of another form.
 *
 * @see https://eips.ethereum.org/EIPS/eip-3009
 */
export function formatTransferCall({ signature, authorization }: SignedTransfer): `0x${string}` {
  const { from, to, value, validAfter, validBefore, nonce } = authorization;
  const [, r, s, v] = SIGNATURE.exec(signature) ?? [];
  if (r === undefined || s === undefined || v === undefined) {
    throw new Error('the deployment answered a signature of another form');
  }
  const words = [
    word(from.slice(2)),
    word(to.slice(2)),
    ...[value, validAfter, validBefore].map(numberWord),
    word(nonce.slice(2)),
    ...[v, r, s].map(word),
  ];
  return `0x${SELECTOR}${words.join('')}`;
}
