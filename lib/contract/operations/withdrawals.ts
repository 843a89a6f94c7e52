import * as v from 'valibot';
import { parseAddress } from '../../chains/evm/address.ts';
import { assetAmount } from '../fields/amounts.ts';
import { instrumentId, manager, paymentId, requiredClientToken } from '../fields/names.ts';
import { parsedText, text } from '../fields/text.ts';
import { define } from '../define.ts';
import type { FamilyDocument } from '../document.ts';
import { address, network as networkAnswer, said, tokenAmount } from '../fields/answers.ts';
import {
  CLIENT_TOKEN,
  INSTRUMENT_ID,
  MANAGER_ARN,
  NETWORK,
  NONCE,
  PAYEE,
  PAYMENT_ID,
  SIGNATURE,
  USDC,
  WALLET,
} from '../fields/examples.ts';
import { transferPayload, receipt, WITHDRAWAL_RECEIPT } from '../fields/receipt.ts';
import type { OperationTable } from '../route.ts';

const treasury = ['TreasuryRole'] as const;

/** The treasury: money that leaves wallets for addresses of the deployment's list. */
export const WITHDRAWAL_ROUTES = {
  CreateWithdrawal: {
    method: 'POST',
    path: '/bursar/withdrawals',
    successStatus: 201,
    function: 'process-payment',
    roles: treasury,
    user: 'required',
    oauth: null,
  },
  GetWithdrawal: {
    method: 'GET',
    path: '/bursar/withdrawals/{processPaymentId}',
    successStatus: 200,
    function: 'read-payments',
    roles: treasury,
    user: 'required',
    oauth: null,
    query: { paymentManagerArn: 'one' },
  },
} as const satisfies OperationTable;

export const WITHDRAWAL_REQUESTS = /* @__PURE__ */ define(() => {
  const network = v.optional(
    text(8, 32, {
      pattern: /^eip155:[1-9][0-9]{0,24}$/,
      expected: 'a CAIP-2 id of an EVM chain such as eip155:8453',
    }),
  );
  return {
    CreateWithdrawal: v.pipe(
      v.object({
        ...manager,
        clientToken: requiredClientToken,
        paymentInstrumentId: instrumentId,
        network,
        amount: assetAmount,
        // An address that names the one that is meant: a typing error breaks its checksum.
        destination: v.pipe(
          text(42, 42, { pattern: /^0x[0-9a-fA-F]{40}$/, expected: 'an EVM address' }),
          parsedText(parseAddress, 'must be an EVM address with the right EIP-55 checksum'),
        ),
      }),
      v.transform((members) => ({
        manager: members.paymentManagerArn,
        instrumentId: members.paymentInstrumentId,
        network: members.network ?? null,
        amount: members.amount,
        destination: members.destination,
        clientToken: members.clientToken,
      })),
    ),
    GetWithdrawal: v.pipe(
      v.object({ ...manager, processPaymentId: paymentId }),
      v.transform((members) => ({ manager: members.paymentManagerArn, paymentId: members.processPaymentId })),
    ),
  } as const;
});

export const WITHDRAWAL_ANSWERS = /* @__PURE__ */ define(() => {
  const requirements = v.strictObject({
    scheme: v.literal('exact'),
    network: networkAnswer,
    amount: tokenAmount,
    asset: address,
    payTo: address,
    maxTimeoutSeconds: v.number(),
    extra: v.strictObject({ name: v.string(), version: v.string() }),
  });
  return {
    CreateWithdrawal: v.strictObject({
      withdrawal: receipt,
      settlement: v.optional(
        said(
          v.strictObject({
            x402Version: v.literal(2),
            paymentPayload: v.strictObject({
              x402Version: v.literal(2),
              accepted: requirements,
              payload: transferPayload,
            }),
            paymentRequirements: requirements,
          }),
          'the body of POST /settle of an x402 facilitator. A bearer instrument, though of a transfer to your own address. Missing where the network’s own coin is withdrawn, which the deployment sends itself',
        ),
      ),
    }),
    GetWithdrawal: v.strictObject({
      withdrawal: receipt,
      settled: said(v.boolean(), 'whether the chain shows the transfer'),
      transfer: v.optional(
        said(
          v.strictObject({
            status: said(
              v.picklist(['REQUESTED', 'UNDER_WAY', 'SETTLED', 'REVERTED', 'LAPSED']),
              'REQUESTED: nothing is signed. UNDER_WAY: a transaction is signed, or about to be. SETTLED: it is on the chain. REVERTED: it is on the chain, and moved nothing. LAPSED: nothing was signed in time, and nothing will be',
            ),
            waitsFor: v.optional(
              said(
                v.picklist(['GAS', 'GAS_BUDGET', 'NONCE', 'FEE']),
                'GAS: the wallet holds less than the amount and what its transfer may cost. GAS_BUDGET: the day’s budget of gas is used up. NONCE: another transaction of the wallet is under way. FEE: the chain takes no fee that is allowed',
              ),
            ),
            transaction: v.optional(said(v.string(), 'the one that the chain took, or was given last')),
          }),
          'of a withdrawal of the network’s own coin alone: how far its transaction is',
        ),
      ),
    }),
  } as const;
});

const requirements = {
  scheme: 'exact',
  network: NETWORK,
  amount: '12500000',
  asset: USDC,
  payTo: PAYEE,
  maxTimeoutSeconds: 300,
  extra: { name: 'USDC', version: '2' },
} as const;

export const WITHDRAWAL_DOCUMENT = {
  tag: 'Treasury',
  description: 'Money that leaves wallets for addresses of the deployment’s list.',
  operations: {
    CreateWithdrawal: {
      summary:
        'Signs a transfer from a wallet, deleted or not, to an address of the deployment’s list. Not in AgentCore.',
      request: {
        paymentManagerArn: MANAGER_ARN,
        paymentInstrumentId: INSTRUMENT_ID,
        network: NETWORK,
        amount: { value: '12.50', currency: 'USD' },
        destination: PAYEE,
        clientToken: CLIENT_TOKEN,
      },
      answer: {
        withdrawal: WITHDRAWAL_RECEIPT,
        settlement: {
          x402Version: 2,
          paymentPayload: {
            x402Version: 2,
            accepted: requirements,
            payload: {
              signature: SIGNATURE,
              authorization: {
                from: WALLET,
                to: PAYEE,
                value: '12500000',
                validAfter: '1795857600',
                validBefore: '1795858500',
                nonce: NONCE,
              },
            },
          },
          paymentRequirements: requirements,
        },
      },
    },
    GetWithdrawal: {
      summary: 'Reads a withdrawal, and from the chain whether it arrived. Not in AgentCore.',
      request: { paymentManagerArn: MANAGER_ARN, processPaymentId: PAYMENT_ID },
      answer: { withdrawal: WITHDRAWAL_RECEIPT, settled: true },
    },
  },
} as const satisfies FamilyDocument<typeof WITHDRAWAL_ROUTES, typeof WITHDRAWAL_REQUESTS, typeof WITHDRAWAL_ANSWERS>;
