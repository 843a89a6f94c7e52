import * as v from 'valibot';
import { define } from '../define.ts';
import { instant, said } from './answers.ts';
import * as example from './examples.ts';

const statement = () =>
  v.strictObject({
    format: v.picklist(['eip712', 'jws']),
    payload: said(v.record(v.string(), v.union([v.string(), v.number()])), 'what is signed, as x402 has it'),
    signature: said(v.string(), 'in hex; of jws its compact form'),
    signer: said(
      v.picklist(['PAYEE', 'UNKNOWN']),
      'PAYEE: the key of payTo signed it. UNKNOWN: nobody has looked whose signature it is, or it is of another key',
    ),
    keptAt: instant,
  });

/** What a seller signed of a payment. */
export const evidence = /* @__PURE__ */ define(() =>
  said(
    v.strictObject({
      offer: v.optional(said(statement(), 'from the 402: the offer that was paid')),
      receipt: v.optional(said(statement(), 'from the settlement, as the client passed it on; it names no amount')),
    }),
    'statements by the extension offer-receipt of x402, where its seller has it',
  ),
);

export const EVIDENCE = /* @__PURE__ */ define(
  () =>
    ({
      offer: {
        format: 'eip712',
        payload: {
          version: 1,
          resourceUrl: 'https://api.example.com/market-data',
          scheme: 'exact',
          network: example.NETWORK,
          asset: example.USDC,
          payTo: example.PAYEE,
          amount: '500000',
          validUntil: 1_795_858_332,
        },
        signature: example.SIGNATURE,
        signer: 'PAYEE',
        keptAt: example.UPDATED_AT,
      },
    }) as const,
);
