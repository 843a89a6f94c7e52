import type { Invocation } from '../program/command.ts';
import { describeNetworkError } from '../program/failures.ts';
import { findingsOf, type Finding } from './finding.ts';

const TIMEOUT_MS = 10_000;
/** AWS refuses signatures that are older or younger than five minutes. */
const SKEW_FAIL_MS = 4 * 60 * 1000;
const SKEW_WARN_MS = 30_000;

const reach = findingsOf('endpoint', 'endpoint');
const clock = findingsOf('clock', 'clock');
const unsigned = findingsOf('unsigned', 'unsigned requests');

/** One request without a signature shows three things: that the endpoint answers, what time it has, and that it refuses unsigned requests. */
export async function checkEndpoint({ deps, target }: Invocation): Promise<{
  readonly reachable: boolean;
  readonly findings: readonly Finding[];
}> {
  if (target.endpoint === '') {
    const mend =
      'deploy (docs/operating.md), then bursar init --endpoint with the Endpoint output of the stack BursarService';
    return { reachable: false, findings: [reach.warn('none is known yet', mend)] };
  }
  let response: Response;
  try {
    response = await deps.fetch(`${target.endpoint}/payments/getPaymentSession`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    await response.body?.cancel();
  } catch (error) {
    const why = describeNetworkError(error) ?? 'the request failed';
    const mend =
      target.access.kind === 'local'
        ? 'start the local stack: npm run local'
        : 'compare it with the Endpoint output of the stack BursarService, and look at proxies and DNS';
    return { reachable: false, findings: [reach.fail(`${target.endpoint} (${target.foundIn}): ${why}`, mend)] };
  }
  return {
    reachable: true,
    findings: [
      reach.ok(`${target.endpoint} (${target.foundIn}), region ${target.region}`),
      judgeClock(response.headers.get('date'), deps.now()),
      judgeRefusal(response),
    ],
  };
}

function judgeClock(date: string | null, now: number): Finding {
  const there = date === null ? Number.NaN : Date.parse(date);
  if (Number.isNaN(there)) return clock.skip('the endpoint does not say what time it is');
  const skewMs = now - there;
  const seconds = Math.round(Math.abs(skewMs) / 1000);
  const detail = `this machine is ${seconds} s ${skewMs < 0 ? 'behind' : 'ahead of'} the endpoint`;
  const mend = 'set the clock by NTP: AWS refuses signatures that are five minutes off';
  if (Math.abs(skewMs) >= SKEW_FAIL_MS) return clock.fail(detail, mend);
  return Math.abs(skewMs) >= SKEW_WARN_MS ? clock.warn(detail, mend) : clock.ok(`within ${seconds + 1} s`);
}

function judgeRefusal({ status, headers }: Response): Finding {
  const name = headers.get('x-amzn-errortype')?.split(':')[0] ?? 'no x-amzn-errortype';
  if (status === 403 && name === 'AccessDeniedException') return unsigned.ok('refused as AWS would');
  if (status === 401 && name === 'UnauthorizedException') return unsigned.ok('refused as AWS would');
  if (status >= 400 && status < 500 && status !== 404) {
    const mend = 'AWS clients read 403 AccessDeniedException: does the endpoint end in its stage, such as /v1?';
    return unsigned.warn(`refused with ${status}, ${name}`, mend);
  }
  const mend =
    'the endpoint is not a deployment of Bursar, lacks its stage (/v1), or lets everybody in: take it down until you know';
  return unsigned.fail(`answered with ${status}, ${name}`, mend);
}
