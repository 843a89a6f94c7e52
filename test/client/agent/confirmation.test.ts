import { describe, expect, test } from 'vitest';
import { toConfirm } from '../../../lib/client/agent/confirmation.ts';
import type { Quote } from '../../../lib/client/index.ts';

const offer = (amountUsd: string) => ({
  protocol: 'x402',
  version: '2',
  network: 'eip155:84532',
  payTo: '0x1',
  amountUsd,
});
const quote: Quote = {
  purchaseId: 'purchase-1',
  request: { method: 'GET', url: 'https://seller.example/report' },
  challenge: { headers: {}, body: '' },
  offers: [offer('0.50'), offer('0.60')],
};
const CALL = { tool: 'http', toolCallId: 'call-1' };

describe('why a call is not paid is said, and keeps what was thrown', () => {
  test('where the policy lets it not pass', async () => {
    await expect(toConfirm({ preSignPolicy: () => false }, CALL)(quote)).rejects.toMatchObject({
      code: 'client:policy_blocked',
      message: 'the policy of this agent does not let it pass',
    });
  });

  test('where the policy cannot be asked', async () => {
    const cause = new Error('out of reach');
    const confirm = toConfirm({ preSignPolicy: () => Promise.reject(cause) }, CALL);
    await expect(confirm(quote)).rejects.toMatchObject({
      code: 'client:policy_blocked',
      message: 'the policy of this agent could not be asked',
      cause,
    });
  });

  test('where a person does not approve, with the most that it may cost', async () => {
    await expect(toConfirm({ approve: () => false }, CALL)(quote)).rejects.toMatchObject({
      code: 'client:not_approved',
      message: 'a payment of up to USD 0.60 was not approved',
    });
  });
});
