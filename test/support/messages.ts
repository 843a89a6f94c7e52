import type { SigningMessage } from '../../lib/domain/payment/shapes.ts';

/** A message of which a test knows the digest alone: what key wallets sign. */
export function messageOf(digest: Uint8Array): SigningMessage {
  return {
    form: 'eip712',
    digest,
    typedData: () => {
      throw new Error('a key wallet needs no typed data');
    },
  };
}
