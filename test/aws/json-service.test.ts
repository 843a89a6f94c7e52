import { afterEach, beforeEach, expect, test } from 'vitest';
import { createJsonService, type JsonService } from '../../lib/aws/json-service.ts';
import { startWire, type Wire } from '../support/wire.ts';

const TOTAL_MS = 200;

let wire: Wire;
let service: JsonService;
const env: Record<string, string | undefined> = {};
beforeEach(async () => {
  wire = await startWire();
  Object.assign(env, wire.environment);
  service = createJsonService({
    service: 'kms',
    jsonVersion: '1.1',
    targetPrefix: 'TrentService',
    answerMaxBytes: 1_000,
    env,
  });
});
afterEach(async () => {
  service.close();
  await wire.close();
});

const LIMITS = { maxAttempts: 5, timeoutMs: 2_000, totalMs: TOTAL_MS };

test.each(['stall', 'drop', { status: 400, body: { __type: 'ThrottlingException' } }] as const)(
  'all attempts together end in their time, whatever happens on the wire: %j',
  async (reply) => {
    wire.reply = () => reply;
    const started = performance.now();
    await expect(service.call('Sign', '{}', LIMITS)).rejects.toThrow();
    expect(performance.now() - started).toBeLessThan(10 * TOTAL_MS);
  },
);

test('sends what the protocol asks for', async () => {
  wire.reply = () => ({ body: { KeyId: 'k' } });
  expect(await service.call('Sign', '{"KeyId":"k"}', LIMITS)).toEqual({ KeyId: 'k' });
  expect(wire.requests[0]).toMatchObject({
    operation: 'Sign',
    body: '{"KeyId":"k"}',
    headers: {
      host: new URL(wire.endpoint).host,
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': 'TrentService.Sign',
      authorization: expect.stringMatching(
        /^AWS4-HMAC-SHA256 Credential=AKIDWIRE\/\d{8}\/eu-west-1\/kms\/aws4_request, /,
      ),
    },
  });
});

test('follows credentials that the environment replaces', async () => {
  await service.call('Sign', '{}', LIMITS);
  Object.assign(env, { AWS_ACCESS_KEY_ID: 'AKIDNEXT', AWS_SESSION_TOKEN: 'next' });
  await service.call('Sign', '{}', LIMITS);
  const used = wire.requests.map(({ headers }) => [
    /Credential=(\w+)/.exec(String(headers.authorization))?.[1],
    headers['x-amz-security-token'],
  ]);
  expect(used).toEqual([
    ['AKIDWIRE', undefined],
    ['AKIDNEXT', 'next'],
  ]);
});

test('sends nothing without credentials', async () => {
  env['AWS_SECRET_ACCESS_KEY'] = undefined;
  await expect(service.call('Sign', '{}', LIMITS)).rejects.toThrow(/AWS_SECRET_ACCESS_KEY/);
  expect(wire.requests).toEqual([]);
});

test('an answer that is longer than it may be is not read to its end', async () => {
  wire.reply = () => ({ body: { Signature: 'x'.repeat(2_000) } });
  await expect(service.call('Sign', '{}', { ...LIMITS, maxAttempts: 1 })).rejects.toThrow(/more than 1000 bytes/);
});
