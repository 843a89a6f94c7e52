import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateKeyCommand,
  DescribeKeyCommand,
  GetPublicKeyCommand,
  KMSClient,
  SignCommand,
  type CreateKeyCommandInput,
} from '@aws-sdk/client-kms';
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { afterEach, describe, expect, test } from 'vitest';
import type { AwsAuthorization } from '../../../lib/local/aws-endpoint/authorization.ts';
import { AwsError } from '../../../lib/local/aws-endpoint/aws-error.ts';
import {
  createAwsEndpoint,
  type AwsEndpoint,
  type AwsEndpointOptions,
  type SignedRequest,
} from '../../../lib/local/aws-endpoint/endpoint.ts';
import { ACCOUNT, clientConfig, REGION } from '../../wallets/aws.ts';
import { failureOf } from '../../wallets/signer-contract.ts';

const KEY = {
  KeySpec: 'ECC_SECG_P256K1',
  KeyUsage: 'SIGN_VERIFY',
  Tags: [{ TagKey: 'bursar:deployment', TagValue: 'mine' }],
  Policy: JSON.stringify({ Version: '2012-10-17', Id: 'p', Statement: [] }),
} as const satisfies CreateKeyCommandInput;
const DIGEST = { Message: new Uint8Array(32), MessageType: 'DIGEST', SigningAlgorithm: 'ECDSA_SHA_256' } as const;

type Command = DescribeSecretCommand | PutSecretValueCommand | DeleteSecretCommand;

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'bursar-aws-'));
  cleanups.push(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

async function start(options: Partial<AwsEndpointOptions> = {}): Promise<AwsEndpoint> {
  const endpoint = await createAwsEndpoint({ dataDir: null, region: REGION, account: ACCOUNT, ...options });
  cleanups.push(() => endpoint.close());
  return endpoint;
}

function clientsOf(url: string, accessKeyId?: string) {
  const kms = new KMSClient(clientConfig(url, accessKeyId));
  const secrets = new SecretsManagerClient(clientConfig(url, accessKeyId));
  cleanups.push(() => [kms, secrets].forEach((client) => client.destroy()));
  return { kms, secrets };
}

async function nameOfFailure(promise: Promise<unknown>): Promise<string> {
  return ((await failureOf(promise)) as Error).name;
}

describe('permissions', () => {
  test('asks who may do what, with tags, conditions and the key’s policy', async () => {
    const asked: AwsAuthorization[] = [];
    const { url } = await start({ authorize: (request) => asked.push(request) > 0 });
    const { kms, secrets } = clientsOf(url, 'AKIDPAYING');
    const { KeyMetadata } = await kms.send(new CreateKeyCommand(KEY));
    await kms.send(new SignCommand({ KeyId: KeyMetadata!.KeyId!, ...DIGEST }));
    const Tags = [{ Key: 'a', Value: 'b' }];
    const { ARN, VersionId } = await secrets.send(new CreateSecretCommand({ Name: 'n', SecretString: 's', Tags }));
    await secrets.send(new GetSecretValueCommand({ SecretId: ARN!, VersionId: VersionId! }));

    const arn = KeyMetadata!.Arn!;
    const tags = { 'bursar:deployment': 'mine' };
    const requestTags = { 'aws:RequestTag/bursar:deployment': 'mine', 'aws:TagKeys': ['bursar:deployment'] };
    expect(asked).toMatchObject([
      {
        accessKeyId: 'AKIDPAYING',
        service: 'kms',
        action: 'CreateKey',
        resourceArn: '*',
        tags,
        context: { ...requestTags, 'kms:KeySpec': 'ECC_SECG_P256K1', 'kms:KeyUsage': 'SIGN_VERIFY' },
      },
      { action: 'TagResource', resourceArn: arn, tags, context: requestTags },
      {
        service: 'kms',
        action: 'Sign',
        resourceArn: arn,
        tags,
        context: {
          'aws:ResourceTag/bursar:deployment': 'mine',
          'kms:MessageType': 'DIGEST',
          'kms:SigningAlgorithm': 'ECDSA_SHA_256',
          'kms:CallerAccount': ACCOUNT,
        },
        keyPolicy: { Version: '2012-10-17', Id: 'p', Statement: [] },
      },
      {
        service: 'secretsmanager',
        action: 'CreateSecret',
        resourceArn: expect.stringMatching(/:secret:n-\w{6}$/),
        context: { 'aws:RequestTag/a': 'b', 'secretsmanager:Name': 'n' },
      },
      { service: 'secretsmanager', action: 'TagResource' },
      {
        service: 'secretsmanager',
        action: 'GetSecretValue',
        resourceArn: ARN,
        tags: { a: 'b' },
        context: { 'aws:ResourceTag/a': 'b', 'secretsmanager:VersionId': VersionId },
      },
    ]);
    expect(asked.filter(({ keyPolicy }) => keyPolicy === undefined).length).toBe(5);
  });

  test('answers AccessDeniedException to the caller who may not, and serves the one who may', async () => {
    const { url } = await start({
      authorize: async ({ accessKeyId, action }) =>
        accessKeyId === 'AKIDPAYING' || !/^(Sign|GetSecretValue)$/.test(action),
    });
    const [paying, other] = [clientsOf(url, 'AKIDPAYING'), clientsOf(url, 'AKIDOTHER')];
    const { KeyMetadata } = await other.kms.send(new CreateKeyCommand(KEY));
    const { ARN } = await other.secrets.send(new CreateSecretCommand({ Name: 'n', SecretString: 's' }));
    const sign = () => new SignCommand({ KeyId: KeyMetadata!.Arn!, ...DIGEST });
    const read = () => new GetSecretValueCommand({ SecretId: ARN! });
    expect((await paying.kms.send(sign())).Signature).toBeDefined();
    expect((await paying.secrets.send(read())).SecretString).toBe('s');
    expect(await nameOfFailure(other.kms.send(sign()))).toBe('AccessDeniedException');
    expect(await nameOfFailure(other.secrets.send(read()))).toBe('AccessDeniedException');
    const unknown = other.secrets.send(new GetSecretValueCommand({ SecretId: 'unknown' }));
    expect(await nameOfFailure(unknown)).toBe('AccessDeniedException');
  });

  test.each<[string, () => Command]>([
    ['DescribeSecret', () => new DescribeSecretCommand({ SecretId: 'n' })],
    ['PutSecretValue', () => new PutSecretValueCommand({ SecretId: 'n', SecretString: 'new' })],
    ['DeleteSecret', () => new DeleteSecretCommand({ SecretId: 'n', RecoveryWindowInDays: 7 })],
  ])(
    'lets only who may do %s, on the secret’s ARN and tags, and changes nothing for others',
    async (action, command) => {
      const asked: AwsAuthorization[] = [];
      const { url } = await start({
        authorize: (request) =>
          asked.push(request) > 0 && (request.accessKeyId === 'AKIDMAY' || request.action !== action),
      });
      const [may, other] = [clientsOf(url, 'AKIDMAY').secrets, clientsOf(url, 'AKIDOTHER').secrets];
      const Tags = [{ Key: 'a', Value: 'b' }];
      const { ARN } = await may.send(new CreateSecretCommand({ Name: 'n', SecretString: 's', Tags }));
      expect(await nameOfFailure(other.send(command() as DescribeSecretCommand))).toBe('AccessDeniedException');
      expect((await other.send(new GetSecretValueCommand({ SecretId: 'n' }))).SecretString).toBe('s');
      expect(await may.send(command() as DescribeSecretCommand)).toMatchObject({ ARN });
      expect(asked.filter((request) => request.action === action)).toMatchObject(
        ['AKIDOTHER', 'AKIDMAY'].map((accessKeyId) => ({
          accessKeyId,
          service: 'secretsmanager',
          resourceArn: ARN,
          tags: { a: 'b' },
          context: { 'aws:ResourceTag/a': 'b', 'secretsmanager:SecretId': 'n' },
        })),
      );
    },
  );

  test('makes nothing where the creation or its tags are refused', async () => {
    const dataDir = temporaryDirectory();
    for (const denied of ['CreateKey', 'TagResource', 'CreateSecret']) {
      const { url, close } = await start({ dataDir, authorize: ({ action }) => action !== denied });
      const { kms, secrets } = clientsOf(url);
      if (denied !== 'CreateSecret') {
        expect(await nameOfFailure(kms.send(new CreateKeyCommand(KEY)))).toBe('AccessDeniedException');
      }
      if (denied !== 'CreateKey') {
        const input = { Name: 'n', SecretString: 's', Tags: [{ Key: 'a', Value: 'b' }] };
        expect(await nameOfFailure(secrets.send(new CreateSecretCommand(input)))).toBe('AccessDeniedException');
      }
      await close();
    }
    expect(readdirSync(join(dataDir, 'kms'))).toEqual([]);
    expect(readdirSync(join(dataDir, 'secrets'))).toEqual([]);
  });

  test('hands a request to the signature check as it came, and answers what that says', async () => {
    const seen: SignedRequest[] = [];
    const { url } = await start({
      verify: (request) => {
        seen.push(request);
        return seen.length === 1 ? null : new AwsError('InvalidSignatureException', 'no');
      },
    });
    const { kms } = clientsOf(url);
    await kms.send(new CreateKeyCommand(KEY));
    expect(await nameOfFailure(kms.send(new CreateKeyCommand(KEY)))).toBe('InvalidSignatureException');
    expect(seen[0]).toMatchObject({ method: 'POST', url: '/', service: 'kms' });
    expect(seen[0]!.headers.authorization).toMatch(/Credential=AKIDTEST\//);
    expect(seen[0]!.rawHeaders.length).toBeGreaterThan(8);
    expect(JSON.parse(Buffer.from(seen[0]!.body).toString())).toMatchObject({ KeySpec: 'ECC_SECG_P256K1' });
  });
});

const scope = (region: string, service: string) =>
  `AWS4-HMAC-SHA256 Credential=AKID/20250101/${region}/${service}/aws4_request, SignedHeaders=host, Signature=00`;

async function post(url: string, headers: Record<string, string>, body: string): Promise<[number, string]> {
  const response = await fetch(url, { method: 'POST', headers, body });
  const { __type } = (await response.json()) as { readonly __type?: string };
  return [response.status, __type ?? ''];
}

describe('protocol', () => {
  test.each([
    ['MissingAuthenticationTokenException', {}, '{}'],
    ['IncompleteSignatureException', { authorization: 'Bearer x' }, '{}'],
    ['InvalidSignatureException', { authorization: scope('us-east-1', 'kms') }, '{}'],
    ['InvalidSignatureException', { authorization: scope(REGION, 'secretsmanager') }, '{}'],
    ['SerializationException', { authorization: scope(REGION, 'kms') }, ''],
    ['SerializationException', { authorization: scope(REGION, 'kms') }, '[]'],
    ['SerializationException', { authorization: scope(REGION, 'kms') }, 'null'],
    ['ValidationException', { authorization: scope(REGION, 'kms') }, '{}'],
    ['ValidationException', { authorization: scope(REGION, 'kms') }, '{"KeyId":7}'],
    ['ValidationException', { authorization: scope(REGION, 'kms') }, '{"KeyId":{"__proto__":1}}'],
    [
      'UnknownOperationException',
      { authorization: scope(REGION, 'kms'), 'x-amz-target': 'TrentService.Nothing' },
      '{}',
    ],
    [
      'UnknownOperationException',
      { authorization: scope(REGION, 'kms'), 'x-amz-target': 'TrentService.toString' },
      '{}',
    ],
    ['UnknownOperationException', { authorization: scope(REGION, 'kms'), 'x-amz-target': 'Other.DescribeKey' }, '{}'],
  ])('answers %s to headers %j and body %j', async (name, headers, body) => {
    const { url } = await start();
    expect(await post(url, { 'x-amz-target': 'TrentService.DescribeKey', ...headers }, body)).toEqual([400, name]);
  });

  test('answers 413 to a body that is too large', async () => {
    const { url } = await start();
    const headers = { 'x-amz-target': 'TrentService.DescribeKey', authorization: scope(REGION, 'kms') };
    const [status] = await post(url, headers, 'x'.repeat(512 * 1024 + 1));
    expect(status).toBe(413);
  });

  test('answers 500 without details when it fails itself, and reports it', async () => {
    const reports: unknown[] = [];
    const { url } = await start({
      authorize: () => {
        throw new Error('the cause');
      },
      report: (error) => reports.push(error),
    });
    const failure = (await failureOf(clientsOf(url).kms.send(new CreateKeyCommand(KEY)))) as Error;
    expect(failure.name).toBe('InternalFailure');
    expect(failure.message).not.toContain('the cause');
    expect(String(reports[0])).toContain('the cause');
  });

  test('refuses a port that is taken', async () => {
    const { port } = await start();
    await expect(start({ port })).rejects.toThrow(`port ${port} is taken`);
  });
});

/** An endpoint for a process of its own, so that a test can kill it; it sends its URL. */
function endpointProgram(dataDir: string): string {
  const module = new URL('../../../lib/local/aws-endpoint/endpoint.ts', import.meta.url);
  const options = JSON.stringify({ dataDir, region: REGION, account: ACCOUNT });
  return `const { createAwsEndpoint } = await import('${module.href}');
    process.send((await createAwsEndpoint(${options})).url);`;
}

describe('files', () => {
  test('keeps keys and secrets over a restart, readable by their owner only', async () => {
    const dataDir = temporaryDirectory();
    const before = await start({ dataDir });
    const first = clientsOf(before.url);
    const KeyId = (await first.kms.send(new CreateKeyCommand(KEY))).KeyMetadata!.Arn!;
    await first.secrets.send(new CreateSecretCommand({ Name: 'a/b', SecretString: 's' }));
    await first.secrets.send(new PutSecretValueCommand({ SecretId: 'a/b', SecretString: 't' }));
    const { PublicKey } = await first.kms.send(new GetPublicKeyCommand({ KeyId }));
    await before.close();

    for (const kind of ['kms', 'secrets']) {
      const [file, ...others] = readdirSync(join(dataDir, kind));
      expect(others).toEqual([]);
      expect(statSync(join(dataDir, kind, file!)).mode & 0o777).toBe(0o600);
      expect(statSync(join(dataDir, kind)).mode & 0o777).toBe(0o700);
    }
    const second = clientsOf((await start({ dataDir })).url);
    expect((await second.kms.send(new GetPublicKeyCommand({ KeyId }))).PublicKey).toEqual(PublicKey);
    const read = (more: object) => second.secrets.send(new GetSecretValueCommand({ SecretId: 'a/b', ...more }));
    expect((await read({})).SecretString).toBe('t');
    expect((await read({ VersionStage: 'AWSPREVIOUS' })).SecretString).toBe('s');
  });

  test('keeps nothing without a directory', async () => {
    const before = await start();
    const KeyId = (await clientsOf(before.url).kms.send(new CreateKeyCommand(KEY))).KeyMetadata!.Arn!;
    await before.close();
    const after = clientsOf((await start()).url);
    expect(await nameOfFailure(after.kms.send(new DescribeKeyCommand({ KeyId })))).toBe('NotFoundException');
  });

  test('removes what a killed process left half written, and refuses a record that is damaged', async () => {
    const dataDir = temporaryDirectory();
    await (await start({ dataDir })).close();
    writeFileSync(join(dataDir, 'kms', 'half.partial'), '{"keyId":');
    await (await start({ dataDir })).close();
    expect(readdirSync(join(dataDir, 'kms'))).toEqual([]);
    writeFileSync(join(dataDir, 'kms', 'half.json'), '{"keyId":');
    expect(String(await failureOf(start({ dataDir })))).toMatch(/half\.json is not a record/);
  });

  test('loses no acknowledged key when the process is killed in the middle of making many', async () => {
    const dataDir = temporaryDirectory();
    const child = spawn(process.execPath, ['--input-type=module', '--eval', endpointProgram(dataDir)], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    cleanups.push(() => child.kill('SIGKILL'));
    const [url] = (await once(child, 'message')) as [string];
    const { kms } = clientsOf(url);
    const acknowledged: string[] = [];
    const makeKeys = async (): Promise<void> => {
      for (let i = 0; i < 200; i += 1) {
        const { KeyMetadata } = await kms.send(new CreateKeyCommand(KEY));
        acknowledged.push(KeyMetadata!.Arn!);
        if (acknowledged.length === 40) child.kill('SIGKILL');
      }
    };
    await Promise.allSettled([makeKeys(), makeKeys(), makeKeys(), makeKeys()]);
    expect(acknowledged.length).toBeGreaterThanOrEqual(40);
    expect(acknowledged.length).toBeLessThan(800);

    const after = clientsOf((await start({ dataDir })).url);
    for (const KeyId of acknowledged) {
      expect((await after.kms.send(new SignCommand({ KeyId, ...DIGEST }))).KeyId).toBe(KeyId);
    }
  });
});
