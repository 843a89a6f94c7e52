import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A 402 as a client sees it, and what becomes of it. */
export interface Shape {
  readonly id: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The document of the `PAYMENT-REQUIRED` header before it is encoded; a text is the header as it stands. */
  readonly paymentRequired?: unknown;
  /** @default 'base64' */
  readonly encoding?: 'base64' | 'base64url';
  readonly body: string;
  /** How long the body is made by repeating its last character. @default - as it stands */
  readonly bodyChars?: number;
  /** What the official client of the version does, without its caps on what may be spent. */
  readonly official: 'pays' | 'throws';
  /** What ours does: pays, throws before it asks for a payment, or gives the 402 back as it came. */
  readonly bursar: 'pays' | 'refuses' | 'returns';
  /** What it says where it does not pay. */
  readonly says?: string;
}

/** Shapes that sellers send, with other payees, hosts and words than theirs. */
export function readShapes(): readonly Shape[] {
  // A file of this folder, held to the type by the test that reads it.
  return JSON.parse(readFileSync(join(import.meta.dirname, 'real-402.json'), 'utf8')) as readonly Shape[];
}

export function bodyOf({ body, bodyChars = 0 }: Shape): string {
  return body.padEnd(bodyChars, body.slice(-1));
}

/** The seller's answer to a request without a payment. */
export function toResponse(shape: Shape): Response {
  const headers = new Headers(shape.headers);
  const { paymentRequired, encoding = 'base64' } = shape;
  if (typeof paymentRequired === 'string') headers.set('payment-required', paymentRequired);
  else if (paymentRequired !== undefined)
    headers.set('payment-required', Buffer.from(JSON.stringify(paymentRequired)).toString(encoding));
  return new Response(bodyOf(shape), { status: 402, headers });
}
