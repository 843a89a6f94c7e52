import * as v from 'valibot';
import { define } from '../define.ts';
import type { FamilyDocument } from '../document.ts';
import { address, network as networkAnswer, said, tokenAmount, usdText } from '../fields/answers.ts';
import { CONNECTOR_ID, INSTRUMENT_ID, MANAGER_ARN, NETWORK, USDC, WALLET } from '../fields/examples.ts';
import { instrumentId, manager } from '../fields/names.ts';
import { text } from '../fields/text.ts';
import type { OperationTable } from '../route.ts';

/** What wallets hold. Apart from withdrawals, since who signs those reads no chain. */
export const FUNDS_ROUTES = {
  GetInstrumentFunds: {
    method: 'GET',
    path: '/bursar/instruments/{paymentInstrumentId}/funds',
    successStatus: 200,
    function: 'read-payments',
    roles: ['TreasuryRole'],
    user: 'required',
    oauth: null,
    query: { paymentManagerArn: 'one', network: 'one' },
  },
} as const satisfies OperationTable;

export const FUNDS_REQUESTS = /* @__PURE__ */ define(() => {
  const network = v.optional(
    text(8, 32, {
      pattern: /^eip155:[1-9][0-9]{0,24}$/,
      expected: 'a CAIP-2 id of an EVM chain such as eip155:8453',
    }),
  );
  return {
    GetInstrumentFunds: v.pipe(
      v.object({ ...manager, paymentInstrumentId: instrumentId, network }),
      v.transform((members) => ({
        manager: members.paymentManagerArn,
        instrumentId: members.paymentInstrumentId,
        network: members.network ?? null,
      })),
    ),
  } as const;
});

export const FUNDS_ANSWERS = /* @__PURE__ */ define(
  () =>
    ({
      GetInstrumentFunds: v.strictObject({
        paymentInstrumentId: v.string(),
        paymentConnectorId: v.string(),
        status: v.picklist(['INITIATED', 'ACTIVE', 'FAILED', 'DELETED']),
        walletAddress: address,
        funds: v.array(
          v.strictObject({
            network: networkAnswer,
            token: said(v.string(), 'its symbol'),
            asset: address,
            decimals: v.number(),
            amount: said(v.nullable(tokenAmount), 'null where the chain could not be asked'),
            amountUsd: said(v.nullable(usdText), 'null too where nobody has said what the token costs'),
            fee: v.optional(
              said(
                v.nullable(tokenAmount),
                'of the network’s own coin alone: the most that its withdrawal may cost, which is to be left; null where the chain could not be asked',
              ),
            ),
          }),
        ),
      }),
    }) as const,
);

export const FUNDS_DOCUMENT = {
  tag: 'Funds',
  description: 'What wallets hold, which the treasury may take out.',
  operations: {
    GetInstrumentFunds: {
      summary:
        'Reads from the chains what a wallet holds of every token and of the network’s own coin, deleted or not. Not in AgentCore.',
      request: { paymentManagerArn: MANAGER_ARN, paymentInstrumentId: INSTRUMENT_ID },
      answer: {
        paymentInstrumentId: INSTRUMENT_ID,
        paymentConnectorId: CONNECTOR_ID,
        status: 'ACTIVE',
        walletAddress: WALLET,
        funds: [
          {
            network: NETWORK,
            token: 'USDC',
            asset: USDC,
            decimals: 6,
            amount: '12500000',
            amountUsd: '12.50',
          },
          {
            network: NETWORK,
            token: 'ETH',
            asset: '0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE',
            decimals: 18,
            amount: '2000000000000000',
            amountUsd: null,
            fee: '5250000000000',
          },
        ],
      },
    },
  },
} as const satisfies FamilyDocument<typeof FUNDS_ROUTES, typeof FUNDS_REQUESTS, typeof FUNDS_ANSWERS>;
