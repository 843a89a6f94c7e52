import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  CONNECTOR_ID,
  INSTRUMENT_ID,
  MANAGER_ID,
  SESSION_ID,
  formatInstrumentId,
  formatManagerArn,
  formatNamedId,
  formatPaymentId,
  formatSessionId,
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

  test('tell two digests apart', () => {
    const id = (text: string) => formatPaymentId(createHash('sha256').update(text).digest());
    expect(id('a')).not.toBe(id('b'));
    expect(id('a')).toBe(id('a'));
  });

  test.each(['', 'x', '00000000-0000-4000-8000-000000000000', `${'0'.repeat(8)}-0000-8000-8000-00000000000G`])(
    'refuse %j as a payment id',
    (text) => {
      expect(parsePaymentId(text)).toBeNull();
    },
  );
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
