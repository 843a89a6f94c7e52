import { describe, expect, test } from 'vitest';
import { refusalOf, toPaidAnswer } from '../../../lib/client/mcp/paid-answer.ts';
import { readServerAnswer, type ServerAnswer } from '../../../lib/client/mcp/server-answer.ts';
import type { Payment } from '../../../lib/client/index.ts';
import type { Refusal } from '../../../lib/client/agent/index.ts';
import { ANSWER, askX402, asResult, settlement } from './tools-world.ts';

const payment: Payment = {
  purchaseId: 'purchase-1',
  processPaymentId: 'payment-1',
  offer: { protocol: 'x402', version: '2', network: 'eip155:84532', payTo: '0x1', amountUsd: '0.50' },
  replayed: false,
  url: 'https://tools.example/mcp',
  wantsOutcome: false,
  toHeaders: async () => [],
};
const TAKEN: ServerAnswer = { settlement: null, isAccepted: true, reason: null, remedy: null, asksAgain: false };
const read = (result: object) => readServerAnswer({ id: 1, result });
const withSettlement = (success: boolean) => ({ ...ANSWER, _meta: { 'x402/payment-response': settlement(success) } });

describe('what a server made of a proof', () => {
  test('is that it answered, and settled where it says so', async () => {
    expect(await read(ANSWER)).toEqual(TAKEN);
    expect(await read(withSettlement(true))).toMatchObject({
      ...TAKEN,
      settlement: { success: true, transaction: `0x${'1'.repeat(64)}` },
    });
    const receipt = { status: 'success', reference: '0xabc' };
    expect(await read({ ...ANSWER, _meta: { 'org.paymentauth/receipt': receipt } })).toMatchObject({
      ...TAKEN,
      settlement: { success: true, transaction: '0xabc' },
    });
  });

  test('is that it could not settle, and why', async () => {
    expect(await read(withSettlement(false))).toMatchObject({
      settlement: { success: false },
      isAccepted: false,
      reason: 'insufficient_funds',
      asksAgain: false,
    });
  });

  test.each([
    ['invalid_signature', null],
    ['permit2_allowance_required', expect.stringContaining('Permit2') as string],
  ])('is that it asks again, saying %s', async (error, remedy) => {
    const asked = await read(asResult(askX402({ document: { error } })));
    expect(asked).toEqual({ settlement: null, isAccepted: false, reason: error, remedy, asksAgain: true });
  });

  test('is not what a receipt says that is none', async () => {
    const _meta = { 'org.paymentauth/receipt': { status: 'failed', success: false, error: 'of the receipt' } };
    expect(await read({ ...ANSWER, _meta })).toEqual(TAKEN);
    const asked = await read({ ...asResult(askX402({ document: { error: 'expired' } })), _meta });
    expect(asked).toMatchObject({ settlement: null, reason: 'expired', asksAgain: true });
  });

  test('is that it asks again by MPP, whose problem says why', async () => {
    const data = { challenges: [{ id: '1' }], problem: { detail: 'expired' } };
    const asked = { settlement: null, isAccepted: false, reason: 'expired', remedy: null, asksAgain: true };
    expect(await read({ ...ANSWER, _meta: { 'org.paymentauth/payment-required': data } })).toEqual(asked);
    expect(await readServerAnswer({ id: 1, error: { code: -32_043, data } })).toEqual(asked);
    const silent = { challenges: [{ id: '1' }] };
    expect(await readServerAnswer({ id: 1, error: { code: -32_043, data: silent } })).toEqual({
      ...asked,
      reason: null,
    });
  });

  test('is that it failed', async () => {
    expect(await read({ ...ANSWER, isError: true })).toEqual({ ...TAKEN, isAccepted: false });
    expect(await readServerAnswer({ id: 1, error: { code: -32_603 } })).toEqual({ ...TAKEN, isAccepted: false });
  });
});

describe('a call that was paid counts as', () => {
  const saying = (what: string) =>
    `A payment of USD 0.50 (payment-1) was signed for this call, but ${what}, so do not make it again, and tell the user`;
  const settled = { success: true, transaction: '0x1', network: '', payer: null, errorReason: null };

  test.each<[string, Partial<ServerAnswer>, boolean]>([
    ['without a settlement', {}, false],
    ['with one', { settlement: settled }, false],
    ['with one that is required', { settlement: settled }, true],
  ])('delivered %s', (_what, answer, requireSettlement) => {
    expect(refusalOf(payment, { ...TAKEN, ...answer }, requireSettlement)).toBeNull();
  });

  test.each<[string, Partial<ServerAnswer>, string, string]>([
    ['it asks again', { asksAgain: true, isAccepted: false }, 'client:not_accepted', 'its server did not take it'],
    [
      'it asks again, and says why',
      { asksAgain: true, isAccepted: false, reason: 'expired', remedy: 'ask later' },
      'client:not_accepted',
      'its server did not take it, saying expired (ask later)',
    ],
    [
      'it could not settle',
      { isAccepted: false, settlement: { ...settled, success: false }, reason: 'broke' },
      'client:not_accepted',
      'its server did not take it, saying broke',
    ],
    ['it failed', { isAccepted: false }, 'client:not_delivered', 'the tool failed with it'],
    ['it does not say', {}, 'client:not_settled', 'its server does not say that it was settled'],
  ])('not delivered where %s', (_what, answer, code, what) => {
    expect(refusalOf(payment, { ...TAKEN, ...answer }, true)).toMatchObject({ code, message: saying(what) });
  });
});

describe('the client gets', () => {
  const call = { id: 7, method: 'tools/call', params: { name: 'search' } } as const;
  const { purchaseId, processPaymentId, offer, replayed } = payment;
  const told = { 'bursar/payment': { purchaseId, processPaymentId, offer, replayed, settlement: null } };
  const answerOf = (body: object, refusal: Refusal | null) => {
    const message = { jsonrpc: '2.0', id: 'bursar-paid-1', ...body };
    return toPaidAnswer({ call, message, answer: message, payment, read: TAKEN, refusal });
  };
  const refuse = (code: string): Refusal => ({
    kind: 'refused',
    code,
    message: 'no',
    mayHavePaid: true,
    purchaseId,
    processPaymentId,
  });

  test('what was answered under the id of its call, with what was signed', () => {
    expect(answerOf({ result: { ...ANSWER, _meta: { own: 1 } }, extra: 2 }, null)).toStrictEqual({
      jsonrpc: '2.0',
      id: 7,
      extra: 2,
      result: { ...ANSWER, _meta: { own: 1, ...told } },
    });
  });

  test('a sentence in place of what was not taken, and what stood beside it', () => {
    const refusal = refuse('client:not_accepted');
    expect(answerOf({ result: { ...ANSWER, _meta: { own: 1 } } }, refusal)).toStrictEqual({
      jsonrpc: '2.0',
      id: 7,
      result: {
        _meta: { own: 1, ...told, 'bursar/refusal': refusal },
        content: [{ type: 'text', text: 'no' }],
        isError: true,
      },
    });
  });

  test('the words of a tool that failed, and why that counts as not delivered', () => {
    const refusal = refuse('client:not_delivered');
    const result = { ...ANSWER, isError: true };
    expect(answerOf({ result }, refusal)).toStrictEqual({
      jsonrpc: '2.0',
      id: 7,
      result: { ...result, _meta: { ...told, 'bursar/refusal': refusal } },
    });
  });

  test.each<[unknown, unknown]>([
    [undefined, { ...told, 'bursar/refusal': refuse('client:not_delivered') }],
    [{ own: 1 }, { own: 1, ...told, 'bursar/refusal': refuse('client:not_delivered') }],
    ['text', 'text'],
  ])('an error whose data is %j with what was signed where there is a place for it', (data, kept) => {
    const error = { code: -32_603, message: 'broken', data };
    expect(answerOf({ error }, refuse('client:not_delivered'))).toStrictEqual({
      jsonrpc: '2.0',
      id: 7,
      error: { ...error, data: kept },
    });
  });
});
