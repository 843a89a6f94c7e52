import { isRecord, memberOf } from '../../json/record.ts';

/** EIP-712 domains that entries name in `extra` and that belong to no token, with what such an entry asks to be signed. */
const FOREIGN_DOMAINS: Readonly<Record<string, string>> = {
  GatewayWalletBatched:
    "Circle Gateway's batched payments: they are signed for the Gateway wallet contract and taken from a balance deposited there",
  'x402 Batch Settlement': 'the batch-settlement escrow of x402, which is paid from a channel',
};

/** What an entry asks to be signed, where its `extra.name` says that it is no transfer of a token; `null` for all else. */
export function foreignDomainOf(extra: unknown): { readonly name: string; readonly what: string } | null {
  const name = isRecord(extra) ? memberOf(extra, 'name') : undefined;
  if (typeof name !== 'string' || !Object.hasOwn(FOREIGN_DOMAINS, name)) return null;
  return { name, what: FOREIGN_DOMAINS[name]! };
}
