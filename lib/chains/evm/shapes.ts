import type { TransactionMessage } from './fee-transaction.ts';

/** EIP-712 typed data as wallet providers take it; numbers are decimal strings. */
export interface TypedData {
  readonly domain: Readonly<Record<string, string | number>>;
  readonly types: Readonly<Record<string, readonly { readonly name: string; readonly type: string }[]>>;
  readonly primaryType: string;
  readonly message: Readonly<Record<string, unknown>>;
}

/** Typed data to sign. */
export interface Eip712Message {
  readonly form: 'eip712';
  /** The 32 bytes that a key signs: the hash of `typedData`. */
  readonly digest: Uint8Array;
  /** Made when asked for: key wallets need the digest alone. */
  readonly typedData: () => TypedData;
}

declare module '../../domain/payment/shapes.ts' {
  interface ChainFamilies {
    evm: {
      /** 20 bytes with their EIP-55 checksum. */
      readonly address: Hex;
      readonly message: Eip712Message | TransactionMessage;
      /** 65 bytes r, s (low), v (27 or 28). */
      readonly signature: Hex;
    };
  }
}
