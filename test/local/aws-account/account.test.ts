import { createServer } from 'node:http';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import {
  BedrockAgentCoreClient,
  GetPaymentSessionCommand,
  ProcessPaymentCommand,
} from '@aws-sdk/client-bedrock-agentcore';
import {
  BedrockAgentCoreControlClient,
  CreatePaymentManagerCommand,
  DeletePaymentManagerCommand,
  GetPaymentManagerCommand,
} from '@aws-sdk/client-bedrock-agentcore-control';
import { CloudWatchLogsClient, CreateLogGroupCommand } from '@aws-sdk/client-cloudwatch-logs';
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startAwsAccount, type AwsAccount, type AwsAccountOptions } from '../../../lib/local/aws-account/server.ts';
import { LOCAL_ENVIRONMENT } from '../../../lib/local/host.ts';
import { close, listen } from '../../../lib/local/loopback/server.ts';
import { toEpochMs } from '../../../lib/domain/time.ts';
import { verifySignature } from '../../../lib/sigv4/verification.ts';

const ROLES = ['controlPlane', 'management', 'processPayment', 'observer', 'token', 'treasury', 'backup'] as const;
const REGION = 'us-west-2';
const HOUR_MS = 3_600_000;
const MANAGER = 'arn:aws:bedrock-agentcore:us-east-1:000000000000:payment-manager/shop-0123456789';
const TRUST = policy({
  Effect: 'Allow',
  Principal: { AWS: 'arn:aws:iam::000000000000:root' },
  Action: 'sts:AssumeRole',
});

type Credentials = { readonly accessKeyId: string; readonly secretAccessKey: string; readonly sessionToken?: string };
type DeploymentCredentials = AwsAccountOptions['deployment']['credentials'];

function policy(...Statement: readonly object[]): string {
  return JSON.stringify({ Version: '2012-10-17', Statement });
}

function allow(...actions: readonly string[]): string {
  const Action = actions.map((action) => `bedrock-agentcore:${action}`);
  return policy({ Effect: 'Allow', Action, Resource: 'arn:aws:bedrock-agentcore:*:000000000000:payment-manager/*' });
}

/** A deployment that says as which role it was called. */
async function startDeployment() {
  const credentials = Object.fromEntries(
    ROLES.map((role) => [role, { accessKeyId: `AKIA${role}`, secretAccessKey: `secret-of-${role}` }]),
  ) as DeploymentCredentials;
  const calls: { readonly role: string; readonly method: string; readonly url: string; readonly body: string }[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      const body = await text(request);
      const raw = request.rawHeaders;
      const headers = raw.flatMap((name, at) => (at % 2 === 0 ? [[name, raw[at + 1] ?? ''] as const] : []));
      const { method = '', url = '' } = request;
      const verified = verifySignature(
        { method, target: url, headers, body: Buffer.from(body) },
        {
          region: 'us-east-1',
          service: 'execute-api',
          now: toEpochMs(Date.now()),
          findCredential: (id) => {
            const found = Object.values(credentials).find(({ accessKeyId }) => accessKeyId === id);
            return found === undefined ? null : { ...found, sessionToken: null };
          },
        },
      );
      calls.push({ role: verified.ok ? verified.value.accessKeyId.slice('AKIA'.length) : 'nobody', method, url, body });
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    })();
  });
  const endpoint = `http://127.0.0.1:${await listen(server, 0)}/v1`;
  return { server, calls, options: { endpoint, region: 'us-east-1', credentials, fetch } };
}

let deployment: Awaited<ReturnType<typeof startDeployment>>;
let account: AwsAccount;
let directory: string;
let nowMs: number | null;

const start = (): Promise<AwsAccount> =>
  startAwsAccount({
    dataDir: directory,
    environment: LOCAL_ENVIRONMENT,
    deployment: deployment.options,
    port: 0,
    report: (problem) => expect.unreachable(problem),
    now: () => new Date(nowMs ?? Date.now()),
  });

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'bursar-account-'));
  nowMs = null;
  deployment = await startDeployment();
  account = await start();
});

afterEach(async () => {
  await account.close();
  await close(deployment.server);
  rmSync(directory, { recursive: true });
});

// The clients write into the credentials that they are given.
const config = (credentials: Credentials) => ({
  endpoint: account.url,
  region: REGION,
  credentials: { ...credentials },
  maxAttempts: 1,
});

/** A call of IAM, of which no client is installed. */
async function iam(
  action: string,
  input: Readonly<Record<string, string>>,
  credentials: Credentials = account.credentials,
) {
  const body = new URLSearchParams({ Action: action, Version: '2010-05-08', ...input }).toString();
  const url = new URL(account.url);
  const signer = new SignatureV4({ service: 'iam', region: 'us-east-1', credentials, sha256: Sha256 });
  const { headers } = await signer.sign({
    method: 'POST',
    protocol: url.protocol,
    hostname: url.hostname,
    port: Number(url.port),
    path: '/',
    headers: { host: url.host, 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
    body,
  });
  const { host: _, ...sent } = headers;
  const response = await fetch(account.url, { method: 'POST', headers: sent, body });
  return { status: response.status, xml: await response.text() };
}

async function createRole(RoleName: string, policies: readonly string[], trust = TRUST): Promise<string> {
  const { xml } = await iam('CreateRole', { RoleName, AssumeRolePolicyDocument: trust });
  for (const [at, PolicyDocument] of policies.entries()) {
    await iam('PutRolePolicy', { RoleName, PolicyName: `policy${at}`, PolicyDocument });
  }
  return /<Arn>(.*)<\/Arn>/.exec(xml)![1]!;
}

async function assume(RoleArn: string): Promise<Credentials> {
  const sts = new STSClient(config(account.credentials));
  const { Credentials } = await sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'tutorial' }));
  return {
    accessKeyId: Credentials!.AccessKeyId!,
    secretAccessKey: Credentials!.SecretAccessKey!,
    sessionToken: Credentials!.SessionToken!,
  };
}

function getSession(credentials: Credentials): Promise<unknown> {
  const paymentSessionId = 'payment-session-0123456789abcde';
  return new BedrockAgentCoreClient(config(credentials)).send(
    new GetPaymentSessionCommand({ paymentManagerArn: MANAGER, paymentSessionId, userId: 'someone' }),
  );
}

function pay(credentials: Credentials): Promise<unknown> {
  return new BedrockAgentCoreClient(config(credentials)).send(
    new ProcessPaymentCommand({
      paymentManagerArn: MANAGER,
      userId: 'someone',
      paymentSessionId: 'payment-session-0123456789abcde',
      paymentInstrumentId: 'payment-instrument-0123456789abcde',
      paymentType: 'CRYPTO_X402',
      paymentInput: { cryptoX402: { version: '1', payload: {} } },
      clientToken: 'a-token-that-is-at-least-33-characters-long',
    }),
  );
}

function createManager(credentials: Credentials): Promise<unknown> {
  return new BedrockAgentCoreControlClient(config(credentials)).send(
    new CreatePaymentManagerCommand({
      name: 'shop',
      authorizerType: 'AWS_IAM',
      roleArn: 'arn:aws:iam::000000000000:role/any',
    }),
  );
}

describe('who one is', () => {
  test('tells the developer and whoever has assumed a role', async () => {
    const arn = await createRole('AgentRole', [allow('ProcessPayment')]);
    const identify = async (credentials: Credentials) =>
      (await new STSClient(config(credentials)).send(new GetCallerIdentityCommand())).Arn;

    expect(arn).toBe('arn:aws:iam::000000000000:role/AgentRole');
    expect(await identify(account.credentials)).toBe('arn:aws:iam::000000000000:user/developer');
    expect(await identify(await assume(arn))).toBe('arn:aws:sts::000000000000:assumed-role/AgentRole/tutorial');
  });

  test('keeps the key and the roles over a restart, and no sessions', async () => {
    const arn = await createRole('AgentRole', [allow('GetPaymentSession')]);
    const [key, session] = [account.credentials, await assume(arn)];
    await account.close();
    account = await start();

    expect(account.credentials).toEqual(key);
    await expect(getSession(session)).rejects.toMatchObject({ name: 'UnrecognizedClientException' });
    await getSession(await assume(arn));
  });

  test('ends a session after its hour', async () => {
    const session = await assume(await createRole('AgentRole', [allow('GetPaymentSession')]));
    nowMs = Date.now() + HOUR_MS + 1;
    // The client signs with the time that the service tells it.
    const client = new BedrockAgentCoreClient({ ...config(session), systemClockOffset: HOUR_MS + 1 });
    const read = client.send(
      new GetPaymentSessionCommand({
        paymentManagerArn: MANAGER,
        paymentSessionId: 'payment-session-0123456789abcde',
        userId: 'someone',
      }),
    );

    await expect(read).rejects.toMatchObject({ name: 'ExpiredTokenException' });
  });

  test('lets nobody assume a role that trusts a service alone, and nobody but the developer any', async () => {
    const service = {
      Effect: 'Allow',
      Principal: { Service: 'bedrock-agentcore.amazonaws.com' },
      Action: 'sts:AssumeRole',
    };
    const retrieval = await createRole('RetrievalRole', [], policy(service));
    const agent = await createRole('AgentRole', [policy({ Effect: 'Allow', Action: '*', Resource: '*' })]);
    const assumed = new STSClient(config(await assume(agent)));
    const again = assumed.send(new AssumeRoleCommand({ RoleArn: agent, RoleSessionName: 'again' }));
    await expect(again).rejects.toMatchObject({ name: 'AccessDenied' });

    await expect(assume(retrieval)).rejects.toMatchObject({ name: 'AccessDenied' });
    await expect(assume(`${agent}2`)).rejects.toMatchObject({ name: 'AccessDenied' });
  });
});

describe('payments', () => {
  test('go to the deployment as the role that each is open to, for the developer', async () => {
    await createManager(account.credentials);
    await getSession(account.credentials);
    await pay(account.credentials);

    expect(deployment.calls.map(({ role }) => role)).toEqual(['controlPlane', 'management', 'processPayment']);
    expect(deployment.calls[2]).toMatchObject({ method: 'POST', url: '/v1/payments/processPayment' });
    expect(JSON.parse(deployment.calls[2]!.body)).toMatchObject({ paymentManagerArn: MANAGER });
  });

  test('are open to a role as far as its policies say', async () => {
    const agent = await assume(await createRole('AgentRole', [allow('ProcessPayment')]));
    await pay(agent);

    await expect(getSession(agent)).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: expect.stringContaining('bedrock-agentcore:GetPaymentSession'),
    });
    expect(deployment.calls.map(({ role }) => role)).toEqual(['processPayment']);
  });

  test('are closed to a role that denies what it allows, and to one without policies', async () => {
    const deny = policy({ Effect: 'Deny', Action: 'bedrock-agentcore:ProcessPayment', Resource: '*' });
    const denied = await assume(await createRole('ManagementRole', [allow('*'), deny]));
    const nobody = await assume(await createRole('EmptyRole', []));

    await expect(pay(denied)).rejects.toMatchObject({ name: 'AccessDeniedException' });
    await expect(pay(nobody)).rejects.toMatchObject({ name: 'AccessDeniedException' });
    expect(deployment.calls).toEqual([]);
  });

  test('are open to a role by actions that IAM knows without a resource', async () => {
    await createManager(await assume(await createRole('OperatorRole', [allow('CreatePaymentManager')])));

    expect(deployment.calls.map(({ role }) => role)).toEqual(['controlPlane']);
  });

  test('are told apart by their method where they have one path', async () => {
    const reader = await assume(await createRole('ReaderRole', [allow('GetPaymentManager')]));
    const client = new BedrockAgentCoreControlClient(config(reader));
    const of = { paymentManagerId: 'shop-0123456789' };
    await client.send(new GetPaymentManagerCommand(of));

    await expect(client.send(new DeletePaymentManagerCommand(of))).rejects.toMatchObject({
      name: 'AccessDeniedException',
    });
  });

  test('are closed to whoever has another key', async () => {
    const wrong = { ...account.credentials, secretAccessKey: 'another' };

    await expect(getSession(wrong)).rejects.toMatchObject({ name: 'InvalidSignatureException' });
    expect(deployment.calls).toEqual([]);
  });
});

describe('roles', () => {
  test('are read as they were made, changed and deleted', async () => {
    const RoleName = 'AgentRole';
    await createRole(RoleName, [allow('ProcessPayment'), allow('GetPaymentSession')]);
    const made = await iam('GetRole', { RoleName });
    const twice = await iam('CreateRole', { RoleName, AssumeRolePolicyDocument: TRUST });
    const listed = await iam('ListRolePolicies', { RoleName });
    const early = await iam('DeleteRole', { RoleName });
    for (const PolicyName of ['policy0', 'policy1']) await iam('DeleteRolePolicy', { RoleName, PolicyName });
    const deleted = await iam('DeleteRole', { RoleName });
    const gone = await iam('GetRole', { RoleName });

    expect(made.xml).toContain(`<AssumeRolePolicyDocument>${encodeURIComponent(TRUST)}</AssumeRolePolicyDocument>`);
    expect([twice.status, twice.xml]).toEqual([409, expect.stringContaining('<Code>EntityAlreadyExists</Code>')]);
    expect(listed.xml).toContain('<PolicyNames><member>policy0</member><member>policy1</member></PolicyNames>');
    expect(early.xml).toContain('<Code>DeleteConflict</Code>');
    expect(deleted.status).toBe(200);
    expect([gone.status, gone.xml]).toEqual([404, expect.stringContaining('<Code>NoSuchEntity</Code>')]);
  });

  test('take policies, and no other text', async () => {
    const RoleName = 'AgentRole';
    const answers = await Promise.all(
      ['', 'no JSON', '[]', '{"Statement": 1}'].map((AssumeRolePolicyDocument) =>
        iam('CreateRole', { RoleName, AssumeRolePolicyDocument }),
      ),
    );

    for (const { xml } of answers) expect(xml).toContain('<Code>MalformedPolicyDocument</Code>');
  });

  test('are the developer’s alone to make', async () => {
    const all = policy({ Effect: 'Allow', Action: '*', Resource: '*' });
    const session = await assume(await createRole('AgentRole', [all]));
    const { status, xml } = await iam('CreateRole', { RoleName: 'More', AssumeRolePolicyDocument: TRUST }, session);

    expect([status, xml]).toEqual([403, expect.stringContaining('<Code>AccessDenied</Code>')]);
  });
});

describe('what there is not', () => {
  test('is refused in words: services, actions of IAM, operations, requests without a signature', async () => {
    const logs = new CloudWatchLogsClient(config(account.credentials));
    const group = logs.send(new CreateLogGroupCommand({ logGroupName: '/aws/vendedlogs' }));
    const unsigned = await fetch(`${account.url}/payments/process`, { method: 'POST', body: '{}' });

    await expect(group).rejects.toMatchObject({
      name: 'UnknownOperationException',
      message: expect.stringContaining('no service logs'),
    });
    expect((await iam('CreateUser', {})).xml).toContain('<Code>InvalidAction</Code>');
    expect([unsigned.status, await unsigned.text()]).toEqual([400, expect.stringContaining('signed')]);
  });
});
