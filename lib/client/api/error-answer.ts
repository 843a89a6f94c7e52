import { BursarError, type StoredPayment } from './bursar-error.ts';
import { readSignedTerms } from '../purchase/signed-terms.ts';
import { memberOf } from '../../json/record.ts';

/** Turns an answer that is not a success into what is thrown. */
export function toBursarError(response: Response, text: string, leftOpen: boolean): BursarError {
  const body = parseBody(text);
  const stated = memberOf(body, 'message');
  const errorName =
    nameOf(response.headers.get('x-amzn-errortype')) ?? nameOf(memberOf(body, '__type')) ?? 'UnknownError';
  const said = typeof stated === 'string' ? stated : `Bursar answered ${response.status}`;
  // Beside the message of API Gateway: why a token was not let in.
  const detail = textOf(memberOf(body, 'detail'));
  return new BursarError(detail === null || detail === '' ? said : `${said}. ${detail}`, {
    errorName,
    status: response.status,
    code: codeOf(memberOf(body, 'fieldList')),
    requestId: response.headers.get('x-amzn-requestid'),
    reason: textOf(memberOf(body, 'reason')),
    replayed: isReplayed(response),
    stored: readStored(memberOf(body, 'bursar')),
    leftOpen,
  });
}

/** Whether an answer is that of an earlier call. */
export function isReplayed({ headers }: Pick<Response, 'headers'>): boolean {
  return headers.get('x-bursar-replayed') === 'true';
}

function codeOf(fieldList: unknown): string | null {
  if (!Array.isArray(fieldList)) return null;
  const names = fieldList.map((field: unknown) => String(memberOf(field, 'name')));
  return names.find((name) => name.startsWith('bursar:')) ?? null;
}

function readStored(value: unknown): StoredPayment | null {
  const terms = readSignedTerms(value);
  const [processPaymentId, paymentSessionId] = ['processPaymentId', 'paymentSessionId'].map((name) =>
    textOf(memberOf(value, name)),
  );
  const state = memberOf(value, 'state');
  if (terms === null || !processPaymentId || !paymentSessionId) return null;
  if (state !== 'SIGNED' && state !== 'DENIED') return null;
  return { ...terms, processPaymentId, paymentSessionId, state, denial: textOf(memberOf(value, 'denial')) };
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

/** `Name`, `Name:http://...` or `namespace#Name`. A header that a gateway put a second name into says nothing. */
function nameOf(text: unknown): string | null {
  if (typeof text !== 'string' || text.includes(',')) return null;
  return text.split(':')[0]?.split('#').at(-1) || null;
}

function parseBody(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
