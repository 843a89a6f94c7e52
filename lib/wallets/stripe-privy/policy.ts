/** What the authorization key is never to do, as Privy's policies name it. */
const DENIED = [
  'eth_sendTransaction',
  'eth_signTransaction',
  'eth_signUserOperation',
  'eth_sign7702Authorization',
  'wallet_sendCalls',
  'personal_sign',
  'transfer',
  'earn_deposit',
  'earn_withdraw',
  'exportPrivateKey',
  'exportSeedPhrase',
] as const;

const rule = (action: 'ALLOW' | 'DENY', method: string) => ({
  name: `${action === 'ALLOW' ? 'Allow' : 'Deny'} ${method}`,
  method,
  conditions: [],
  action,
});

/**
 * The policy of what Bursar may have a wallet do: sign typed data. Privy denies what no rule allows; the rest is denied by name, so
 * that a rule that somebody adds does not let it in. It limits no sum: Privy counts none of typed data, and Bursar's own books do.
 * @param authorizationId who alone may change it, together with the app
 */
export function signingPolicy(instrumentId: string, authorizationId: string): object {
  return {
    version: '1.0',
    name: `Bursar ${instrumentId}`,
    chain_type: 'ethereum',
    rules: [rule('ALLOW', 'eth_signTypedData_v4'), ...DENIED.map((method) => rule('DENY', method))],
    owner_id: authorizationId,
  };
}
