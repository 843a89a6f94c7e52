// CPU of one UpdateItem by several ways to send it, in turns: what each part of the SDK's client costs, and what is left
// without it. `store-calls.mjs <rounds> <calls>`.
import { Agent, request } from 'node:http';
import { DynamoDBClient, UpdateItemCommand, type UpdateItemCommandInput } from '@aws-sdk/client-dynamodb';
import { createSigner } from '../../../lib/aws/signature.ts';
import { createLeanStore } from '../../../lib/ledger/dynamodb/store/lean-client.ts';
import { reportToParent } from './report.ts';

const [, , roundsText = '', callsText = ''] = process.argv;
const env = process.env;
const endpoint = env['AWS_ENDPOINT_URL_DYNAMODB'] ?? '';
const credentials = { accessKeyId: 'bench', secretAccessKey: 'bench' };
const INPUT = {
  TableName: 'Books',
  Key: { pk: { S: 'SES#bench-0000000001#payment-session-000000000000001' } },
  UpdateExpression: 'SET av = av - :a, rs = rs + :a, n = n + :one, ua = :now, o.#e = :v',
  ConditionExpression: 'st = :active AND ex > :now AND n < :cap AND av >= :a AND attribute_not_exists(o.#e)',
  ExpressionAttributeNames: { '#e': '6f2d9a54-7f3c-8e2f-9d3c-1f2e3d4c5b6a#1' },
  ExpressionAttributeValues: {
    ':a': { N: '20000' },
    ':one': { N: '1' },
    ':now': { N: '1795267219150' },
    ':v': { S: '20000|1795267219150' },
    ':active': { S: 'A' },
    ':cap': { N: '64' },
  },
  ReturnValues: 'ALL_NEW',
  ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
} as const satisfies UpdateItemCommandInput;

interface SdkRequest {
  readonly body: string;
  headers: Record<string, string>;
}

/** The SDK signs with whatever is given to it: here the key is kept, and only what must be is signed. */
function keptKeySigner() {
  const sign = createSigner({ region: 'us-east-1', service: 'dynamodb', host: new URL(endpoint).host });
  return {
    sign: async (toSign: SdkRequest) => {
      const list = sign({
        body: toSign.body,
        contentType: toSign.headers['content-type'] ?? '',
        target: toSign.headers['x-amz-target'] ?? '',
        credentials: { ...credentials, sessionToken: null },
        atMs: Date.now(),
      });
      for (let at = 0; at < list.length; at += 2) toSign.headers[list[at]!] = list[at + 1]!;
      return toSign;
    },
  };
}

/** Others stand relative to the one that repeats, which cannot be taken out. */
const DISPENSABLE = ['loggerMiddleware', 'recursionDetectionMiddleware', 'getUserAgentMiddleware'];

function createClient(steps: number): () => Promise<unknown> {
  const client = new DynamoDBClient({
    ...(steps >= 1 ? { endpoint, credentials } : {}),
    ...(steps >= 2 ? { signer: keptKeySigner() as never } : {}),
  });
  if (steps >= 3) for (const name of DISPENSABLE) client.middlewareStack.remove(name);
  if (steps < 4) return () => client.send(new UpdateItemCommand(INPUT));
  const command = new UpdateItemCommand(INPUT);
  return () => client.send(command);
}

function createBare(): () => Promise<unknown> {
  const agent = new Agent({ keepAlive: true });
  const { hostname, port } = new URL(endpoint);
  return () =>
    new Promise((resolve, reject) => {
      const body = JSON.stringify(INPUT);
      const headers = {
        'content-type': 'application/x-amz-json-1.0',
        'content-length': Buffer.byteLength(body),
        'x-amz-target': 'DynamoDB_20120810.UpdateItem',
      };
      const out = request({ agent, host: hostname, port, method: 'POST', path: '/', headers }, (reply) => {
        const chunks: Buffer[] = [];
        reply.on('data', (chunk: Buffer) => chunks.push(chunk));
        reply.on('end', () => resolve(JSON.parse(Buffer.concat(chunks).toString())));
      });
      out.on('error', reject);
      out.end(body);
    });
}

const lean = createLeanStore(env).createClient({ maxAttempts: 1 });
const ways = new Map<string, () => Promise<unknown>>([
  ['sdk', createClient(0)],
  ['staticEndpoint', createClient(1)],
  ['keptKey', createClient(2)],
  ['strippedMiddleware', createClient(3)],
  ['commandKept', createClient(4)],
  ['lean', () => lean.updateItem(INPUT)],
  ['bare', createBare()],
]);

const samples = new Map<string, number[]>([...ways.keys()].map((name) => [name, []]));
for (let round = -1; round < Number(roundsText); round += 1) {
  for (const [name, send] of ways) {
    const cpu = process.cpuUsage();
    for (let call = 0; call < Number(callsText); call += 1) await send();
    const { user, system } = process.cpuUsage(cpu);
    // The round before the first warms everything up.
    if (round >= 0) samples.get(name)!.push((user + system) / Number(callsText));
  }
}
const middle = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!;
reportToParent(Object.fromEntries([...samples].map(([name, values]) => [name, middle(values)])));
process.exit(0);
