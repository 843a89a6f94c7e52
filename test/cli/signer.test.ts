import { randomBytes } from 'node:crypto';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createSignerServer } from '../../examples/external-signer/server.ts';
import { createSigner } from '../../examples/external-signer/signer.ts';
import { createAwsEndpoint } from '../../lib/local/aws-endpoint/endpoint.ts';
import type { FunctionPool } from '../../lib/local/runtime/runtime.ts';
import { createWorld } from './world.ts';

const account = privateKeyToAccount(generatePrivateKey());
const other = privateKeyToAccount(generatePrivateKey());

let place: Server;
let answer: (...asked: Parameters<RequestListener>) => unknown;
let world: ReturnType<typeof createWorld>;
let url: string;

beforeEach(async () => {
  place = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => place.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(place.address() as AddressInfo).port}/sign`;
  world = createWorld({ overrides: { fetch, now: Date.now, randomBytes: (size) => randomBytes(size) } });
});
afterEach(() => void place.close());

/** A key of requests, and the example's signer for it. */
async function startExample(): Promise<RequestListener> {
  expect(await world.run('signer', 'key', '--json')).toBe(0);
  const { publicKey } = JSON.parse(world.out()) as { publicKey: string };
  const policy = { maxMicroUsd: 1_000_000n, payees: null };
  const signer = createSignerServer({ uri: url, publicKey, account, policy });
  return (request, response) => void signer.emit('request', request, response);
}

const check = () => world.run('signer', 'check', url, '--address', account.address);

describe('signer check', () => {
  test('finds nothing to say of the example', async () => {
    answer = await startExample();
    expect(await check()).toBe(0);
    expect(world.out()).toMatch(/\n13 of 13 rules hold\n$/);
    expect(world.out()).not.toContain('FAIL');
  });

  test('finds out a signer that signs for whoever asks', async () => {
    await startExample();
    answer = async (request, response) => {
      const [digest] = /0x[0-9a-f]{64}/.exec(await text(request)) ?? [`0x${'00'.repeat(32)}`];
      response.end(JSON.stringify({ signature: await account.sign({ hash: digest as `0x${string}` }) }));
    };
    expect(await check()).toBe(1);
    for (const rule of [
      'without a signature',
      'body was changed',
      'for another place',
      'under its nonce',
      'not of the typed data',
    ]) {
      expect(world.out()).toMatch(new RegExp(`FAIL  [^\\n]*${rule}[^\\n]*it gave a signature`));
    }
    expect(world.out()).toContain('ok    signs the typed data of a payment');
  });

  test('finds out a signer whose signatures are another key’s', async () => {
    const example = await startExample();
    answer = async (request, response) => {
      if (request.headers['signature'] === undefined) return example(request, response);
      const [digest] = /0x[0-9a-f]{64}/.exec(await text(request)) ?? [`0x${'00'.repeat(32)}`];
      response.end(JSON.stringify({ signature: await other.sign({ hash: digest as `0x${string}` }) }));
    };
    expect(await check()).toBe(1);
    expect(world.out()).toContain(`the signature of the first answer is not one of ${account.address}`);
  });

  test('finds out a signer that sends away a request that is repeated', async () => {
    const example = await startExample();
    let asked = 0;
    answer = (request, response) => {
      asked += 1;
      if (asked === 2) return void response.writeHead(409).end('{}');
      return example(request, response);
    };
    expect(await check()).toBe(1);
    expect(world.out()).toContain('the repeated request was answered 409');
  });

  test('goes on where the signer cuts a connection, and counts it against it', async () => {
    const example = await startExample();
    answer = (request, response) =>
      request.headers['signature'] === undefined ? request.socket.destroy() : example(request, response);
    expect(await check()).toBe(1);
    expect(world.out()).toContain('FAIL  refuses a request without a signature: it gave no answer');
    expect(world.out()).toContain('12 of 13 rules hold');
  });

  test('says that nobody answered, and what is wrong with what it was given', async () => {
    answer = (request) => request.socket.destroy();
    await startExample();
    expect(await check()).toBe(1);
    expect(world.err()).toContain(`the signer at ${url} gave no answer`);
    expect(await world.run('signer', 'check', url, '--address', '0x12')).toBe(2);
    expect(await world.run('signer', 'check', 'http://signer.example/sign', '--address', account.address)).toBe(2);
    expect(world.err()).toContain('must be an https URL');
    expect(await world.run('signer', 'check', url, '--address', account.address, '--key', 'none.json')).toBe(2);
    expect(world.err()).toContain('none.json is not there');
  });
});

describe('signer check of a function', () => {
  const ARN = 'arn:aws:lambda:us-east-1:000000000000:function:signer:live';
  const cleanups: (() => unknown)[] = [];
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0)) await cleanup();
  });

  /** The example's signer as a function of a local Lambda. */
  async function startFunction(): Promise<string> {
    expect(await world.run('signer', 'key', '--json')).toBe(0);
    const { publicKey } = JSON.parse(world.out()) as { publicKey: string };
    const sign = createSigner({ uri: ARN, publicKey, account, policy: { maxMicroUsd: 1_000_000n, payees: null } });
    const invoke: FunctionPool['invoke'] = async (event) => {
      const { headers, body } = event as { headers: Record<string, string>; body: string };
      const said = await sign({ headers, body: Buffer.from(body) });
      return { status: 'succeeded', payload: { statusCode: said.status, body: JSON.stringify(said.body) } };
    };
    const pool = { name: 'signer', invoke, processIds: () => [], close: () => Promise.resolve() };
    const endpoint = await createAwsEndpoint({
      dataDir: null,
      region: 'us-east-1',
      account: '000000000000',
      functions: new Map([[ARN, pool]]),
    });
    cleanups.push(endpoint.close);
    return endpoint.url;
  }

  const checkFunction = (arn = ARN) => world.run('signer', 'check', '--function', arn, '--address', account.address);

  test('finds nothing to say of the example behind its other door, with the caller’s credentials of the function’s region', async () => {
    const env: Record<string, string> = {};
    world = createWorld({ env, overrides: { fetch, now: Date.now, randomBytes: (size) => randomBytes(size) } });
    env['AWS_ENDPOINT_URL_LAMBDA'] = await startFunction();
    expect(await checkFunction()).toBe(0);
    expect(world.out()).toMatch(/\n13 of 13 rules hold\n$/);
    expect(world.chains).toEqual([{ region: 'us-east-1', profile: null, assume: null }]);
  });

  test('asks the local stack for its own, with its keys', async () => {
    const endpoint = await startFunction();
    const keys = { accessKeyId: 'AKIALOCAL', secretAccessKey: 'local' };
    const local = {
      endpoint: 'http://127.0.0.1:8402/v1',
      region: 'us-east-1',
      credentials: { controlPlane: keys, management: keys, processPayment: keys },
      paymentManagerArn: 'arn',
      paymentConnectorIds: { SeedVault: 'seedvault-0123456789' },
      faucet: 'http://127.0.0.1:8405',
      aws: { endpoint },
      signerFunction: { arn: ARN, credentials: keys },
    };
    world.files.set('.bursar/local.json', JSON.stringify(local));
    expect(await checkFunction()).toBe(0);
    expect(world.chains).toEqual([]);
  });

  test('says that Lambda does not know it, and what is wrong with what it was given', async () => {
    const env: Record<string, string> = {};
    world = createWorld({ env, overrides: { fetch, now: Date.now, randomBytes: (size) => randomBytes(size) } });
    env['AWS_ENDPOINT_URL_LAMBDA'] = await startFunction();
    expect(await checkFunction(`${ARN}2`)).toBe(1);
    expect(world.err()).toContain('is not there under this alias or version');
    expect(await checkFunction('signer')).toBe(2);
    expect(world.err()).toContain('with its alias or version');
    expect(await world.run('signer', 'check', url, '--function', ARN, '--address', account.address)).toBe(2);
    expect(await world.run('signer', 'check', '--address', account.address)).toBe(2);
    expect(world.err()).toContain('name either the URL');
  });
});

describe('signer key', () => {
  test('replaces no key that is there, and prints its public half alone', async () => {
    expect(await world.run('signer', 'key')).toBe(0);
    const kept = JSON.parse(world.files.get('.bursar/request-key.json')!) as { requestKey: { d: string; x: string } };
    expect(world.out()).toContain(kept.requestKey.x);
    expect(world.out()).not.toContain(kept.requestKey.d);
    expect(await world.run('signer', 'key')).toBe(1);
    expect(world.err()).toContain('is there already');
  });
});
