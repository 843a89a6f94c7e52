import * as v from 'valibot';
import { URL_MAX_CHARS } from '../../domain/limits.ts';
import { isSecureUrl } from '../../domain/loopback.ts';
import { define } from '../define.ts';
import type { FamilyDocument } from '../document.ts';
import { fundedNetwork, said, walletAddress } from '../fields/answers.ts';
import { usdAboveZero } from '../fields/amounts.ts';
import { INSTRUMENT_ID, MANAGER_ARN, NETWORK, WALLET } from '../fields/examples.ts';
import { instrumentId, manager } from '../fields/names.ts';
import { text } from '../fields/text.ts';
import type { OperationTable } from '../route.ts';

/**
 * Funding: how money comes into wallets by their providers. Anybody can send to a wallet's address; these are for people who have
 * no tokens yet. Both ask the provider, with credentials that the function which makes wallets reads.
 */
export const FUNDING_ROUTES = {
  CreateOnrampSession: {
    method: 'POST',
    path: '/bursar/createOnrampSession',
    successStatus: 201,
    function: 'manage-instruments',
    roles: ['ManagementRole'],
    user: 'required',
    oauth: 'wallet',
    walletPage: true,
  },
  RequestTestFunds: {
    method: 'POST',
    path: '/bursar/requestTestFunds',
    successStatus: 200,
    function: 'manage-instruments',
    roles: ['ManagementRole'],
    user: 'required',
    oauth: 'wallet',
  },
} as const satisfies OperationTable;

export const FUNDING_REQUESTS = /* @__PURE__ */ define(() => {
  const network = v.optional(
    text(8, 39, {
      pattern: /^(eip155:[1-9][0-9]{0,24}|solana:[1-9A-HJ-NP-Za-km-z]{32})$/,
      expected: 'a CAIP-2 id of an EVM chain such as eip155:8453, or of Solana',
    }),
  );
  const wallet = { ...manager, paymentInstrumentId: instrumentId, network };
  const returnUrl = v.pipe(
    text(1, URL_MAX_CHARS),
    v.check((value) => URL.canParse(value) && isSecureUrl(new URL(value)), 'must be an https URL'),
  );
  return {
    CreateOnrampSession: v.pipe(
      v.object({ ...wallet, amount: v.optional(usdAboveZero), returnUrl: v.optional(returnUrl) }),
      v.transform((members) => ({
        manager: members.paymentManagerArn,
        instrumentId: members.paymentInstrumentId,
        network: members.network ?? null,
        amount: members.amount ?? null,
        returnUrl: members.returnUrl ?? null,
      })),
    ),
    RequestTestFunds: v.pipe(
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
const NETWORK_MEMBER = /* @__PURE__ */ define(() =>
  said(v.optional(v.string()), 'may be left out where the deployment allows one network'),
);
const ONRAMP_MEMBERS = /* @__PURE__ */ define(() => ({
  network: NETWORK_MEMBER,
  amount: said(
    v.optional(v.strictObject({ value: v.string(), currency: v.literal('USD') })),
    'how much the page proposes to spend; the person may change it there',
  ),
  returnUrl: said(v.optional(v.string()), 'where the page leads when the person is done; https'),
}));

export const FUNDING_ANSWERS = /* @__PURE__ */ define(() => {
  const wallet = { paymentInstrumentId: v.string(), walletAddress, network: fundedNetwork };
  return {
    CreateOnrampSession: v.strictObject({
      onrampSession: v.strictObject({
        ...wallet,
        url: said(v.string(), 'a page of the provider’s, for one person and one visit: show it, and do not keep it'),
      }),
    }),
    RequestTestFunds: v.strictObject({
      testFunds: v.strictObject({
        ...wallet,
        transaction: said(v.string(), 'the one that brings them; how much is for the provider to say'),
      }),
    }),
  } as const;
});

export const FUNDING_DOCUMENT = {
  tag: 'Funding',
  description:
    'Money for wallets whose provider sells it, or gives it away on a test network. Every wallet can also be sent USDC to its address. Not in AgentCore.',
  operations: {
    CreateOnrampSession: {
      summary:
        "Opens a page of the wallet's provider on which a person buys USDC for it, by card and the like. Not in AgentCore.",
      request: {
        paymentManagerArn: MANAGER_ARN,
        paymentInstrumentId: INSTRUMENT_ID,
        network: NETWORK,
        amount: { value: '25.00', currency: 'USD' },
        returnUrl: 'https://app.example.com/funded',
      },
      members: ONRAMP_MEMBERS,
      answer: {
        onrampSession: {
          paymentInstrumentId: INSTRUMENT_ID,
          walletAddress: WALLET,
          network: NETWORK,
          url: 'https://pay.example.com/buy?sessionToken=abc',
        },
      },
    },
    RequestTestFunds: {
      summary: "Has the wallet's provider send it USDC of a test network, which is worth nothing. Not in AgentCore.",
      request: { paymentManagerArn: MANAGER_ARN, paymentInstrumentId: INSTRUMENT_ID, network: NETWORK },
      members: { network: NETWORK_MEMBER },
      answer: {
        testFunds: {
          paymentInstrumentId: INSTRUMENT_ID,
          walletAddress: WALLET,
          network: NETWORK,
          transaction: '0x3b6f2a1f4f6c0d7e8a9b0c1d2e3f405162738495a6b7c8d9e0f1a2b3c4d5e6f7',
        },
      },
    },
  },
} as const satisfies FamilyDocument<typeof FUNDING_ROUTES, typeof FUNDING_REQUESTS, typeof FUNDING_ANSWERS>;
