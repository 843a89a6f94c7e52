import { describe, expect, test } from 'vitest';
import { app, onItem, roles, statementsOf, whoMay } from './access.ts';
import { createAccessPolicies } from '../../lib/local/iam/access-policies.ts';
import { sessionPk } from '../../lib/ledger/dynamodb/books/keys.ts';
import { ENVIRONMENT, synthesize } from './synthesis.ts';

const SESSION = sessionPk({ managerId: 'acme-0123456789', sessionId: 'payment-session-000000000000000' });

describe('what asks the chains for ceilings', () => {
  test('is there where somebody may take less of one, runs every minute, and knows the chains', async () => {
    const found = app.deployment.functions.find(({ label }) => label === 'true-up')!;
    expect(JSON.parse(found.environment['RPC_URLS']!)).toHaveProperty('eip155:8453');
    expect(app.deployment.schedules).toContainEqual(
      expect.objectContaining({ everyMs: 60_000, functionName: found.name }),
    );
    expect((await synthesize()).deployment.functions.map(({ label }) => label)).not.toContain('true-up');
  });

  test('makes no item, reads no key and no secret, and changes of a payment its place in the index alone', async () => {
    const role = app.deployment.roles.find(({ name }) => name === roles['true-up']);
    const actions = role!.policies
      .flatMap(({ document }) => statementsOf(document))
      .flatMap(({ Action: allowed }) => allowed)
      .filter((action) => !action.startsWith('logs:'));
    expect([...new Set(actions.map((action) => action.split(':')[0]))].sort()).toEqual(['dynamodb', 'kms', 'sqs']);
    expect([...new Set(actions.filter((action) => action.startsWith('dynamodb:')))].sort()).toEqual([
      'dynamodb:GetItem',
      'dynamodb:Query',
      'dynamodb:UpdateItem',
    ]);
    const plain = createAccessPolicies((await synthesize()).deployment.roles, ENVIRONMENT);
    expect(await whoMay(onItem('UpdateItem', 'Books', SESSION), plain)).not.toContain('true-up');
  });
});
