import { describe, expect, test } from 'vitest';
import type { PaymentId } from '../../lib/domain/ids.ts';
import { allowancePk } from '../../lib/ledger/dynamodb/allowances/allowance-items.ts';
import { paymentPk, sessionPk } from '../../lib/ledger/dynamodb/books/keys.ts';
import { createAccessPolicies } from '../../lib/local/iam/access-policies.ts';
import { app, onItem, roles, statementsOf, whoMay } from './access.ts';
import { ENVIRONMENT, synthesize } from './synthesis.ts';

const ALLOWANCE = allowancePk({ network: 'eip155:8453', owner: '0x209693Bc6afc0C5328bA36FaF03C514EF312287C' });
const SESSION = sessionPk({ managerId: 'acme-0123456789', sessionId: 'payment-session-000000000000000' });
const PAYMENT = paymentPk('00000000-0000-8000-8000-000000000000' as PaymentId);

describe('approvals', () => {
  test('an approval is asked for by manage-instruments, frozen by send-approvals and signed by the paying function', async () => {
    for (const action of ['GetItem', 'PutItem']) {
      const readers = action === 'GetItem' ? ['read-payments', 'sweep-reservations'] : [];
      const hands = ['manage-instruments', 'process-payment', 'send-approvals'];
      expect(await whoMay(onItem(action, 'Books', ALLOWANCE))).toEqual([...hands, ...readers].sort());
    }
    expect(await whoMay(onItem('PutItem', 'Books', SESSION))).not.toContain('send-approvals');
    // What is signed and not settled counts as needed.
    expect(await whoMay(onItem('BatchGetItem', 'Books', PAYMENT))).toContain('send-approvals');
    expect(await whoMay(onItem('PutItem', 'Books', PAYMENT))).not.toContain('send-approvals');
    expect(await whoMay(onItem('UpdateItem', 'Books', PAYMENT))).not.toContain('send-approvals');
    // What is signed since the chain was looked at counts against what a purchase can be paid from.
    const list = onItem('Query', 'Books', PAYMENT);
    const ofUsers = { ...list, resource: `${list.resource}/index/by-user` };
    expect(await whoMay(ofUsers)).toContain('process-payment');
    const plain = createAccessPolicies((await synthesize()).deployment.roles, ENVIRONMENT);
    expect(await whoMay(onItem('PutItem', 'Books', ALLOWANCE), plain)).toEqual(['process-payment']);
    expect(await whoMay(ofUsers, plain)).not.toContain('process-payment');
  });

  test('who sends approvals has items of the books and word of what failed, and nothing else', () => {
    const role = app.deployment.roles.find(({ name }) => name === roles['send-approvals']);
    const actions = role!.policies
      .flatMap(({ document }) => statementsOf(document))
      .flatMap(({ Action: allowed }) => allowed)
      .filter((action) => !action.startsWith('logs:'));
    expect([...new Set(actions.map((action) => action.split(':')[0]))].sort()).toEqual(['dynamodb', 'kms', 'sqs']);
    expect(actions.filter((action) => action.startsWith('dynamodb:')).sort()).toEqual([
      'dynamodb:BatchGetItem',
      'dynamodb:GetItem',
      'dynamodb:GetItem',
      'dynamodb:PutItem',
      'dynamodb:Query',
      'dynamodb:Query',
    ]);
  });
});
