import { createHash } from 'node:crypto';
import type { TypedData } from '../../chains/evm/shapes.ts';
import type { Hex } from '../../domain/payment/payment.ts';
import { ProviderRefused, type Signer } from '../../domain/ports/services.ts';
import { memberOf } from '../../json/record.ts';
import { readCompactSignature } from '../provider-signature.ts';
import { assertDigest, sealSignature, toLowS } from '../secp256k1.ts';
import { walletPath } from './account.ts';
import type { CallStripePrivy } from './client.ts';
import { readDelegation } from './delegation.ts';

/**
 * Has Privy sign typed data, with the authorization key as an owner or additional signer of the wallet. What it answers is taken
 * only if it verifies over our own digest, for the address; v is found by that and not read.
 * Throws `NotNow` where Privy is asked too much, `ProviderRefused` where somebody has to do something first.
 */
export function createStripePrivySigner({ call }: { readonly call: CallStripePrivy }): Signer {
  return {
    type: 'StripePrivy',
    sign: async (account, message, address, watch) => {
      if (account.type !== 'StripePrivy') throw new Error(`the StripePrivy signer was given a ${account.type} key`);
      assertDigest(message.digest);
      if (message.form !== 'eip712')
        throw new Error('Privy is asked for signatures of typed data alone: nothing is released');
      const { connector, walletId } = account;
      const asking = call(
        {
          connector,
          method: 'POST',
          path: `${walletPath(walletId)}/rpc`,
          body: toRpc(message.typedData()),
          idempotencyKey: signingKey(message.digest, address),
          signed: true,
          watch,
        },
        [200],
      );
      const { body } = await asking.catch(async (error: unknown) => {
        throw (await isUnknownSigner(call, account, error))
          ? new ProviderRefused('delegation_inactive', INACTIVE)
          : error;
      });
      const signature = readCompactSignature(memberOf(memberOf(body, 'data'), 'signature'));
      const sealed = signature === null ? null : sealSignature(toLowS(signature), message.digest, address);
      if (sealed === null) throw new Error(`Privy gave no signature of ${address}: nothing is released`);
      return sealed;
    },
  };
}

const INACTIVE =
  'The authorization key is not a signer of the Privy wallet. Please redirect the end user to where signers are added. Nothing was signed';

/** Privy refuses a signature of a key that it does not know, and of one that the wallet’s owner has taken away, with the same words. */
async function isUnknownSigner(
  call: CallStripePrivy,
  account: { readonly connector: string; readonly walletId: string },
  error: unknown,
): Promise<boolean> {
  if (!(error instanceof ProviderRefused) || error.trouble !== 'provider_credentials') return false;
  // The first refusal stands where nobody can say more.
  const state = await readDelegation(call, account).catch(() => null);
  return state?.status === 'INACTIVE';
}

/**
 * Of what is signed, and so the same for every try of a payment: its nonce is the payment's own. A payment whose validity is
 * frozen anew is another message, which Privy would refuse under the key of the first.
 */
function signingKey(digest: Uint8Array, address: Hex): string {
  return createHash('sha256').update(digest).update(address.toLowerCase()).digest('hex');
}

/** As Privy's SDK sends it. */
function toRpc({ domain, types, primaryType, message }: TypedData): object {
  return {
    params: { typed_data: { domain, types, primary_type: primaryType, message } },
    method: 'eth_signTypedData_v4',
    chain_type: 'ethereum',
  };
}
