import { isHash, serializeSignature, toHex, type TypedDataDefinition } from 'viem';
import { sign, signMessage, signTypedData } from 'viem/accounts';
import type { Answer } from '../api-server.ts';
import type { App, KeyQuorum, Wallet } from './app.ts';
import { invalid } from './api-error.ts';
import { ok, type Call } from './call.ts';
import { assertAllowed, findPolicy, messageBytes } from './policies.ts';
import { findWallet, signersOf } from './wallets.ts';

type Body = Readonly<Record<string, unknown>>;

export function walletSigners({ app, request }: Pick<Call, 'app' | 'request'>): readonly string[] {
  return signersOf(findWallet(app, request.names['walletId']));
}

/** Signs with a wallet, for its owner or for a signer that the owner has added. */
export async function callWallet({ app, body, nowMs, request, signedBy }: Call): Promise<Answer> {
  return ok(await runRpc(app, findWallet(app, request.names['walletId']), { body, nowMs, signedBy }));
}

/** What an authorized request is answered with. A signer's own policies stand in place of the wallet's. */
export async function runRpc(
  app: App,
  wallet: Wallet,
  { body, nowMs, signedBy }: { readonly body: Body; readonly nowMs: number; readonly signedBy: KeyQuorum | null },
): Promise<object> {
  const { method, params, chain_type = 'ethereum', signature_options } = body;
  if (typeof method !== 'string') throw invalid('method');
  if (typeof params !== 'object' || params === null) throw invalid('params');
  if (chain_type !== 'ethereum') throw invalid('chain_type');
  if (signature_options !== undefined && (signature_options as Body)['type'] !== 'ecdsa') {
    throw invalid('signature_options');
  }
  const override =
    signedBy === null || signedBy.id === wallet.ownerId
      ? undefined
      : wallet.additionalSigners.find(({ signer_id }) => signer_id === signedBy.id)?.override_policy_ids;
  const policies = (override ?? wallet.policyIds).map((id) => findPolicy(app, id));
  assertAllowed(policies, { method, params: params as Body, nowMs });
  const signature = await signParams(wallet, method, params as Body);
  return { method, data: { signature, encoding: 'hex' } };
}

/** Signs by viem, which works hashes out for itself. */
async function signParams({ privateKey }: Wallet, method: string, params: Body): Promise<string> {
  switch (method) {
    case 'eth_signTypedData_v4':
      return signTypedData({ privateKey, ...parseTypedData(params['typed_data']) }).catch(() => {
        throw invalid('params.typed_data');
      });
    case 'personal_sign': {
      const { message, encoding } = params;
      if (typeof message !== 'string') throw invalid('params.message');
      if (encoding !== 'utf-8' && encoding !== 'hex') throw invalid('params.encoding');
      if (encoding === 'hex' && !/^([0-9a-fA-F]{2})*$/.test(message)) throw invalid('params.message');
      return signMessage({ privateKey, message: { raw: toHex(messageBytes(params)) } });
    }
    case 'secp256k1_sign': {
      const { hash } = params;
      if (typeof hash !== 'string' || !isHash(hash)) throw invalid('params.hash');
      return serializeSignature(await sign({ privateKey, hash }));
    }
    default:
      throw invalid('method');
  }
}

function parseTypedData(value: unknown): TypedDataDefinition {
  const { domain, types, primary_type: primaryType, message } = (value ?? {}) as Body;
  if (typeof primaryType !== 'string' || [domain, types, message].some((part) => typeof part !== 'object' || !part)) {
    throw invalid('params.typed_data');
  }
  return { domain, types, primaryType, message } as TypedDataDefinition;
}
