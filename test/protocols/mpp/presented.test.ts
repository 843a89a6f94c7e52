import { describe, expect, test } from 'vitest';
import { formatBase64Json } from '../../../lib/json/base64-json.ts';
import { openCredential, parseReceipt, toCredentialHeader } from '../../../lib/protocols/mpp/presented.ts';
import { traceCredential } from '../../../lib/protocols/mpp/trace.ts';

const FROM = '0x1a642f0E3c3aF545E7AcBD38b07251B3990914F1';
const NONCE = `0x${'ab'.repeat(32)}`;
const TOKEN = '0x036CbD53842c5426634e7929541eC2318f3dCF7e';
const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const credentialOf = (content: object) => `Payment ${encode(content)}`;

describe('a credential', () => {
  const content = { challenge: { id: 'one' }, payload: { from: FROM } };

  test('is opened with and without the name of its scheme', () => {
    expect(openCredential(credentialOf(content))).toEqual(content);
    expect(openCredential(encode(content))).toEqual(content);
  });

  test.each([
    ['that is none', 'Payment !'],
    ['with the name of its scheme within', encode(content).replace(/^.{8}/, '$&Payment ')],
  ])('%s is not opened', (_what, credential) => {
    expect(openCredential(credential)).toBeNull();
    expect(toCredentialHeader(credential)).toEqual({ name: 'Authorization', value: credential });
  });

  test.each([
    [undefined, 'Authorization'],
    ['authorization', 'Authorization'],
    ['Cookie', 'Authorization'],
    [1, 'Authorization'],
    ['Payment-Authorization', 'Payment-Authorization'],
    ['PAYMENT-AUTHORIZATION', 'Payment-Authorization'],
  ])('whose challenge names the header %j goes back in %s', (header, name) => {
    // Wherever the name stands among the groups of three bytes of base64.
    for (const id of ['one', 'four', 'fifth']) {
      const credential = credentialOf({ challenge: { id, header } });
      expect(toCredentialHeader(credential)).toEqual({ name, value: credential });
    }
  });
});

describe('a receipt', () => {
  const receipt = { status: 'success', reference: `0x${'1'.repeat(126)}`, method: 'evm' };

  test('is a settlement under its reference', () => {
    expect(parseReceipt(formatBase64Json(receipt))).toEqual({
      success: true,
      transaction: receipt.reference,
      network: '',
      payer: null,
      errorReason: null,
    });
    expect(parseReceipt(formatBase64Json({ ...receipt, reference: '!' }))).toMatchObject({ transaction: '!' });
  });

  test.each([
    ['of a failure', { ...receipt, status: 'failed' }],
    ['without a status', { reference: '0x1' }],
    ['without a reference', { status: 'success' }],
    ['with an empty reference', { ...receipt, reference: '' }],
    ['with a blank before its reference', { ...receipt, reference: ' 0x1' }],
    ['with a line break after its reference', { ...receipt, reference: '0x1\n' }],
    ['with too long a reference', { ...receipt, reference: `${receipt.reference}0` }],
    ['with a number for a reference', { ...receipt, reference: 1 }],
  ])('%s says nothing', (_what, said) => {
    expect(parseReceipt(formatBase64Json(said))).toBeNull();
    expect(parseReceipt('!')).toBeNull();
  });
});

describe('what became of a credential', () => {
  const payload = { from: FROM, nonce: NONCE, validBefore: '1760000000' };
  const trace = async (change: object, used = 0n, at = 1_760_000_000) => {
    const asked: unknown[] = [];
    const traced = traceCredential(credentialOf({ payload: { ...payload, ...change } }), TOKEN, async (...call) => {
      asked.push(call);
      return call[0] === 'eth_call'
        ? `0x${used.toString(16).padStart(64, '0')}`
        : { number: '0x5', timestamp: `0x${at.toString(16)}` };
    });
    return { state: await traced, asked };
  };

  test('is asked of its token, under payer and nonce', async () => {
    const { state, asked } = await trace({}, 1n);
    expect(state).toBe('used');
    const data = `0xe94a0102${FROM.slice(2).toLowerCase().padStart(64, '0')}${NONCE.slice(2)}`;
    expect(asked.at(-1)).toEqual(['eth_call', [{ to: TOKEN, data }, '0x5']]);
  });

  test('is that it is dead from its end on, and open before', async () => {
    expect((await trace({})).state).toBe('dead');
    expect((await trace({ validBefore: '1760000001' })).state).toBe('open');
    expect((await trace({ validBefore: '9'.repeat(15) })).state).toBe('open');
  });

  test.each<object>([
    { from: undefined },
    { from: 'somebody' },
    { from: 1 },
    { nonce: undefined },
    { nonce: 1 },
    { nonce: `x${NONCE}` },
    { nonce: `${NONCE}0` },
    { nonce: NONCE.slice(0, -1) },
    { nonce: NONCE.toUpperCase() },
    { validBefore: undefined },
    { validBefore: 1_760_000_000 },
    { validBefore: '' },
    { validBefore: '-1' },
    { validBefore: '1.5' },
    { validBefore: '1s' },
    { validBefore: '1'.repeat(16) },
  ])('is not asked where it is of another kind: %j', async (change) => {
    expect(await trace(change)).toEqual({ state: null, asked: [] });
  });
});
