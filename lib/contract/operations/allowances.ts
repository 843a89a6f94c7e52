import * as v from 'valibot';
import { define } from '../define.ts';
import type { FamilyDocument } from '../document.ts';
import { address, digits, instant, network as networkAnswer, said, tokenAmount } from '../fields/answers.ts';
import { usd } from '../fields/amounts.ts';
import { INSTRUMENT_ID, MANAGER_ARN, NETWORK, UPDATED_AT, USDC, WALLET } from '../fields/examples.ts';
import { instrumentId, manager } from '../fields/names.ts';
import { text } from '../fields/text.ts';
import type { OperationTable } from '../route.ts';

/**
 * Allowances: what wallets let Permit2 take of their tokens. Who asks for one has neither the keys nor a way to the chain: the
 * wish is written down, and two other functions see to it.
 */
export const ALLOWANCE_ROUTES = {
  RequestAllowance: {
    method: 'POST',
    path: '/bursar/allowances',
    successStatus: 200,
    function: 'manage-instruments',
    roles: ['ManagementRole'],
    user: 'required',
    oauth: null,
  },
  GetAllowance: {
    method: 'GET',
    path: '/bursar/allowances',
    successStatus: 200,
    function: 'read-payments',
    roles: ['ManagementRole', 'ProcessPaymentRole', 'ObserverRole'],
    user: 'required',
    oauth: 'read',
    query: { paymentManagerArn: 'one', paymentInstrumentId: 'one', network: 'one' },
  },
} as const satisfies OperationTable;

export const ALLOWANCE_REQUESTS = /* @__PURE__ */ define(() => {
  const network = v.optional(
    text(8, 32, {
      pattern: /^eip155:[1-9][0-9]{0,24}$/,
      expected: 'a CAIP-2 id of an EVM chain such as eip155:8453',
    }),
  );
  const wallet = { ...manager, paymentInstrumentId: instrumentId, network };
  return {
    RequestAllowance: v.pipe(
      v.object({ ...wallet, amount: v.optional(usd) }),
      v.transform((members) => ({
        manager: members.paymentManagerArn,
        instrumentId: members.paymentInstrumentId,
        network: members.network ?? null,
        amount: members.amount ?? null,
      })),
    ),
    GetAllowance: v.pipe(
      v.object(wallet),
      v.transform((members) => ({
        manager: members.paymentManagerArn,
        instrumentId: members.paymentInstrumentId,
        network: members.network ?? null,
      })),
    ),
  } as const;
});

/** For documents only. */
const MEMBERS = /* @__PURE__ */ define(() => ({
  network: said(v.optional(v.string()), 'may be left out where the deployment allows one network'),
  amount: said(
    v.optional(v.strictObject({ value: v.string(), currency: v.literal('USD') })),
    'the most to approve; 0 takes back what was approved. Without one, as much as open sessions may still need. More than that is never approved',
  ),
}));

export const ALLOWANCE_ANSWERS = /* @__PURE__ */ define(() => {
  const wei = said(digits, 'in wei');
  const known = {
    paymentInstrumentId: v.string(),
    walletAddress: address,
    network: networkAnswer,
    token: said(v.string(), 'its symbol'),
    asset: address,
    spender: said(address, 'Permit2'),
    status: said(
      v.picklist(['NONE', 'REQUESTED', 'UNDER_WAY', 'APPROVED', 'SUFFICIENT', 'NOT_NEEDED', 'REVERTED']),
      'NONE: nobody asked. REQUESTED: it waits for a look at the chain. UNDER_WAY: it is signed for. APPROVED: it is on the chain. SUFFICIENT: the chain showed enough already. NOT_NEEDED: open sessions need nothing, or less than was asked for at the least. REVERTED: the token refused',
    ),
    waitsFor: v.optional(
      said(
        v.picklist(['GAS', 'GAS_BUDGET', 'NONCE', 'FEE']),
        'GAS: the wallet lacks the coin. GAS_BUDGET: the next day, since this one’s budget is used up. NONCE: another transaction of the wallet is under way. FEE: the chain takes no fee that is allowed',
      ),
    ),
    requested: v.optional(said(tokenAmount, 'the most that was asked for; left out where that is what sessions need')),
    amount: v.optional(said(tokenAmount, 'what is being approved, or was approved last')),
    transaction: v.optional(said(v.string(), 'the one that the chain took')),
    endedAt: v.optional(instant),
    gas: said(
      v.strictObject({ perDay: v.nullable(wei), today: wei }),
      'what the wallet’s approvals on this network may cost in a day, null where the deployment sends none, and what they can have cost today',
    ),
  };
  return {
    RequestAllowance: v.strictObject({ allowance: v.strictObject(known) }),
    GetAllowance: v.strictObject({
      allowance: v.strictObject({
        ...known,
        onChain: said(v.nullable(tokenAmount), 'what Permit2 may take now; null where the chain could not be asked'),
      }),
    }),
  } as const;
});

export const ALLOWANCE_DOCUMENT = /* @__PURE__ */ define(() => {
  const wallet = { paymentManagerArn: MANAGER_ARN, paymentInstrumentId: INSTRUMENT_ID, network: NETWORK } as const;
  const allowance = {
    paymentInstrumentId: INSTRUMENT_ID,
    walletAddress: WALLET,
    network: NETWORK,
    token: 'USDC',
    asset: USDC,
    spender: '0x000000000022D473030F116dDEE9F6B43aC78BA3',
  } as const;
  return {
    tag: 'Allowances',
    description:
      'What wallets let the contract Permit2 take of their USDC, without which nothing is settled that was signed as a permit. Never without limit, and never more than open sessions of the wallet’s user may still need. Not in AgentCore.',
    operations: {
      RequestAllowance: {
        summary:
          'Asks for an approval of Permit2, in the place of what was approved before. It is sent within about a minute, and costs the wallet gas. Not in AgentCore.',
        request: { ...wallet, amount: { value: '5.00', currency: 'USD' } },
        members: MEMBERS,
        answer: {
          allowance: {
            ...allowance,
            status: 'REQUESTED',
            requested: '5000000',
            gas: { perDay: '2000000000000000', today: '0' },
          },
        },
      },
      GetAllowance: {
        summary: 'Reads what a wallet lets Permit2 take, what was asked for, and what became of it. Not in AgentCore.',
        request: wallet,
        answer: {
          allowance: {
            ...allowance,
            status: 'APPROVED',
            amount: '5000000',
            transaction: `0x${'5c'.repeat(32)}`,
            endedAt: UPDATED_AT,
            onChain: '5000000',
            gas: { perDay: '2000000000000000', today: '84000000000000' },
          },
        },
      },
    },
  } as const satisfies FamilyDocument<typeof ALLOWANCE_ROUTES, typeof ALLOWANCE_REQUESTS, typeof ALLOWANCE_ANSWERS>;
});
