import { describe, expect, test } from 'vitest';
import { onItem, whoMay } from './access.ts';

describe('records in the books', () => {
  test('the record of a top-up is made by manage-sessions and changed by it no more', async () => {
    const key = 'TOP#acme-0123456789#payment-session-000000000000001#0123';
    expect(await whoMay(onItem('PutItem', 'Books', key))).toEqual(['manage-sessions', 'process-payment']);
    expect(await whoMay(onItem('UpdateItem', 'Books', key))).not.toContain('manage-sessions');
    expect(await whoMay(onItem('DeleteItem', 'Books', key))).toEqual([]);
  });

  test('changes of policies are told by who makes them, of the same scopes', async () => {
    const of = (rest: string) => whoMay(onItem('PutItem', 'Books', `CHG#POL#${rest}`));
    expect(await of('deployment#000000000001#1')).toEqual(['manage-connectors', 'process-payment']);
    expect(await of('manager#acme-0123456789#000000000001#1')).toEqual(['manage-connectors', 'process-payment']);
    expect(await of('user#acme-0123456789#alice#000000000001#1')).toEqual(['manage-sessions', 'process-payment']);
  });
});
