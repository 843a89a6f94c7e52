import * as v from 'valibot';
import { parseAddress } from '../../chains/evm/address.ts';
import { positiveUsd } from '../fields/amounts.ts';
import { instrumentId, manager, paymentId, requiredClientToken } from '../fields/names.ts';
import { parsedText, text } from '../fields/text.ts';
import { define } from '../define.ts';
import type { OperationTable } from '../route.ts';

const treasury = ['TreasuryRole'] as const;

/** The treasury: what wallets hold, and money that leaves them for addresses of the deployment's list. */
export const WITHDRAWAL_ROUTES = {
  CreateWithdrawal: {
    method: 'POST',
    path: '/bursar/withdrawals',
    successStatus: 201,
    function: 'process-payment',
    roles: treasury,
    user: 'required',
    oauth: null,
    summary:
      'Signs a transfer from a wallet, deleted or not, to an address of the deployment’s list. Not in AgentCore.',
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
    summary: 'Reads a withdrawal, and from the chain whether it arrived. Not in AgentCore.',
  },
  GetInstrumentFunds: {
    method: 'GET',
    path: '/bursar/instruments/{paymentInstrumentId}/funds',
    successStatus: 200,
    function: 'read-payments',
    roles: treasury,
    user: 'required',
    oauth: null,
    query: { paymentManagerArn: 'one', network: 'one' },
    summary: 'Reads from the chains what a wallet holds, deleted or not. Not in AgentCore.',
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
        amount: positiveUsd,
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
