import { readBounded } from '../../domain/bounded-bytes.ts';
import { SETTLEMENT_NAME_MAX_CHARS, SETTLEMENT_REASON_MAX_CHARS } from '../../domain/limits.ts';
import { isSecureUrl } from '../../domain/loopback.ts';
import type { CliDeps } from '../program/command.ts';
import { describeNetworkError } from '../program/failures.ts';
import { usageError } from '../terminal/outcome.ts';
import { printable } from '../terminal/terminal.ts';

/** What a facilitator said. Only the chain decides whether the transfer settled: an answer may be lost, or wrong. */
export interface SettlementAnswer {
  readonly transaction: string | null;
  /** `null` where it says that it settled. */
  readonly problem: string | null;
}

/** A facilitator waits for the chain. */
const ANSWER_TIMEOUT_MS = 90_000;
const ANSWER_MAX_BYTES = 64 * 1024;

/** The URL of `--facilitator`, without a slash at its end. The signed transfer goes there, so nobody may listen on the way. */
export function parseFacilitator(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  // `fetch` refuses a URL with a password, which would be found out when the transfer is signed.
  const plain = url?.username === '' && url.password === '' && url.search === '' && url.hash === '';
  if (url !== null && isSecureUrl(url) && plain) return url.href.replace(/\/+$/, '');
  throw usageError(
    '--facilitator must be an https URL, such as https://x402.org/facilitator (http on loopback only), without password, query or fragment',
  );
}

/**
 * Asks an x402 facilitator to settle. Never throws for what becomes of it: whether the transfer is on the chain has to be
 * found out in any case.
 *
 * @param body the payload and requirements of version 2
 */
export async function askToSettle(
  { fetch, interrupted }: Pick<CliDeps, 'fetch' | 'interrupted'>,
  facilitator: string,
  body: object,
): Promise<SettlementAnswer> {
  try {
    const response = await fetch(`${facilitator}/settle`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      redirect: 'error',
      signal: AbortSignal.any([AbortSignal.timeout(ANSWER_TIMEOUT_MS), interrupted]),
    });
    const answered = await readBounded(response.body, ANSWER_MAX_BYTES);
    if (answered === null) return { transaction: null, problem: 'no answer: it was too long' };
    return readAnswer(response.status, new TextDecoder().decode(answered));
  } catch (error) {
    return { transaction: null, problem: `no answer: ${describeNetworkError(error) ?? 'it broke off'}` };
  }
}

function readAnswer(status: number, text: string): SettlementAnswer {
  const answer = parseObject(text);
  const { success, transaction, errorReason } = answer;
  const hash = named(transaction, SETTLEMENT_NAME_MAX_CHARS);
  if (status === 200 && success === true) return { transaction: hash, problem: null };
  const reason = named(errorReason, SETTLEMENT_REASON_MAX_CHARS);
  return { transaction: hash, problem: reason ?? `status ${status}` };
}

function named(value: unknown, maxChars: number): string | null {
  return typeof value === 'string' && value !== '' ? printable(value.slice(0, maxChars)) : null;
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
