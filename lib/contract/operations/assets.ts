import * as v from 'valibot';
import { define } from '../define.ts';
import type { FamilyDocument } from '../document.ts';
import { address, network, said } from '../fields/answers.ts';
import { MANAGER_ARN, NETWORK, USDC } from '../fields/examples.ts';
import { manager } from '../fields/names.ts';
import type { OperationTable } from '../route.ts';

/** What a deployment pays in: its own table, never a seller's word. */
export const ASSET_ROUTES = {
  ListAssets: {
    method: 'GET',
    path: '/bursar/assets',
    successStatus: 200,
    function: 'read-payments',
    roles: ['ManagementRole', 'ProcessPaymentRole', 'ObserverRole'],
    user: 'required',
    oauth: 'read',
    query: { paymentManagerArn: 'one' },
  },
} as const satisfies OperationTable;

export const ASSET_REQUESTS = /* @__PURE__ */ define(
  () =>
    ({
      ListAssets: v.pipe(
        v.object(manager),
        v.transform(({ paymentManagerArn }) => ({ manager: paymentManagerArn })),
      ),
    }) as const,
);

export const ASSET_ANSWERS = /* @__PURE__ */ define(
  () =>
    ({
      ListAssets: v.strictObject({
        assets: v.array(
          v.strictObject({
            network,
            address,
            symbol: v.string(),
            decimals: v.number(),
            domain: said(
              v.nullable(v.strictObject({ name: v.string(), version: v.string() })),
              'of EIP-712, under which a transfer is signed; null: the token has no EIP-3009, and is paid by Permit2 alone',
            ),
            usdRate: said(
              v.nullable(v.strictObject({ usd: v.string(), asOf: v.string() })),
              'what one whole token costs a budget, and the day of which that is; null for USDC, which is a dollar, and for a token without a rate',
            ),
            payable: said(v.boolean(), 'false: nothing is bought in it, since it has no rate, or one that is too old'),
          }),
        ),
      }),
    }) as const,
);

export const ASSET_DOCUMENT = {
  tag: 'Assets',
  description: 'The tokens that the deployment pays in, on the networks that it pays on. Not in AgentCore.',
  operations: {
    ListAssets: {
      summary: 'Lists the tokens of the deployment, with their domains and rates. Not in AgentCore.',
      request: { paymentManagerArn: MANAGER_ARN },
      answer: {
        assets: [
          {
            network: NETWORK,
            address: USDC,
            symbol: 'USDC',
            decimals: 6,
            domain: { name: 'USDC', version: '2' },
            usdRate: null,
            payable: true,
          },
        ],
      },
    },
  },
} as const satisfies FamilyDocument<typeof ASSET_ROUTES, typeof ASSET_REQUESTS, typeof ASSET_ANSWERS>;
