import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { afterEach, expect, test } from 'vitest';
import type { AwsAuthorization } from '../../../lib/local/aws-endpoint/authorization.ts';
import { createAwsEndpoint, type AwsEndpointOptions } from '../../../lib/local/aws-endpoint/endpoint.ts';
import type { FunctionPool, InvocationResult } from '../../../lib/local/runtime/runtime.ts';
import { ACCOUNT, clientConfig, REGION } from '../../wallets/aws.ts';
import { failureOf } from '../../wallets/signer-contract.ts';

const ARN = `arn:aws:lambda:${REGION}:${ACCOUNT}:function:signer:live`;

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function start(
  run: (event: unknown) => InvocationResult,
  options: Partial<AwsEndpointOptions> = {},
): Promise<LambdaClient> {
  const pool: FunctionPool = {
    name: 'signer',
    invoke: (event) => Promise.resolve(run(event)),
    processIds: () => [],
    close: () => Promise.resolve(),
  };
  const functions = new Map([[ARN, pool]]);
  const endpoint = await createAwsEndpoint({ dataDir: null, region: REGION, account: ACCOUNT, functions, ...options });
  const client = new LambdaClient(clientConfig(endpoint.url));
  cleanups.push(endpoint.close, () => client.destroy());
  return client;
}

const invoke = (client: LambdaClient, payload: unknown, name = ARN) =>
  client.send(new InvokeCommand({ FunctionName: name, Payload: JSON.stringify(payload) }));

test('a function is invoked by its ARN with its alias, be that in the name or beside it', async () => {
  const asked: AwsAuthorization[] = [];
  const client = await start((event) => ({ status: 'succeeded', payload: { event } }), {
    authorize: (request) => asked.push(request) > 0,
  });
  const answer = await invoke(client, { a: 1 });
  expect(answer).toMatchObject({ StatusCode: 200, ExecutedVersion: '1' });
  expect(answer.FunctionError).toBeUndefined();
  expect(JSON.parse(answer.Payload!.transformToString())).toEqual({ event: { a: 1 } });
  const plain = { FunctionName: ARN.slice(0, -':live'.length), Qualifier: 'live', Payload: '{}' };
  await expect(client.send(new InvokeCommand(plain))).resolves.toMatchObject({ StatusCode: 200 });
  expect(asked.map(({ service, action, resourceArn }) => [service, action, resourceArn])).toEqual([
    ['lambda', 'InvokeFunction', ARN],
    ['lambda', 'InvokeFunction', ARN],
  ]);
});

test.each<[InvocationResult, string]>([
  [
    { status: 'failed', errorType: 'TypeError', errorMessage: 'planted' },
    '{"errorType":"TypeError","errorMessage":"planted"}',
  ],
  [{ status: 'timed-out', errorMessage: 'Task timed out' }, '{"errorMessage":"Task timed out"}'],
])('what a function failed of is an answer with an error of the function: %o', async (result, payload) => {
  const answer = await invoke(await start(() => result), {});
  expect(answer.FunctionError).toBe('Unhandled');
  expect(answer.Payload!.transformToString()).toBe(payload);
});

test.each<[string, Partial<AwsEndpointOptions>, string, string, number]>([
  ['a function that nobody has', {}, `${ARN}2`, 'ResourceNotFoundException', 404],
  ['a caller who may not', { authorize: () => false }, ARN, 'AccessDeniedException', 403],
  ['a function without a free instance', {}, ARN, 'TooManyRequestsException', 429],
])('%s: an error of the service, by its name and status', async (_what, options, arn, name, status) => {
  const client = await start(() => ({ status: 'throttled' }), options);
  expect(await failureOf(invoke(client, {}, arn))).toMatchObject({ name, $metadata: { httpStatusCode: status } });
});

test('a payload of two megabytes goes through, and one that is no JSON does not', async () => {
  const client = await start((event) => ({ status: 'succeeded', payload: JSON.stringify(event).length }));
  const answer = await invoke(client, 'x'.repeat(2 * 1024 * 1024));
  expect(answer.Payload!.transformToString()).toBe(String(2 * 1024 * 1024 + 2));
  const broken = new InvokeCommand({ FunctionName: ARN, Payload: '{' });
  expect(await failureOf(client.send(broken))).toMatchObject({ name: 'InvalidRequestContentException' });
});
