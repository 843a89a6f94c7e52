import type { KeyWallet } from '../../domain/ports/wallets.ts';

/** Where the signer is asked, and with which key requests to it are signed. */
interface SignerReference {
  /** An https URL, http on the loopback alone; or the ARN of a Lambda function. It is what requests are signed for. */
  readonly uri: string;
  /** The secret of the request key. */
  readonly secretArn: string;
}

declare module '../../domain/tenants/wallet-shapes.ts' {
  interface KeyWalletShapes {
    /** Keys behind an HTTPS endpoint or a Lambda function of the user's own, which is asked for every signature. */
    ExternalSigner: {
      /** `publicKey`: the Ed25519 key that requests are verified with, 32 bytes in unpadded base64url. */
      readonly material: SignerReference & { readonly publicKey: string };
      readonly key: SignerReference;
    };
  }
}

const reference = { uri: { text: 'signerUrl' }, secretArn: { text: 'secretArn' } };

export const externalSigner: KeyWallet<'ExternalSigner'> = {
  type: 'ExternalSigner',
  isRemote: true,
  material: { ...reference, publicKey: { text: 'signerPublicKey' } },
  key: reference,
};
