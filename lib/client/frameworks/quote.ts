import { createFetchTool, type ApprovalRequest } from '../agent/index.ts';
import { memberOf } from '../../json/record.ts';
import type { AdapterOptions } from './own-tools.ts';

/**
 * What a call of the tool that fetches would cost: `null` where nothing is asked for it, and `undefined` where that cannot be told
 * without doing what the call does. Asks the seller, and pays nothing.
 */
export type Quote = (input: unknown) => Promise<ApprovalRequest | null | undefined>;

/** For frameworks that ask people before a tool runs. `null` where the agent does not get the tool. */
export function createQuote({ fetchTool = {}, ...options }: AdapterOptions): Quote | null {
  if (fetchTool === false) return null;
  return async (input) => {
    if (!isReading(memberOf(input, 'method') ?? fetchTool.methods?.[0] ?? 'GET')) return undefined;
    let request: ApprovalRequest | null = null;
    const stop = new Error('only the price was asked for');
    const asking = createFetchTool({
      ...options,
      ...fetchTool,
      onEvent: undefined,
      // A person is asked for everything, and is not there: so nothing is ever paid.
      approveAboveUsd: undefined,
      approve: (asked) => {
        request = asked;
        throw stop;
      },
    });
    try {
      await asking.execute(input);
    } catch (error) {
      if (error !== stop) throw error;
    }
    return request;
  };
}

function isReading(method: unknown): boolean {
  return typeof method === 'string' && /^(?:get|head)$/i.test(method);
}
