/** An address of nobody's: "not in" a list of it is every contract, since the platform wants a criterion in every rule. */
const NOBODY = '0x0000000000000000000000000000000000000000';

/** What the project is never to do with an account, as the platform's policies name it, each by a criterion that all requests meet. */
const REJECTED = [
  { operation: 'signEvmTransaction', criteria: [{ type: 'ethValue', ethValue: '0', operator: '>=' }] },
  { operation: 'sendEvmTransaction', criteria: [{ type: 'ethValue', ethValue: '0', operator: '>=' }] },
  { operation: 'signEvmMessage', criteria: [{ type: 'evmMessage', match: '[\\s\\S]*' }] },
  { operation: 'signEvmHash' },
] as const;

/**
 * The policy of what Bursar may have an account of the project do: sign typed data. The platform rejects what no rule accepts; the rest
 * is rejected by name, so that a rule that somebody adds after these does not let it in. It limits no sum: the platform counts none of
 * typed data, and Bursar's own books do.
 * https://docs.cdp.coinbase.com/api-reference/v2/rest-api/policy-engine/create-a-policy
 */
export const SIGNING_POLICY = {
  scope: 'account',
  description: 'Bursar signs typed data alone',
  rules: [
    ...REJECTED.map((rule) => ({ action: 'reject', ...rule })),
    {
      action: 'accept',
      operation: 'signEvmTypedData',
      criteria: [{ type: 'evmTypedDataVerifyingContract', addresses: [NOBODY], operator: 'not in' }],
    },
  ],
} as const;
