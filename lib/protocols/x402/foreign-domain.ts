import { isRecord, memberOf } from '../../json/record.ts';
import { whyUnpaid } from './unpaid.ts';

/** What an entry asks to be signed, where its `extra.name` is an EIP-712 domain that is no token's; `null` for all else. */
export function foreignDomainOf(extra: unknown): { readonly name: string; readonly what: string } | null {
  const name = isRecord(extra) ? memberOf(extra, 'name') : undefined;
  const what = whyUnpaid('domain', name);
  return typeof name !== 'string' || what === null ? null : { name, what };
}
