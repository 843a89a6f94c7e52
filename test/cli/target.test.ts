import { describe, expect, test } from 'vitest';
import { CONTEXT, createReadyWorld, createWorld, ENDPOINT, json, MANAGER, sessionView } from './world.ts';

const LOCAL = {
  endpoint: 'http://127.0.0.1:8402/v1',
  region: 'us-east-1',
  credentials: {
    controlPlane: { accessKeyId: 'AKIACONTROL', secretAccessKey: 'control' },
    management: { accessKeyId: 'AKIAMANAGEMENT', secretAccessKey: 'management' },
    processPayment: { accessKeyId: 'AKIAAGENT', secretAccessKey: 'agent' },
  },
  paymentManagerArn: MANAGER,
  paymentConnectorIds: { SeedVault: 'seedvault-0123456789', AwsKms: 'awskms-0123456789' },
  faucet: 'http://127.0.0.1:9999',
};
const local = { '.bursar/local.json': JSON.stringify(LOCAL) };
const routes = { '/getPaymentSession': () => json({ paymentSession: sessionView }) };
const show = ['session', 'show', 'payment-session-0123456789abcde'];
const OTHER = 'https://other.execute-api.eu-west-1.amazonaws.com/v1';

describe('the endpoint', () => {
  test('is the option’s before the environment’s before the context’s before the local stack’s', async () => {
    const env = { BURSAR_ENDPOINT: OTHER };
    const asked = async (world: ReturnType<typeof createWorld>, ...more: string[]) => {
      expect(await world.run(...show, '--manager', MANAGER, ...more)).toBe(0);
      return new URL(world.seen[0]!.url).origin;
    };
    const third = 'https://third.execute-api.us-east-1.amazonaws.com';
    expect(await asked(createReadyWorld({ routes, env, files: local }), '--endpoint', `${third}/v1/`)).toBe(third);
    expect(await asked(createReadyWorld({ routes, env, files: local }))).toBe(new URL(OTHER).origin);
    expect(await asked(createReadyWorld({ routes, files: local }))).toBe(new URL(ENDPOINT).origin);
    expect(await asked(createWorld({ routes, files: local }))).toBe('http://127.0.0.1:8402');
  });

  test.each([
    'http://example.com/v1',
    'ftp://example.com',
    'example.com',
    'https://me:pw@example.com/v1',
    'https://example.com/?x=1',
  ])('is refused where it is %s', async (endpoint) => {
    const world = createReadyWorld({ routes });
    expect(await world.run(...show, '--endpoint', endpoint)).toBe(2);
    expect(world.err()).not.toContain('pw');
    expect(world.seen).toEqual([]);
  });

  test('brings its region along, which wins over the environment', async () => {
    const world = createReadyWorld({ routes, env: { AWS_REGION: 'us-west-2' } });
    await world.run(...show, '--endpoint', OTHER, '--manager', MANAGER);
    expect(world.chains[0]).toMatchObject({ region: 'eu-west-1' });
    expect(world.seen[0]!.headers.get('authorization')).toContain('/eu-west-1/execute-api/');
  });

  test('follows the local stack to another port', async () => {
    const context = JSON.stringify({ ...CONTEXT, kind: 'local', endpoint: 'http://127.0.0.1:1111/v1' });
    const world = createWorld({ routes, files: { ...local, '.bursar/context.json': context } });
    expect(await world.run('session', 'show')).toBe(0);
    expect(world.seen[0]!.url).toContain('127.0.0.1:8402');
  });
});

describe('what the context knows', () => {
  test('is not used for another endpoint', async () => {
    const world = createReadyWorld({ routes });
    expect(await world.run('session', 'show', '--endpoint', OTHER)).toBe(2);
    expect(world.seen).toEqual([]);
  });

  test.each([
    ['user', 'bob'],
    ['manager', MANAGER.replace('bursar-', 'other-')],
  ])('has no session for another %s', async (name, value) => {
    const world = createReadyWorld({ routes });
    expect(await world.run('session', 'show', `--${name}`, value)).toBe(2);
    expect(world.seen).toEqual([]);
  });

  test.each([
    '{',
    '[]',
    '{"version":2}',
    JSON.stringify({ ...CONTEXT, kind: 'else' }),
    JSON.stringify({ ...CONTEXT, userId: 7 }),
  ])('is refused where the file holds %s', async (text) => {
    const world = createWorld({ files: { '.bursar/context.json': text } });
    expect(await world.run('balance')).toBe(1);
    expect(world.err()).toContain('.bursar/context.json cannot be used');
  });
});

describe('who calls', () => {
  const keyOf = (world: ReturnType<typeof createWorld>) =>
    /Credential=([A-Z]+)\//.exec(world.seen[0]!.headers.get('authorization') ?? '')?.[1];

  test('is the local stack’s role of the command', async () => {
    const world = createWorld({ routes, files: local });
    await world.run(...show);
    expect(keyOf(world)).toBe('AKIAMANAGEMENT');
    expect(world.chains).toEqual([]);
  });

  test('is the chain’s where a profile is named, also for the local stack', async () => {
    const world = createWorld({ routes, files: local });
    await world.run(...show, '--profile', 'ops');
    expect(world.chains).toEqual([{ region: 'us-east-1', profile: 'ops', assume: null }]);
    expect(keyOf(world)).toBe('AKIAEXAMPLE');
  });

  test('is the assumed role, whose session has the user’s name', async () => {
    const world = createReadyWorld({ routes });
    const roleArn = 'arn:aws:iam::111122223333:role/ManagementRole';
    await world.run(...show, '--role-arn', roleArn, '--user', 'alice');
    expect(world.chains[0]).toMatchObject({ assume: { roleArn, sessionName: 'alice' } });
  });

  test('never gets the local stack’s keys at another endpoint', async () => {
    const world = createWorld({ routes, files: local });
    await world.run(...show, '--endpoint', OTHER, '--manager', MANAGER);
    expect(keyOf(world)).toBe('AKIAEXAMPLE');
  });

  test('is the token’s user where a token is set: under /oauth, without a user of its own', async () => {
    const world = createReadyWorld({ routes, env: { BURSAR_TOKEN: 'aaa.bbb.ccc' } });
    expect(await world.run(...show)).toBe(0);
    expect(world.seen[0]!.path).toBe('/v1/oauth/payments/getPaymentSession');
    expect(world.seen[0]!.headers.get('authorization')).toBe('Bearer aaa.bbb.ccc');
    expect(world.seen[0]!.headers.has('x-amzn-bedrock-agentcore-payments-user-id')).toBe(false);
  });

  test('hears what is missing where there are no credentials', async () => {
    const world = createReadyWorld({
      credentials: async () => {
        throw Object.assign(new Error('Could not load credentials'), { name: 'CredentialsProviderError' });
      },
    });
    expect(await world.run(...show)).toBe(1);
    expect(world.err()).toMatch(/no usable AWS credentials[^]*--profile/);
  });
});
