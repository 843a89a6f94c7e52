import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, test } from 'vitest';
import { createFunctionPool, type FunctionPool, type FunctionPoolOptions } from '../../../lib/local/runtime/runtime.ts';

const directory = mkdtempSync(join(tmpdir(), 'bursar-runtime-'));
writeFileSync(
  join(directory, 'index.mjs'),
  `let served = 0;
   export const handler = async (event) => {
     served += 1;
     if (event.large) return 'x'.repeat(event.large);
     if (event.odd) return undefined;
     if (event.hang) await new Promise(() => setInterval(() => {}, 1000));
     return { n: event.n, served, processId: process.pid };
   };
   export const constant = 1;`,
);
const pools: FunctionPool[] = [];

function pool(options: Partial<FunctionPoolOptions> = {}): FunctionPool {
  const made = createFunctionPool({
    name: 'fixture',
    arn: 'arn:aws:lambda:us-east-1:000000000000:function:fixture',
    directory,
    memoryMib: 128,
    timeoutMs: 5_000,
    env: { _HANDLER: 'index.handler', LAMBDA_TASK_ROOT: directory },
    log: () => {},
    ...options,
  });
  pools.push(made);
  return made;
}

afterEach(async () => {
  await Promise.all(pools.splice(0).map((made) => made.close()));
});
afterAll(() => rmSync(directory, { recursive: true }));

test('serves calls in the order they came', async () => {
  const one = pool({ workersMax: 1 });
  const results = await Promise.all(Array.from({ length: 20 }, (_, n) => one.invoke({ n })));
  expect(results).toEqual(
    Array.from({ length: 20 }, (_, n) => ({
      status: 'succeeded',
      payload: expect.objectContaining({ n, served: n + 1 }),
    })),
  );
});

test('starts no second process for calls that come one after another', async () => {
  const one = pool();
  for (let n = 0; n < 10; n += 1) await one.invoke({ n });
  expect(one.processIds()).toHaveLength(1);
});

test('never has more processes than it may, however many calls wait', async () => {
  const two = pool({ workersMax: 2 });
  const waiting = Array.from({ length: 30 }, (_, n) => two.invoke({ n }));
  const results = await Promise.all(waiting);
  const ids = new Set(results.map((result) => (result as { payload: { processId: number } }).payload.processId));
  expect(ids.size).toBeLessThanOrEqual(2);
  expect(two.processIds().length).toBeLessThanOrEqual(2);
});

test('refuses a call when as many wait as may, and takes one again afterwards', async () => {
  const small = pool({ workersMax: 1, queueMax: 2 });
  const first = [small.invoke({ n: 0 }), small.invoke({ n: 1 })];
  expect(await small.invoke({ n: 2 })).toEqual({ status: 'throttled' });
  await Promise.all(first);
  expect(await small.invoke({ n: 3 })).toMatchObject({ status: 'succeeded' });
});

test('replaces a process that was killed while it had nothing to do', async () => {
  const one = pool();
  await one.invoke({ n: 0 });
  const [processId] = one.processIds();
  // The Runtime API's connection ends with the process, so nothing else has to be waited for.
  process.kill(processId!, 'SIGKILL');
  while (one.processIds().includes(processId!)) await new Promise((resolve) => setImmediate(resolve));
  expect(await one.invoke({ n: 1 })).toMatchObject({ status: 'succeeded', payload: { served: 1 } });
});

test('kills a process whose call takes too long, and serves the next call with another', async () => {
  const one = pool({ workersMax: 1, timeoutMs: 500 });
  const [hung, next] = await Promise.all([one.invoke({ hang: true }), one.invoke({ n: 1 })]);
  expect(hung).toEqual({
    status: 'timed-out',
    errorMessage: expect.stringMatching(/Task timed out after 0\.50 seconds$/),
  });
  expect(next).toMatchObject({ status: 'succeeded', payload: { n: 1, served: 1 } });
});

test('takes an answer of nothing for null, as Lambda does', async () => {
  expect(await pool().invoke({ odd: true })).toEqual({ status: 'succeeded', payload: null });
});

test('takes an answer of five megabytes and refuses one of seven', async () => {
  const one = pool();
  expect(await one.invoke({ large: 5 * 1024 * 1024 })).toMatchObject({ status: 'succeeded' });
  expect(await one.invoke({ large: 7 * 1024 * 1024 })).toMatchObject({
    status: 'failed',
    errorType: 'Function.ResponseSizeTooLarge',
  });
});

test.each([
  ['index.missing', 'exports no function missing'],
  ['index.constant', 'exports no function constant'],
  ['nothing.handler', 'Cannot find module'],
])('says what is wrong with handler %s', async (_HANDLER, message) => {
  const broken = pool({ env: { _HANDLER, LAMBDA_TASK_ROOT: directory } });
  expect(await broken.invoke({})).toMatchObject({ status: 'failed', errorMessage: expect.stringContaining(message) });
});

test('takes nothing after it is closed', async () => {
  const one = pool();
  await one.invoke({ n: 0 });
  const [processId] = one.processIds();
  await one.close();
  expect(() => process.kill(processId!, 0)).toThrow('ESRCH');
  expect(await one.invoke({ n: 1 })).toEqual({ status: 'throttled' });
});
