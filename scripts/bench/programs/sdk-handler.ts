// What the AWS SDK alone takes for the same requests: the floor's calls through its clients, signed, with no proof made.
import { randomBytes } from 'node:crypto';
import {
  BatchGetItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { POLICY_CACHE_MS } from '../../../lib/domain/limits.ts';

interface Event {
  readonly body: string;
}

const client = new DynamoDBClient({});
const secrets = new SecretsManagerClient({});
const TableName = process.env['BOOKS_TABLE'];
const RegistryName = process.env['REGISTRY_TABLE'];
const POLICY_KEYS = ['DEP', 'MGR#bench', 'USR#bench', 'SES#bench'].map((owner) => ({ pk: { S: `POL#${owner}` } }));
let warm = false;
let policiesReadAt = -Infinity;

const get = (pk: string) => client.send(new GetItemCommand({ TableName, Key: { pk: { S: pk } } }));
const keysOf = (pks: readonly string[]) => pks.map((pk) => ({ pk: { S: pk } }));
const getAll = (books: readonly string[], registry: readonly string[]) =>
  client.send(
    new BatchGetItemCommand({
      RequestItems: {
        [TableName ?? '']: { Keys: keysOf(books), ConsistentRead: true },
        [RegistryName ?? '']: { Keys: keysOf(registry), ConsistentRead: true },
      },
    }),
  );
const readPolicies = () =>
  client.send(new BatchGetItemCommand({ RequestItems: { [TableName ?? '']: { Keys: POLICY_KEYS } } }));
const put = (pk: string) =>
  client.send(new PutItemCommand({ TableName, Item: { pk: { S: pk }, nc: { S: 'x'.repeat(500) } } }));
const update = (pk: string, values: Record<string, AttributeValue>, names: Record<string, string> | undefined) =>
  client.send(
    new UpdateItemCommand({
      TableName,
      Key: { pk: { S: pk } },
      ExpressionAttributeValues: values,
      ExpressionAttributeNames: names,
    }),
  );

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
  if (!warm) await secrets.send(new GetSecretValueCommand({ SecretId: 'bench' }));
  warm = true;
  await update(id, { ':signature': { S: 'x'.repeat(88) } }, undefined);
  await update(session, { ':held': { S: '20000|' } }, entry);
  return { statusCode: 200, body: JSON.stringify({ processPaymentId: id }) };
};
