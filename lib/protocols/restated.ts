import { findNetwork } from '../domain/assets.ts';
import { parseUsd } from '../domain/money.ts';
import type { PaymentWay, Presentation, SignedFor } from './challenge.ts';
import { NAME as CREDENTIAL_WAY } from './mpp/methods/evm-charge/name.ts';
import { restateEntry } from './x402/restated-entry.ts';
import { X402_SCHEMES } from './x402/schemes/catalogue.ts';

// Loaded where a seller does not offer any more what was signed for.

/**
 * How to present a proof that was signed for terms which the seller does not offer: as an entry of these terms. Throws for a network
 * that Bursar does not know.
 * @param way of the proof, where the entry is one of another way; `null`: it is of the same
 */
export function restate({ challenge, entry }: Presentation, signed: SignedFor, way: PaymentWay | null): Presentation {
  // A credential of MPP holds its terms itself.
  if (challenge.document === null || way?.protocol === CREDENTIAL_WAY.protocol) return { challenge, entry };
  const network = findNetwork(signed.network);
  const price = parseUsd(signed.amountUsd);
  if (network === undefined || !price.ok) throw new Error('the stored payment is of another release');
  const { asset, token, payTo } = signed;
  const { version } = challenge.document;
  const terms = { network, price: price.value, asset, token, payTo, way: way === null ? null : toEntryWay(way) };
  return { challenge, entry: restateEntry(version, entry, terms) };
}

function toEntryWay(way: PaymentWay): { readonly scheme: string; readonly extra: object } {
  const { scheme, transferMethod } = way;
  const found = X402_SCHEMES.payable.find((each) => each.scheme === scheme && each.transferMethod === transferMethod);
  if (found === undefined) throw new Error('the stored payment is of another release');
  return { scheme, extra: found.extraOf(way) };
}
