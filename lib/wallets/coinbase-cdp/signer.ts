import { createHash } from 'node:crypto';
import type { TypedData } from '../../chains/evm/shapes.ts';
import type { Signer } from '../../domain/ports/services.ts';
import type { Hex } from '../../domain/payment/payment.ts';
import { memberOf } from '../../json/record.ts';
import { readCompactSignature } from '../provider-signature.ts';
import { assertDigest, sealSignature, toLowS } from '../secp256k1.ts';
import { endUserPath } from './account.ts';
import type { CallCoinbaseCdp } from './client.ts';

/**
 * Has the platform sign typed data, under the delegation of an end user or with an account of the project. What it answers is
 * taken only if it verifies over our own digest, for the address; v is found by that and not read.
 * Throws `NotNow` where the platform is asked too much, `ProviderRefused` where somebody has to do something first.
 */
export function createCoinbaseCdpSigner({ call }: { readonly call: CallCoinbaseCdp }): Signer {
  return {
    type: 'CoinbaseCDP',
    sign: async (account, message, address, watch) => {
      if (account.type !== 'CoinbaseCDP') throw new Error(`the CoinbaseCDP signer was given a ${account.type} key`);
      assertDigest(message.digest);
      if (message.form !== 'eip712')
        throw new Error('Coinbase is asked for signatures of typed data alone: nothing is released');
      const typedData = withDomainType(message.typedData());
      const { connector, endUserId } = account;
      const { body } = await call(
        {
          connector,
          method: 'POST',
          path:
            endUserId === null
              ? `/v2/evm/accounts/${address}/sign/typed-data`
              : `${endUserPath(endUserId)}/evm/sign/typed-data`,
          body: endUserId === null ? typedData : { address, typedData },
          idempotencyKey: signingKey(message.digest, address),
          watch,
        },
        [200],
      );
      const signature = readCompactSignature(memberOf(body, 'signature'));
      const sealed = signature === null ? null : sealSignature(toLowS(signature), message.digest, address);
      if (sealed === null) throw new Error(`Coinbase gave no signature of ${address}: nothing is released`);
      return sealed;
    },
  };
}

/**
 * Of what is signed, and so the same for every try of a payment: its nonce is the payment's own. A payment whose validity is
 * frozen anew is another message, which the platform would refuse under the key of the first.
 */
function signingKey(digest: Uint8Array, address: Hex): string {
  return createHash('sha256').update(digest).update(address.toLowerCase()).digest('hex');
}

const DOMAIN_FIELDS = [
  { name: 'name', type: 'string' },
  { name: 'version', type: 'string' },
  { name: 'chainId', type: 'uint256' },
  { name: 'verifyingContract', type: 'address' },
] as const;

/** With the type of the domain, as Coinbase's SDK sends it. */
function withDomainType({ domain, types, primaryType, message }: TypedData): TypedData {
  const own = DOMAIN_FIELDS.filter(({ name }) => Object.hasOwn(domain, name));
  return { domain, types: { EIP712Domain: own, ...types }, primaryType, message };
}
