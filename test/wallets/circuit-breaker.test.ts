import { expect, test } from 'vitest';
import { PROVIDER_FAILURES_MAX, PROVIDER_PAUSE_MS } from '../../lib/domain/provider-limits.ts';
import { toEpochMs } from '../../lib/domain/time.ts';
import { createCircuitBreaker } from '../../lib/wallets/circuit-breaker.ts';
import { failureOf } from './signer-contract.ts';

const answering = (status: number) => () => Promise.resolve({ status, body: null });
const failing = () => Promise.reject(new Error('no answer'));

function start() {
  const state = { nowMs: 1_790_000_000_000, asked: 0 };
  const breaker = createCircuitBreaker({ clock: { now: () => toEpochMs(state.nowMs) } });
  const ask = (with_: () => Promise<{ status: number; body: null }>, name = 'one') =>
    breaker(name, () => {
      state.asked += 1;
      return with_();
    });
  const failUntilOpen = async (name = 'one') => {
    for (let n = 0; n < PROVIDER_FAILURES_MAX; n += 1) await failureOf(ask(failing, name));
  };
  return { state, ask, failUntilOpen };
}

test('a provider that failed one time less is asked again', async () => {
  const { ask } = start();
  for (let n = 1; n < PROVIDER_FAILURES_MAX; n += 1) await failureOf(ask(failing));
  await expect(ask(answering(200))).resolves.toMatchObject({ status: 200 });
});

test.each([
  ['no answers', failing],
  ['answers of its own fault', answering(500)],
])('a provider that gave %s in a row is not asked, and the refusal has a code', async (_what, fault) => {
  const { state, ask } = start();
  for (let n = 0; n < PROVIDER_FAILURES_MAX; n += 1) await ask(fault).catch(() => null);
  const error = await failureOf(ask(answering(200)));
  expect(error).toMatchObject({ trouble: 'provider_down' });
  expect(state.asked).toBe(PROVIDER_FAILURES_MAX);
});

test('an answer between failures starts the count anew, and a refusal is an answer', async () => {
  const { ask } = start();
  for (let n = 0; n < 3 * PROVIDER_FAILURES_MAX; n += 1) {
    await (n % PROVIDER_FAILURES_MAX === 0 ? ask(answering(403)) : failureOf(ask(failing)));
  }
  await expect(ask(answering(200))).resolves.toMatchObject({ status: 200 });
});

test('after the pause one asks for all, and its answer lets everybody in', async () => {
  const { state, ask, failUntilOpen } = start();
  await failUntilOpen();
  state.nowMs += PROVIDER_PAUSE_MS - 1;
  expect(await failureOf(ask(answering(200)))).toMatchObject({ trouble: 'provider_down' });
  state.nowMs += 1;
  const probe = Promise.withResolvers<{ status: number; body: null }>();
  const probing = ask(() => probe.promise);
  expect(await failureOf(ask(answering(200)))).toMatchObject({ trouble: 'provider_down' });
  probe.resolve({ status: 200, body: null });
  await probing;
  await expect(ask(answering(200))).resolves.toMatchObject({ status: 200 });
  await failureOf(ask(failing));
  await expect(ask(answering(200))).resolves.toMatchObject({ status: 200 });
});

test('one that fails again after the pause pauses again', async () => {
  const { state, ask, failUntilOpen } = start();
  await failUntilOpen();
  state.nowMs += PROVIDER_PAUSE_MS;
  expect(String(await failureOf(ask(failing)))).toMatch(/no answer/);
  expect(await failureOf(ask(answering(200)))).toMatchObject({ trouble: 'provider_down' });
});

test('the trouble of one project is nobody else’s', async () => {
  const { ask, failUntilOpen } = start();
  await failUntilOpen('one');
  await expect(ask(answering(200), 'two')).resolves.toMatchObject({ status: 200 });
});
