import { formatBase64Json } from '../../json/base64-json.ts';
import { isRecord, memberOf } from '../../json/record.ts';
import { readRejection, readSettlement, remedyFor, type Settlement } from '../../protocols/challenge.ts';
import { findChallenge, type FoundChallenge } from './found-challenge.ts';
import { metaOf, type Answer } from './messages.ts';

/** What a server made of a proof. */
export interface ServerAnswer {
  /** What the server says of the settlement; a claim, not proof. `null`: it says nothing. */
  readonly settlement: Settlement | null;
  /** Whether the call was answered, and not with another challenge or an error. */
  readonly isAccepted: boolean;
  /** Why it was not, in the server's own words. */
  readonly reason: string | null;
  /** What helps against that reason, where it is known. */
  readonly remedy: string | null;
  /** Whether it asks again. */
  readonly asksAgain: boolean;
}

/** Reads the answer to a call that was paid. Never throws. */
export async function readServerAnswer({ result, error }: Answer): Promise<ServerAnswer> {
  const asked = findChallenge({ result, error });
  const asksAgain = asked !== null;
  const isAccepted = error === undefined && memberOf(result, 'isError') !== true && !asksAgain;
  try {
    const headers = { get: (name: string) => headerOf(result, name) };
    const settlement = await readSettlement(headers);
    if (isAccepted && settlement?.success !== false) {
      return { settlement, isAccepted, reason: null, remedy: null, asksAgain };
    }
    const reason = await readRejection({ headers, body: bodyOf(asked) });
    return { settlement, isAccepted: false, reason, remedy: remedyFor(reason), asksAgain };
  } catch {
    // What is nested beyond all measure cannot be written as text.
    return { settlement: null, isAccepted, reason: null, remedy: null, asksAgain };
  }
}

/** What HTTP says in a header, and MCP in a member of `_meta`. */
function headerOf(result: unknown, name: string): string | null {
  const member =
    name === 'payment-response'
      ? metaOf(result, 'x402/payment-response')
      : name === 'payment-receipt'
        ? metaOf(result, 'org.paymentauth/receipt')
        : undefined;
  return isRecord(member) ? formatBase64Json(member) : null;
}

function bodyOf(asked: FoundChallenge | null): string {
  return JSON.stringify(asked?.document ?? asked?.problem ?? {});
}
