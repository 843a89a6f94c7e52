import { rmSync } from 'node:fs';
import {
  BedrockAgentCoreControlClient,
  DeletePaymentManagerCommand,
  ListTagsForResourceCommand,
  UntagResourceCommand,
} from '@aws-sdk/client-bedrock-agentcore-control';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startDatabase, type Database } from '../../../lib/local/database/engine.ts';
import { startHost, type Host } from '../../../lib/local/host.ts';
import { ARN_OF_API, writeFixture } from '../host-fixture.ts';

const templatesDir = writeFixture(({ Resources }) => {
  const { paths } = Resources.Api11111111.Properties.Body;
  const { post: operation } = paths['/echo'];
  paths['/tags/{resourceArn}'] = { get: operation, delete: operation };
  paths['/payments/managers/{paymentManagerId}'] = { delete: operation };
  const { Statement } = Resources.AgentRole33333333Policy.Properties.PolicyDocument;
  const allowed = ['GET/tags/*', 'DELETE/payments/managers/*'];
  Statement[0].Resource = allowed.map((path) => ({ 'Fn::Join': ['', [...ARN_OF_API, `/v1/${path}`]] }));
});
const ARN = 'arn:aws:bedrock-agentcore:us-east-1:000000000000:payment-manager/demo-0123456789';
const ENCODED = 'arn%3Aaws%3Abedrock-agentcore%3Aus-east-1%3A000000000000%3Apayment-manager%2Fdemo-0123456789';

let database: Database;
let host: Host<'agent'>;
let client: BedrockAgentCoreControlClient;

beforeAll(async () => {
  database = await startDatabase({ dataDir: null, env: {} });
  host = await startHost({ templatesDir, dataDir: null, database, callers: { agent: 'AgentRoleArn' }, timers: null });
  client = connect('execute-api');
});

afterAll(async () => {
  client.destroy();
  await host.close();
  await database.close();
  rmSync(templatesDir, { recursive: true });
});

function connect(signingName: string): BedrockAgentCoreControlClient {
  const { endpoint, region, credentialsByRole } = host;
  // Clients take a signing name, but their type does not know it.
  const config = { endpoint, region, credentials: credentialsByRole.agent, maxAttempts: 1, signingName };
  return new BedrockAgentCoreControlClient(config);
}

/** Changes a request after it was signed. */
function tamper(change: (request: { path: string; query: Record<string, unknown> }) => void): () => void {
  const name = 'tamper';
  client.middlewareStack.add(
    (next) => (args) => {
      change(args.request as never);
      return next(args);
    },
    { step: 'finalizeRequest', priority: 'low', name },
  );
  return () => client.middlewareStack.remove(name);
}

const refused = { name: 'AccessDeniedException' };

test.each([
  [ARN, ENCODED],
  ['a b/c%2Fd', 'a%20b%2Fc%252Fd'],
  ["é*'()!", '%C3%A9%2A%27%28%29%21'],
])(
  'the official client reaches a path with %s in one segment, which the function gets as it was sent',
  async (resourceArn, sent) => {
    const { tags } = await client.send(new ListTagsForResourceCommand({ resourceArn }));
    expect(tags).toEqual({ resourceArn: sent });
    expect(decodeURIComponent(sent)).toBe(resourceArn);
  },
);

test('a signed path is refused when its encoding was changed on the way', async () => {
  const restore = tamper((request) => {
    request.path = request.path.replaceAll('%3A', ':');
  });
  try {
    const list = client.send(new ListTagsForResourceCommand({ resourceArn: ARN }));
    await expect(list).rejects.toMatchObject({ ...refused, message: expect.stringContaining('does not match') });
  } finally {
    restore();
  }
  await client.send(new ListTagsForResourceCommand({ resourceArn: ARN }));
});

test('a slash that is not encoded makes another path', async () => {
  const restore = tamper((request) => {
    request.path = request.path.replaceAll('%2F', '/');
  });
  try {
    const list = client.send(new ListTagsForResourceCommand({ resourceArn: ARN }));
    await expect(list).rejects.toMatchObject({ ...refused, message: 'Missing Authentication Token' });
  } finally {
    restore();
  }
});

test('the official client deletes with a query, which is signed and decoded', async () => {
  const command = (clientToken: string): DeletePaymentManagerCommand =>
    new DeletePaymentManagerCommand({ paymentManagerId: 'demo-0123456789', clientToken });
  const clientToken = 'a b+c&d=e/f%20é-'.padEnd(40, '0');
  expect((await client.send(command(clientToken))).status).toBe(clientToken);
  const restore = tamper((request) => {
    request.query['clientToken'] = clientToken.replace('0', '1');
  });
  try {
    const refusal = client.send(command(clientToken));
    await expect(refusal).rejects.toMatchObject({ ...refused, message: expect.stringContaining('does not match') });
  } finally {
    restore();
  }
});

test('the official client is refused a method of the same path that its role does not have', async () => {
  const untag = client.send(new UntagResourceCommand({ resourceArn: ARN, tagKeys: ['a', 'b'] }));
  await expect(untag).rejects.toMatchObject({ ...refused, message: expect.stringContaining('execute-api:Invoke') });
});

test('the official client is refused as it comes, with AgentCore’s signing name', async () => {
  const plain = connect('bedrock-agentcore');
  const list = plain.send(new ListTagsForResourceCommand({ resourceArn: ARN }));
  await expect(list).rejects.toMatchObject({ ...refused, message: expect.stringContaining("'execute-api'") });
  plain.destroy();
});
