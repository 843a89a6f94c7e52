import { traceProof } from '../../protocols/challenge.ts';
import { createJsonRpc, type RpcAccess } from '../fetch/json-rpc.ts';
import type { Proof } from './purchase.ts';
import type { ProofFate } from './purchase-error.ts';

// Loaded where a proof has ended.

export interface ChainAccess extends RpcAccess {
  /** By CAIP-2 id. */
  readonly rpcUrls: Readonly<Record<string, string>>;
}

/** Asks the caller's own endpoint what became of a proof that has ended. Never throws: what cannot be read is not known. */
export async function findFate({ output, terms }: Proof, access: ChainAccess): Promise<ProofFate> {
  const url = terms === null ? undefined : access.rpcUrls[terms.network];
  if (terms === null || url === undefined) return 'unknown';
  try {
    const proof = { network: terms.network, asset: terms.asset, paymentOutput: output.paymentOutput };
    const state = await traceProof(proof, createJsonRpc(url, access));
    return state === 'used' ? 'settled' : state === 'dead' ? 'dead' : 'unknown';
  } catch {
    return 'unknown';
  }
}
