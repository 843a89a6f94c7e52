import type { PaidResponse } from '../../fetch/paying-options.ts';

/** Headers that a model is told. */
const TOLD = ['content-type', 'content-language', 'last-modified', 'etag', 'location', 'retry-after'];

export interface FetchedOutput {
  readonly status: number;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Text, or base64 where `encoding` says so. */
  readonly body: string;
  readonly encoding: 'text' | 'base64';
  /** Whether there was more than may be handed on. */
  readonly isTruncated: boolean;
  /** What was paid for it; `null`: nothing. */
  readonly payment: {
    readonly purchaseId: string;
    readonly processPaymentId: string;
    readonly amountUsd: string;
    readonly network: string;
    readonly payTo: string;
    /** By the seller's word; `null`: it says nothing. */
    readonly isSettled: boolean | null;
    /** Where the seller says that the paid thing is; it was not fetched. */
    readonly deliveredAt: string | null;
  } | null;
}

/** What a tool tells of a response, of whose body no more than the bound is read. */
export async function toFetchOutput(response: PaidResponse, url: string, bytesMax: number): Promise<FetchedOutput> {
  const { status, headers, payment } = response;
  const told = TOLD.flatMap((name) => {
    const value = headers.get(name);
    return value === null ? [] : [[name, value] as const];
  });
  const { bytes, isTruncated } = await readSome(response, bytesMax);
  return {
    status,
    url: response.url === '' ? url : response.url,
    headers: Object.fromEntries(told),
    ...(isText(headers.get('content-type'))
      ? { body: new TextDecoder().decode(bytes), encoding: 'text' as const }
      : { body: toBase64(bytes), encoding: 'base64' as const }),
    isTruncated,
    payment: payment && {
      purchaseId: payment.purchaseId,
      processPaymentId: payment.processPaymentId,
      amountUsd: payment.offer.amountUsd,
      network: payment.offer.network,
      payTo: payment.offer.payTo,
      isSettled: payment.settlement?.success ?? null,
      deliveredAt: payment.deliveredAt,
    },
  };
}

function isText(contentType: string | null): boolean {
  return (
    contentType === null ||
    /^(?:text\/|application\/(?:[\w.+-]*\+)?(?:json|xml|javascript|x-ndjson|yaml)|image\/svg)/i.test(contentType)
  );
}

function toBase64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
}

async function readSome(
  response: Response,
  bytesMax: number,
): Promise<{ readonly bytes: Uint8Array; readonly isTruncated: boolean }> {
  if (response.body === null) return { bytes: new Uint8Array(), isTruncated: false };
  const reader = response.body.getReader();
  const bytes = new Uint8Array(bytesMax);
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return { bytes: bytes.subarray(0, size), isTruncated: false };
    bytes.set(value.subarray(0, bytesMax - size), size);
    if (size + value.byteLength > bytesMax) {
      await reader.cancel();
      return { bytes, isTruncated: true };
    }
    size += value.byteLength;
  }
}
