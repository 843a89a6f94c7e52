import type { AllowanceKey } from '../../../domain/allowances/allowance.ts';
import type { StreamRecord } from '../store/stream-record.ts';
import { ALLOWANCE_PREFIX, UNSIGNED, parseAllowancePk } from './allowance-items.ts';

/**
 * The changes that leave a copy to be signed, for the mapping between stream and signer. Economy only: the signer reads the item.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/with-ddb-filtering.html
 */
export const UNSIGNED_APPROVALS: object = {
  eventName: ['MODIFY'],
  dynamodb: { NewImage: { pk: { S: [{ prefix: ALLOWANCE_PREFIX }] }, st: { S: [UNSIGNED] } } },
};

/** The wallet whose approvals changed; `null`: the change is of another kind of item. */
export function walletOf({ dynamodb: { NewImage: image } }: StreamRecord): AllowanceKey | null {
  const pk = image?.['pk']?.S ?? '';
  return pk.startsWith(ALLOWANCE_PREFIX) ? parseAllowancePk(pk) : null;
}
