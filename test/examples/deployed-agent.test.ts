import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { handler } from '../../examples/deployed-agent/agent.ts';
import { AgentStack } from '../../examples/deployed-agent/stack.ts';
import { openBudget, type Budget } from '../../examples/workload/world.ts';
import { close, listen } from '../../lib/local/loopback/server.ts';
import { withStack } from '../scenarios/scene.ts';

const ROLE_ARN = 'arn:aws:iam::000000000000:role/BursarService-ProcessPaymentRole';
const SYNTHESIS_TIMEOUT_MS = 60_000;

const scene = withStack();
const directory = mkdtempSync(join(tmpdir(), 'bursar-agent-'));
const seenBySts: URLSearchParams[] = [];
const sts = createServer((request, response) => {
  let body = '';
  request
    .on('data', (chunk) => (body += chunk))
    .on('end', () => {
      seenBySts.push(new URLSearchParams(body));
      const { accessKeyId, secretAccessKey } = scene.stack.info.credentials.processPayment;
      response.writeHead(200, { 'content-type': 'text/xml' }).end(`<AssumeRoleResponse
      xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
      <AccessKeyId>${accessKeyId}</AccessKeyId><SecretAccessKey>${secretAccessKey}</SecretAccessKey>
      <Expiration>${new Date(Date.now() + 900_000).toISOString()}</Expiration>
      </Credentials></AssumeRoleResult></AssumeRoleResponse>`);
    });
});

let template: Template;
/** As it would be deployed. */
let deployed: typeof handler;
let budget: Budget;

beforeAll(async () => {
  const { endpoint, region, paymentManagerArn } = scene.stack.info;
  const app = new App({ outdir: join(directory, 'assembly') });
  const stack = new AgentStack(app, 'Agent', { endpoint, paymentManagerArn, processPaymentRoleArn: ROLE_ARN });
  template = Template.fromStack(stack);
  const [agent] = Object.values(template.findResources('AWS::Lambda::Function'));
  const asset = String(agent!['Properties'].Code.S3Key).replace('.zip', '');
  deployed = ((await import(join(directory, 'assembly', `asset.${asset}`, 'index.js'))) as { handler: typeof handler })
    .handler;
  for (const [name, value] of Object.entries(agent!['Properties'].Environment.Variables as Record<string, string>)) {
    vi.stubEnv(name, value);
  }
  vi.stubEnv('AWS_REGION', region);
  vi.stubEnv('AWS_ENDPOINT_URL_STS', `http://127.0.0.1:${await listen(sts, 0)}`);
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'of-the-function');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'of-the-function');
  budget = await openBudget(scene.stack, 'deployed', '1.00');
}, SYNTHESIS_TIMEOUT_MS);

afterAll(async () => {
  vi.unstubAllEnvs();
  await close(sts);
  rmSync(directory, { recursive: true });
});

describe('the role of a deployed agent', () => {
  test('may assume ProcessPaymentRole, write its log, and nothing else', () => {
    const statements = Object.values(template.findResources('AWS::IAM::Policy')).flatMap(
      ({ Properties }) => Properties.PolicyDocument.Statement,
    );
    expect(statements).toEqual([{ Action: 'sts:AssumeRole', Effect: 'Allow', Resource: ROLE_ARN }]);
    const roles = Object.values(template.findResources('AWS::IAM::Role'));
    expect(roles).toHaveLength(1);
    expect(roles[0]!['Properties'].Policies).toBeUndefined();
    expect(JSON.stringify(roles[0]!['Properties'].ManagedPolicyArns).match(/:policy\/[^"]+/g)).toEqual([
      ':policy/service-role/AWSLambdaBasicExecutionRole',
    ]);
  });
});

describe('a deployed agent', () => {
  test('assumes the role in the name of its user, and buys within the session', async () => {
    const { session, instrument } = budget;
    const sources = [budget.urlOf('market-data')];
    const outcome = await deployed({ task: 'research', ...session, ...instrument, sources });
    expect(outcome).toMatchObject({ findings: [{ url: sources[0], paidUsd: '0.50' }] });
    const asked = seenBySts.map((each) => [each.get('Action'), each.get('RoleArn'), each.get('RoleSessionName')]);
    expect(asked).toEqual([['AssumeRole', ROLE_ARN, session.userId]]);
    expect(await budget.receipts()).toMatchObject([{ decision: 'PAID', amountUsd: '0.50' }]);
  });

  test('cannot open itself a session', async () => {
    const { userId } = budget.session;
    expect(await deployed({ task: 'open_session', userId })).toEqual({ refused: 'AccessDeniedException' });
  });
});
