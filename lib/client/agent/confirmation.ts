import { parseUsd, type MicroUsd } from '../../domain/money.ts';
import type { Confirm, Quote } from '../purchase/payer-options.ts';
import { CallRefused } from './refusal.ts';
import type { PreSignRequest, ToolCall, ToolLimits } from './tool-options.ts';

/** Throws on what is no amount. `null`: nothing is paid without asking. */
export function toApprovalFloor({ approveAboveUsd }: ToolLimits): MicroUsd | null {
  if (approveAboveUsd === undefined) return null;
  const amount = parseUsd(approveAboveUsd);
  if (amount.ok) return amount.value;
  throw new TypeError(`approveAboveUsd must be ${amount.error.expected}`);
}

/** Asks the policy of the program, and then a person, before a call is paid. */
export function toConfirm(limits: ToolLimits, call: Pick<ToolCall, 'tool' | 'toolCallId' | 'approve'>): Confirm {
  const { approve = limits.approve } = call;
  const floor = toApprovalFloor(limits);
  return async (quote) => {
    await askPolicy(limits, call.tool, quote);
    if (approve === undefined) return true;
    const { purchaseId, offers, request } = quote;
    const amountUsd = offers.at(-1)!.amountUsd;
    if (floor !== null && amountOf(amountUsd) <= floor) return true;
    const { tool, toolCallId } = call;
    const { method, url } = request;
    const answer: unknown = await approve({ purchaseId, offers, tool, toolCallId, method, url, amountUsd });
    if (answer === true) return true;
    throw new CallRefused('client:not_approved', `a payment of up to USD ${amountUsd} was not approved`);
  };
}

async function askPolicy({ preSignPolicy }: ToolLimits, tool: string, quote: Quote): Promise<void> {
  if (preSignPolicy === undefined) return;
  let answer: unknown;
  try {
    answer = await preSignPolicy(toPreSignRequest(tool, quote));
  } catch (cause) {
    throw new CallRefused('client:policy_blocked', 'the policy of this agent could not be asked', { cause });
  }
  if (answer !== true) throw new CallRefused('client:policy_blocked', 'the policy of this agent does not let it pass');
}

function toPreSignRequest(tool: string, { request, challenge, offers }: Quote): PreSignRequest {
  const { method, url } = request;
  return { statusCode: 402, headers: challenge.headers, body: parsed(challenge.body), tool, method, url, offers };
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return body;
  }
}

/** Of an offer, which is written by this client. */
function amountOf(amountUsd: string): MicroUsd {
  const amount = parseUsd(amountUsd);
  if (!amount.ok) throw new Error(`not an amount: ${amountUsd}`);
  return amount.value;
}
