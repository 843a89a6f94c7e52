import type { AttributeValue } from '../store/client.ts';
import { InvariantViolated } from '../../../domain/invariant.ts';
import { toMicroUsd } from '../../../domain/money.ts';
import { readPolicyRefusal, writePolicyRefusal } from './policy-refusal-items.ts';
import type { Denial, DenialReason } from '../../../domain/payment/denial.ts';
import { number, readBigInt, readText, text } from '../store/attributes.ts';
import type { Item } from '../store/client.ts';

/** How the figures of each kind of denial are kept. The compiler asks for an entry for every reason. */
const FORMS: {
  readonly [R in DenialReason]: {
    readonly write: (denial: Extract<Denial, { reason: R }>) => Item;
    readonly read: (item: Item) => Extract<Denial, { reason: R }>;
  };
} = {
  budget_exceeded: {
    write: ({ requested, available, reserved }) => ({
      rq: number(requested),
      av: number(available),
      rs: number(reserved),
    }),
    read: (item) => ({
      reason: 'budget_exceeded',
      requested: toMicroUsd(readBigInt(item, 'rq')),
      available: toMicroUsd(readBigInt(item, 'av')),
      reserved: toMicroUsd(readBigInt(item, 'rs')),
    }),
  },
  policy_exceeded: {
    write: ({ key, max, used, asked, by }) => ({
      ck: text(key),
      mx: number(max),
      us: number(used),
      as: number(asked),
      ...(by === undefined ? {} : writePolicyRefusal(by)),
    }),
    read: (item) => ({
      reason: 'policy_exceeded',
      key: readText(item, 'ck'),
      max: readBigInt(item, 'mx'),
      used: readBigInt(item, 'us'),
      asked: readBigInt(item, 'as'),
      ...(item['pt'] === undefined ? {} : { by: readPolicyRefusal(item) }),
    }),
  },
  policy_refused: { write: writePolicyRefusal, read: readPolicyRefusal },
  superseded: bare('superseded'),
  approval_rejected: bare('approval_rejected'),
  approval_lapsed: bare('approval_lapsed'),
};

/** Of one that has no figures. */
function bare<R extends DenialReason>(reason: R) {
  return { write: () => ({}), read: () => ({ reason }) };
}

function isDenialReason(reason: string): reason is DenialReason {
  return Object.hasOwn(FORMS, reason);
}

/** A denial with its figures, as a map. */
export function toDenialMap(denial: Denial): AttributeValue {
  const form = FORMS[denial.reason] as { readonly write: (denial: Denial) => Item };
  return { M: { r: text(denial.reason), ...form.write(denial) } };
}

/** Throws on a reason that this release does not know: the payment is then answered by the release that does. */
export function readDenial(item: Item, name: string): Denial {
  const map = item[name]?.M ?? {};
  const reason = readText(map, 'r');
  if (!isDenialReason(reason)) throw new InvariantViolated(`a stored denial has the unknown reason '${reason}'`);
  return FORMS[reason].read(map);
}
