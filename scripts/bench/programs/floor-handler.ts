// The floor of P7 and P8: the same requests in the same order over Node's own client, unsigned and with nothing around them.
// It proves nothing and pays nothing.
import { randomBytes } from 'node:crypto';
import { POLICY_CACHE_MS } from '../../../lib/domain/limits.ts';

// As ours does, so that the floor loads no undici either.
const { Agent, request } = process.getBuiltinModule('node:http');

interface Event {
  readonly body: string;
}

const agent = new Agent({ keepAlive: true });
const database = new URL(process.env['AWS_ENDPOINT_URL_DYNAMODB'] ?? '');
const vault = new URL(process.env['AWS_ENDPOINT_URL_SECRETS_MANAGER'] ?? '');
const TableName = process.env['BOOKS_TABLE'];
const RegistryName = process.env['REGISTRY_TABLE'];
const POLICY_KEYS = ['DEP', 'MGR#bench', 'USR#bench', 'SES#bench'].map((owner) => ({ pk: { S: `POL#${owner}` } }));
let warm = false;
let policiesReadAt = -Infinity;

function call(url: URL, target: string, payload: object): Promise<unknown> {
  const text = JSON.stringify(payload);
  return new Promise((resolve, reject) => {
    const headers = {
      'content-type': 'application/x-amz-json-1.0',
      'content-length': Buffer.byteLength(text),
      'x-amz-target': target,
    };
    const out = request({ agent, host: url.hostname, port: url.port, method: 'POST', path: '/', headers }, (reply) => {
      const chunks: Buffer[] = [];
      reply.on('data', (chunk: Buffer) => chunks.push(chunk));
      reply.on('end', () => resolve(JSON.parse(Buffer.concat(chunks).toString())));
    });
    out.on('error', reject);
    out.end(text);
  });
}

const get = (pk: string) => call(database, 'DynamoDB_20120810.GetItem', { TableName, Key: { pk: { S: pk } } });
const keysOf = (pks: readonly string[]) => pks.map((pk) => ({ pk: { S: pk } }));
const getAll = (books: readonly string[], registry: readonly string[]) =>
  call(database, 'DynamoDB_20120810.BatchGetItem', {
    RequestItems: {
      [TableName ?? '']: { Keys: keysOf(books), ConsistentRead: true },
      [RegistryName ?? '']: { Keys: keysOf(registry), ConsistentRead: true },
    },
  });
const readPolicies = () =>
  call(database, 'DynamoDB_20120810.BatchGetItem', {
    RequestItems: { [TableName ?? '']: { Keys: POLICY_KEYS } },
  });
const put = (pk: string) =>
  call(database, 'DynamoDB_20120810.PutItem', { TableName, Item: { pk: { S: pk }, nc: { S: 'x'.repeat(500) } } });
const update = (pk: string, values: object, names?: object) =>
  call(database, 'DynamoDB_20120810.UpdateItem', {
    TableName,
    Key: { pk: { S: pk } },
    ExpressionAttributeValues: values,
    ...(names === undefined ? {} : { ExpressionAttributeNames: names }),
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
  if (!warm) await call(vault, 'secretsmanager.GetSecretValue', { SecretId: 'bench' });
  warm = true;
  await update(id, { ':signature': { S: 'x'.repeat(88) } });
  await update(session, { ':held': { S: '20000|' } }, entry);
  return { statusCode: 200, body: JSON.stringify({ processPaymentId: id }) };
};
