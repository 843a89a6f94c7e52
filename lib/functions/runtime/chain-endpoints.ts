import type { EndpointsDeps } from '../../chains/rpc/endpoints.ts';
import { formatLogLine } from '../../telemetry/log-line.ts';
import { systemClock, writeLog } from './runtime.ts';

/** What asks chains. An endpoint that failed is logged by its place: its URL may have a key in it. */
export const chainAccess: EndpointsDeps = {
  clock: systemClock,
  report: ({ network, endpoint, code }) => {
    const line = { event: 'chain.endpoint_failed', level: 'WARN', at: systemClock.now() } as const;
    writeLog(formatLogLine(line, { network, endpoint, trouble: code }));
  },
};
