import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  formatInstrumentId,
  formatNamedId,
  formatSessionId,
  formatWithdrawalSessionId,
} from '../../lib/domain/drawn-ids.ts';
import {
  CONNECTOR_ID,
  INSTRUMENT_ID,
  MANAGER_ID,
  SESSION_ID,
  formatManagerArn,
  formatPaymentId,
  isWithdrawal,
  parseManagerArn,
  parsePaymentId,
  resourceIn,
} from '../../lib/domain/ids.ts';

const deployment = { partition: 'aws', region: 'us-east-1', account: '111122223333' };
const digest = fc.uint8Array({ minLength: 16, maxLength: 32 });

describe('ids', () => {
  test("have AgentCore's forms, whatever the entropy", () => {
    fc.assert(
      fc.property(digest, (entropy) => {
        expect(formatSessionId(entropy)).toMatch(SESSION_ID);
        expect(formatInstrumentId(entropy)).toMatch(INSTRUMENT_ID);
        expect(formatNamedId('MyManager', entropy)).toMatch(MANAGER_ID);
        expect(formatNamedId('my_Connector_', entropy)).toMatch(CONNECTOR_ID);
        expect(parsePaymentId(formatPaymentId(entropy))).not.toBeNull();
      }),
    );
  });

  test('print the low digits of their entropy, the lowest first', () => {
    const entropy = Uint8Array.from({ length: 16 }, (_, index) => index * 17);
    expect(formatSessionId(entropy)).toBe('payment-session-z7eCvadec1gNT9b');
    expect(formatInstrumentId(entropy)).toBe('payment-instrument-z7eCvadec1gNT9b');
    expect(formatNamedId('Demo', entropy)).toBe('demo-rxkc6l854e');
  });

  test.each([
    [
      MANAGER_ID,
      ['a-0123456789', `${'a'.repeat(200)}-0123456789`, 'a-b-0123456789'],
      ['A-0123456789', '-a-0123456789'],
    ],
    [
      CONNECTOR_ID,
      ['a-0123456789', `${'a'.repeat(200)}-0123456789`, 'a_-0123456789'],
      ['A-0123456789', '_a-0123456789'],
    ],
    [INSTRUMENT_ID, ['payment-instrument-0123456789abcDE'], ['payment-instrument-0123456789abcD_']],
    [SESSION_ID, ['payment-session-0123456789abcDE'], ['payment-session-0123456789abcD_']],
  ])('%s takes its own ids whole, and nothing around them', (pattern, right, wrong) => {
    const around = right.flatMap((id) => [` ${id}`, `${id} `, `${id}0`, `x#${id}`]);
    expect(right.map((id) => pattern.test(id))).toEqual(right.map(() => true));
    for (const id of [...wrong, ...around]) expect(`${id} ${pattern.test(id)}`).toBe(`${id} false`);
  });

  test('a session of a withdrawal is told from every other by its id', () => {
    const entropy = createHash('sha256').update('withdrawal').digest();
    const sessionId = formatWithdrawalSessionId(entropy);
    expect(isWithdrawal({ sessionId })).toBe(true);
    const others = [formatSessionId(entropy), ` ${sessionId}`, `${sessionId}0`, sessionId.slice(0, -1), 'withdrawal-x'];
    expect(others.map((other) => isWithdrawal({ sessionId: other }))).toEqual(others.map(() => false));
    expect(sessionId).not.toMatch(SESSION_ID);
  });

  test('tell two digests apart', () => {
    const id = (text: string) => formatPaymentId(createHash('sha256').update(text).digest());
    expect(id('a')).not.toBe(id('b'));
    expect(id('a')).toBe(id('a'));
  });

  test.each([
    '',
    'x',
    '00000000-0000-4000-8000-000000000000',
    `${'0'.repeat(8)}-0000-8000-8000-00000000000G`,
    ' 00000000-0000-8000-8000-000000000000',
    '00000000-0000-8000-8000-0000000000000',
  ])('refuse %j as a payment id', (text) => {
    expect(parsePaymentId(text)).toBeNull();
  });
});

describe('manager ARNs', () => {
  test('read back', () => {
    const arn = formatManagerArn(deployment, 'demo-0123456789');
    expect(resourceIn(deployment, parseManagerArn(arn))).toBe('demo-0123456789');
  });

  test.each([
    'arn:aws:bedrock-agentcore:us-east-1:999922223333:payment-manager/demo-0123456789',
    'arn:aws:bedrock-agentcore:eu-west-1:111122223333:payment-manager/demo-0123456789',
    'arn:aws-cn:bedrock-agentcore:us-east-1:111122223333:payment-manager/demo-0123456789',
    'arn:aws:bedrock-agentcore:us-east-1:111122223333:payment-manager/*',
    'arn:aws:bedrock-agentcore:us-east-1:111122223333:payment-manager/demo-0123456789/connector/x',
    'arn:aws:bedrock-agentcore:us-east-1:111122223333:payment-manager/DEMO-0123456789',
    '',
  ])('refuse %s', (arn) => {
    expect(resourceIn(deployment, parseManagerArn(arn))).toBeNull();
  });
});
