import type { KeyWallet } from '../../domain/ports/wallets.ts';

declare module '../../domain/tenants/wallet-shapes.ts' {
  interface KeyWalletShapes {
    /** One key in KMS per instrument; the connector has nothing of its own. */
    AwsKms: { readonly material: object; readonly key: { readonly keyArn: string } };
  }
}

export const awsKms: KeyWallet<'AwsKms'> = { type: 'AwsKms', material: {}, key: { keyArn: { text: 'keyArn' } } };
