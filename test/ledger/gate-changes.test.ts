import { describe, expect, test } from 'vitest';
import type { Item } from '../../lib/ledger/dynamodb/store/client.ts';
import { parseFreezeChange, parseGateItem, revisionOf, toGateItem } from '../../lib/ledger/dynamodb/books/gate-item.ts';
import type { StreamImage } from '../../lib/ledger/dynamodb/store/stream-record.ts';
import { parseBooksChange } from '../../lib/ledger/dynamodb/books/stream-changes.ts';
import { addMs } from '../../lib/domain/time.ts';
import { NOW } from '../support/payments.ts';

const gate = { deploymentId: '0'.repeat(32), floor: null, frozenAt: null, freezes: new Map() };
const item = toGateItem(gate);
const told = {
  k: { S: 'user#m-1#ada#lovelace' },
  st: { S: 'F' },
  si: { N: `${NOW}` },
  at: { N: `${NOW + 1}` },
  by: { S: 'grace' },
};
const withChange = (last: Item, revision = '3'): Item => ({ ...item, rv: { N: revision }, lc: { M: last } });
/** As the stream writes it: of texts, numbers and maps alone, in the same form. */
const toImage = (stored: Item) => stored as unknown as StreamImage;

test('a gate reads back with all that is frozen', () => {
  const frozen = {
    ...gate,
    floor: NOW,
    frozenAt: addMs(NOW, 1),
    freezes: new Map([
      ['manager#m-1', addMs(NOW, 2)],
      ['user#m-1#ada#lovelace', addMs(NOW, 3)],
    ]),
  };
  expect(parseGateItem(toGateItem(frozen))).toEqual(frozen);
  expect(parseGateItem(item)).toEqual(gate);
});

describe('the last change of what is frozen', () => {
  const subject = { scope: 'user', managerId: 'm-1', userId: 'ada#lovelace' };
  const change = { revision: 3, subject, frozen: true, since: NOW, at: addMs(NOW, 1), by: 'grace' };

  test('is told with what, since when and by whom', () => {
    expect(parseFreezeChange(withChange(told))).toEqual(change);
    expect(parseFreezeChange(withChange({ ...told, st: { S: 'T' } }))).toEqual({ ...change, frozen: false });
  });

  test('is of the whole deployment where it names no part', () => {
    const { k: _part, ...whole } = told;
    expect(parseFreezeChange(withChange(whole))).toEqual({ ...change, subject: null });
  });

  test('is refused where there is none, or one of a part that this release cannot freeze', () => {
    expect(() => parseFreezeChange(item)).toThrow(/does not say what was changed last/);
    expect(() => parseFreezeChange(withChange({ ...told, k: { S: 'galaxy#m-1' } }))).toThrow(/of another kind/);
    expect(() => parseFreezeChange({ ...withChange(told), v: { N: '2' } })).toThrow('schema version 2');
  });

  test('is one more than before, of which the stream tells once', () => {
    expect([revisionOf(item), revisionOf(withChange(told))]).toEqual([0, 3]);
    const tell = (before: Item, after: Item) =>
      parseBooksChange({
        eventName: 'MODIFY',
        dynamodb: { SequenceNumber: '1', OldImage: toImage(before), NewImage: toImage(after) },
      });
    expect(tell(item, withChange(told, '1'))).toEqual({ kind: 'freeze_changed', change: { ...change, revision: 1 } });
    expect(tell(withChange(told, '2'), withChange(told))).toEqual({ kind: 'freeze_changed', change });
    expect(tell(withChange(told), { ...withChange(told), fl: { N: '1' } })).toBeNull();
    const elsewhere = { pk: { S: 'WIN#m-1#key' } };
    expect(tell({ ...withChange(told, '2'), ...elsewhere }, { ...withChange(told), ...elsewhere })).toBeNull();
  });
});
