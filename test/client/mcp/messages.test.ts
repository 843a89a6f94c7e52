import { describe, expect, test } from 'vitest';
import {
  cancelledIdOf,
  toAnswer,
  toErrorResult,
  toSent,
  toToolCall,
  type ToolCall,
} from '../../../lib/client/mcp/messages.ts';
import { createPurchaseNames } from '../../../lib/client/mcp/purchase-names.ts';
import { MCP_CALLS_MAX } from '../../../lib/domain/limits.ts';

const CAPABILITIES = 'io.modelcontextprotocol/clientCapabilities';
const callWith = (params: object = {}): ToolCall => ({
  id: 1,
  method: 'tools/call',
  params: { name: 'search', arguments: { q: 'tea' }, ...params },
});

describe('an answer is', () => {
  test.each([
    { id: 1, result: {} },
    { id: 'one', error: { code: 1 } },
  ])('%j', (message) => {
    expect(toAnswer(message)).toMatchObject(message);
  });

  test.each([
    { result: {} },
    { id: null, result: {} },
    { id: 1 },
    { id: 1, result: 'text' },
    { id: 1, method: 'tools/call', result: {} },
  ])('not %j', (message) => {
    expect(toAnswer(message)).toBeNull();
  });
});

describe('a call of a tool is', () => {
  test.each([callWith(), callWith({ _meta: {} }), { ...callWith(), id: 'one' }])('%j', (message) => {
    expect(toToolCall(message)).toBe(message);
  });

  test.each([
    { ...callWith(), id: undefined },
    { ...callWith(), id: {} },
    { ...callWith(), method: 'tools/list' },
    { ...callWith(), params: undefined },
    callWith({ name: 5 }),
    callWith({ _meta: 'text' }),
  ])('not %j', (message) => {
    expect(toToolCall(message)).toBeNull();
  });
});

test('a cancellation names a request, and no other message does', () => {
  const message = { method: 'notifications/cancelled', params: { requestId: 1 } };
  expect(cancelledIdOf(message)).toBe(1);
  expect(cancelledIdOf({ ...message, method: 'notifications/progress' })).toBeNull();
  expect(cancelledIdOf({ ...message, params: { requestId: null } })).toBeNull();
});

describe('a server gets a call without what is meant for this client', () => {
  test('and without a `_meta` where nothing else was in it', () => {
    expect(toSent(callWith(), ['own'])).toStrictEqual(callWith());
    expect(toSent(callWith({ _meta: { own: 1 } }), ['own'])).toStrictEqual(callWith());
    expect(toSent(callWith({ _meta: { own: 1, other: 2 } }), ['own'])).toStrictEqual(callWith({ _meta: { other: 2 } }));
  });

  test.each<[unknown, unknown]>([
    [{ roots: {} }, { roots: {}, extensions: { 'org.x402/payment': {} } }],
    [{ extensions: { other: 1 } }, { extensions: { other: 1, 'org.x402/payment': {} } }],
    [{ extensions: 'none' }, { extensions: { 'org.x402/payment': {} } }],
    ['none', 'none'],
  ])('and with what it can do: %j', (capabilities, sent) => {
    const { params } = toSent(callWith({ _meta: { [CAPABILITIES]: capabilities, other: 2 } }), []);
    expect(params._meta).toStrictEqual({ [CAPABILITIES]: sent, other: 2 });
  });
});

test('a result that something went wrong says that it is complete where the revision knows of that', () => {
  const content = [{ type: 'text', text: 'sold out' }];
  expect(toErrorResult(callWith(), 'sold out')).toStrictEqual({ content, isError: true });
  const modern = callWith({ _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' } });
  expect(toErrorResult(modern, 'sold out', { _meta: { a: 1 } })).toStrictEqual({
    _meta: { a: 1 },
    resultType: 'complete',
    content,
    isError: true,
  });
});

describe('the name of a purchase', () => {
  const named = (name: unknown) => createPurchaseNames().nameOf(callWith({ _meta: { 'bursar/purchase-id': name } }));
  const going = (state: string) => ({ resultType: 'input_required', requestState: state });

  test.each(['12345678', '!~order-1', 'x'.repeat(128)])('may be %j', (name) => {
    expect(named(name)).toBe(name);
  });

  test.each(['1234567', 'x'.repeat(129), ' 12345678', '12345678 ', 'order 12345', 12_345_678, null])(
    'may not be %j',
    (name) => {
      expect(() => named(name)).toThrow(TypeError);
    },
  );

  test('is another one for each call, but for one that goes on', () => {
    const names = createPurchaseNames();
    expect(names.nameOf(callWith())).not.toBe(names.nameOf(callWith()));
    names.note('purchase-1', going('state-1'));
    names.note('purchase-2', { ...going('state-2'), resultType: 'complete' });
    names.note('purchase-3', { resultType: 'input_required' });
    expect(names.nameOf(callWith({ requestState: 'state-1' }))).toBe('purchase-1');
    expect(names.nameOf(callWith({ requestState: 'state-2' }))).not.toBe('purchase-2');
  });

  test('is kept for so many that go on as may be under way', () => {
    const names = createPurchaseNames();
    for (let at = 0; at < MCP_CALLS_MAX; at += 1) names.note(`purchase-${at}`, going(`${at}`));
    expect(names.nameOf(callWith({ requestState: '0' }))).toBe('purchase-0');
    names.note('purchase-last', going('last'));
    expect(names.nameOf(callWith({ requestState: '0' }))).not.toBe('purchase-0');
    expect(names.nameOf(callWith({ requestState: '1' }))).toBe('purchase-1');
    expect(names.nameOf(callWith({ requestState: 'last' }))).toBe('purchase-last');
  });
});
