import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { AccountReader, ServiceQuota } from '../../lib/cli/target/account.ts';
import { CONTEXT, createWorld, GENEROUS_ACCOUNT, json, MANAGER, type Routes, type WorldOptions } from './world.ts';

interface Found {
  readonly id: string;
  readonly status: string;
  readonly detail: string;
  readonly mend?: string;
}

const denied = () => Promise.reject(Object.assign(new Error('no'), { name: 'AccessDeniedException' }));

/** What the doctor finds in an account; without an endpoint, unless files say otherwise. */
async function examine(account: Partial<AccountReader>, options: WorldOptions = {}) {
  const world = createWorld({
    ...options,
    env: { AWS_REGION: 'us-east-1', ...options.env },
    overrides: { account: { ...GENEROUS_ACCOUNT, ...account }, ...options.overrides },
  });
  const code = await world.run('doctor', '--json');
  const { findings } = JSON.parse(world.out()) as { findings: Found[] };
  return { code, findings, of: (id: string) => findings.find((each) => each.id === id), shown: world.out() };
}

const quotas = (changed: Readonly<Record<string, readonly ServiceQuota[]>>) => ({
  serviceQuotas: async (
    region: string,
    credentials: { accessKeyId: string; secretAccessKey: string },
    service: string,
  ) => changed[service] ?? (await GENEROUS_ACCOUNT.serviceQuotas(region, credentials, service)),
});

describe('quotas', () => {
  test('are looked at first, also where nothing is deployed yet', async () => {
    const { code, findings, of } = await examine({});
    expect(findings.slice(0, 6).map(({ id, status }) => [id, status])).toEqual([
      ['quota-lambda', 'ok'],
      ['quota-gateway', 'ok'],
      ['quota-kms', 'ok'],
      ['quota-secrets', 'ok'],
      ['quota-dynamodb-writes', 'ok'],
      ['quota-dynamodb-reads', 'ok'],
    ]);
    expect(of('endpoint')).toMatchObject({ status: 'warn', detail: 'none is known yet' });
    expect(code).toBe(0);
  });

  test.each([
    // A fresh account: ten at once are about a hundred requests a second.
    [10, {}, 'warn'],
    [99, {}, 'warn'],
    [100, {}, 'ok'],
    [10, { BURSAR_THROTTLE_REQUESTS_PER_SECOND: '100' }, 'ok'],
    [10, { BURSAR_THROTTLE_REQUESTS_PER_SECOND: '101' }, 'warn'],
    [200, { BURSAR_RESERVED_CONCURRENCY: '100' }, 'ok'],
    [199, { BURSAR_RESERVED_CONCURRENCY: '100' }, 'fail'],
    [1000, { BURSAR_RESERVED_CONCURRENCY: '99' }, 'warn'],
    [110, { BURSAR_PROVISIONED_CONCURRENCY: '10' }, 'ok'],
    [109, { BURSAR_PROVISIONED_CONCURRENCY: '10' }, 'fail'],
  ])('say of %i functions at once, with %j: %s', async (concurrency, env, status) => {
    const { code, of } = await examine({ lambdaConcurrency: async () => concurrency }, { env });
    expect(of('quota-lambda')).toMatchObject({ status });
    expect(code).toBe(status === 'fail' ? 1 : 0);
    if (status !== 'ok') expect(of('quota-lambda')?.mend).toBeDefined();
  });

  test.each([
    ['kms', 'quota-kms', 'Cryptographic operations (ECC) request rate', 1_000],
    ['apigateway', 'quota-gateway', 'Throttle rate', 1_000],
    ['secretsmanager', 'quota-secrets', 'Combined rate of DescribeSecret and GetSecretValue API requests', 100],
    ['dynamodb', 'quota-dynamodb-writes', 'Table-level write throughput limit', 8_000],
    ['dynamodb', 'quota-dynamodb-reads', 'Table-level read throughput limit', 5_500],
  ])('of %s warn below what the API lets in', async (service, id, name, enough) => {
    const at = (value: number) => examine(quotas({ [service]: [{ code: 'L-8A5B8E43', name, value }] }));
    expect((await at(enough)).of(id)).toMatchObject({ status: 'ok' });
    const { of, code } = await at(enough - 1);
    expect(of(id)).toMatchObject({ status: 'warn' });
    expect(of(id)?.mend).toContain('request-service-quota-increase');
    expect(code).toBe(0);
  });

  test('that may not be asked are a warning with the permissions that are missing, once', async () => {
    const { code, findings } = await examine({ lambdaConcurrency: denied, serviceQuotas: denied });
    expect(code).toBe(0);
    const told = findings.filter(({ id }) => id.startsWith('quota'));
    expect(told).toHaveLength(1);
    expect(told[0]).toMatchObject({ id: 'quotas', status: 'warn' });
    expect(told[0]!.mend).toContain('lambda:GetAccountSettings and servicequotas:ListServiceQuotas');
  });

  test('that do not answer are a warning, and those that are not listed are not checked', async () => {
    const cut = () => Promise.reject(new TypeError('fetch failed', { cause: { code: 'ECONNRESET' } }));
    expect((await examine({ lambdaConcurrency: cut })).of('quota-lambda')).toMatchObject({ status: 'warn' });
    expect((await examine(quotas({ kms: [] }))).of('quota-kms')).toMatchObject({ status: 'skip' });
  });

  test('are measured by cdk.json too, and a choice that is none is a failure', async () => {
    const chosen = (value: unknown) => ({
      files: { 'cdk.json': JSON.stringify({ context: { 'bursar:reservedConcurrency': value } }) },
    });
    expect((await examine({}, chosen(901))).of('quota-lambda')).toMatchObject({ status: 'fail' });
    expect((await examine({}, chosen(900))).of('quota-lambda')).toMatchObject({ status: 'ok' });
    expect((await examine({}, chosen('many'))).of('choices')).toMatchObject({ status: 'fail' });
    // The file of the repository itself can be read.
    const own = readFileSync(join(import.meta.dirname, '..', '..', 'cdk.json'), 'utf8');
    expect((await examine({}, { files: { 'cdk.json': own } })).of('quota-lambda')).toMatchObject({ status: 'ok' });
  });

  test('are not asked for with a token', async () => {
    const { of } = await examine({ lambdaConcurrency: denied }, { env: { BURSAR_TOKEN: 'e30.e30.AA' } });
    expect(of('quotas')).toMatchObject({ status: 'skip' });
  });
});

describe('the key of the wallet', () => {
  const of = async (type: string, account: Partial<AccountReader>) => {
    const routes: Routes = { connectors: () => json({}) };
    const files = { '.bursar/context.json': JSON.stringify(CONTEXT) };
    const connector = () => json({ name: 'c', type, status: 'READY', paymentConnectorId: CONTEXT.paymentConnectorId });
    const all = {
      ...routes,
      [`/connectors/${CONTEXT.paymentConnectorId}`]: connector,
      '/bursar/assets': () => json({ assets: [] }),
      '': () => new Response('{}'),
    };
    return (await examine(account, { files, routes: all })).of('key');
  };

  test('of a SeedVault wallet is the secret of its connector', async () => {
    const asked: string[] = [];
    const secretState = async (_region: string, _credentials: unknown, name: string) => {
      asked.push(name);
      return 'present' as const;
    };
    expect(await of('SeedVault', { secretState })).toMatchObject({ status: 'ok' });
    expect(asked).toEqual([`bursar/Bursar/${MANAGER.split('/')[1]}/${CONTEXT.paymentConnectorId}`]);
  });

  test.each([
    ['SeedVault', 'fail', 'backup restore', { secretState: async () => 'missing' as const }],
    ['SeedVault', 'fail', 'restore-secret', { secretState: async () => 'deleting' as const }],
    ['SeedVault', 'warn', 'must not be rotated', { secretState: async () => 'rotated' as const }],
    ['SeedVault', 'fail', 'backup restore', { secretState: async () => 'not_held' as const }],
    ['SeedVault', 'warn', 'secretsmanager:DescribeSecret', { secretState: denied }],
    ['AwsKms', 'fail', 'cancel-key-deletion', { walletKeyStates: async () => ['PendingDeletion'] }],
    ['AwsKms', 'warn', 'tags', { walletKeyStates: async () => [] }],
    ['AwsKms', 'warn', 'kms:DescribeKey', { walletKeyStates: denied }],
  ])('of %s: %s, and %s mends it', async (type, status, mend, account) => {
    const found = await of(type, account);
    expect(found).toMatchObject({ status });
    expect(found?.mend).toContain(mend);
  });

  test('of an AwsKms wallet is enabled; a connector of another release has none here', async () => {
    expect(await of('AwsKms', { walletKeyStates: async () => ['PendingDeletion', 'Enabled'] })).toMatchObject({
      status: 'ok',
    });
    expect(await of('LaterWallet', {})).toMatchObject({ status: 'skip' });
  });
});
