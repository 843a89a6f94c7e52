// What our own client alone takes for our requests: the floor's calls through it, signed, with no proof made.
import { randomBytes } from 'node:crypto';
import { POLICY_CACHE_MS } from '../../../lib/domain/limits.ts';
import { createLeanStore } from '../../../lib/ledger/dynamodb/store/lean-client.ts';
import type { AttributeValue } from '../../../lib/ledger/dynamodb/store/client.ts';
import { createLeanReadSecret } from '../../../lib/wallets/seed-vault/lean-secret.ts';

interface Event {
  readonly body: string;
}

const client = createLeanStore(process.env).createClient({ maxAttempts: 1 });
const { readSecret } = createLeanReadSecret(process.env);
const TableName = process.env['BOOKS_TABLE'] ?? '';
const RegistryName = process.env['REGISTRY_TABLE'] ?? '';
const POLICY_KEYS = ['DEP', 'MGR#bench', 'USR#bench', 'SES#bench'].map((owner) => ({ pk: { S: `POL#${owner}` } }));
let warm = false;
let policiesReadAt = -Infinity;

const get = (pk: string) => client.getItem({ TableName, Key: { pk: { S: pk } } });
const keysOf = (pks: readonly string[]) => pks.map((pk) => ({ pk: { S: pk } }));
const getAll = (books: readonly string[], registry: readonly string[]) =>
  client.batchGetItems([
    { TableName, Keys: keysOf(books), ConsistentRead: true },
    { TableName: RegistryName, Keys: keysOf(registry), ConsistentRead: true },
  ]);
const readPolicies = () => client.batchGetItem({ TableName, Keys: POLICY_KEYS });
const put = (pk: string) => client.putItem({ TableName, Item: { pk: { S: pk }, nc: { S: 'x'.repeat(500) } } });
const update = (pk: string, values: Record<string, AttributeValue>, names: Record<string, string>) =>
  client.updateItem({
    TableName,
    Key: { pk: { S: pk } },
    UpdateExpression: '',
    ExpressionAttributeValues: values,
    ExpressionAttributeNames: names,
  });

export const handler = async (event: Event): Promise<{ readonly statusCode: number; readonly body: string }> => {
  const { paymentSessionId } = JSON.parse(event.body) as { readonly paymentSessionId: string };
  const id = `PAY#${randomBytes(18).toString('hex')}`;
  const session = `SES#bench#${paymentSessionId}`;
  const policies = Date.now() - policiesReadAt >= POLICY_CACHE_MS ? [readPolicies()] : [];
  if (policies.length > 0) policiesReadAt = Date.now();
  const read = ['GATE', session, ...(warm ? [] : [id])];
  await Promise.all([getAll(read, ['MGR#bench', 'INS#bench']), ...(warm ? [put(id)] : []), ...policies]);
  if (!warm) await put(id);
  const entry = { '#e': `${id}#1` };
  await Promise.all([update(session, { ':v': { S: '20000|1' } }, entry), get('GATE')]);
  if (!warm) await readSecret('bench', 'bench');
  warm = true;
  await update(id, { ':signature': { S: 'x'.repeat(88) } }, {});
  await update(session, { ':held': { S: '20000|' } }, entry);
  return { statusCode: 200, body: JSON.stringify({ processPaymentId: id }) };
};
