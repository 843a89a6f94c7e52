import { randomBytes } from 'node:crypto';
import { text } from './attributes.ts';
import type { Item } from './client.ts';
import type { WriteOutcome } from './conditional-write.ts';

const MARK_BYTES = 12;

/** An attribute that tells this very write, which the client may repeat, from any other, however alike. */
export function drawWriteMark(): Item {
  return { writeMark: text(randomBytes(MARK_BYTES).toString('base64url')) };
}

/** Whether a write with the mark took effect: it was applied, or its repetition was refused because it met its own item. */
export function isMarkedWrite(outcome: WriteOutcome, { writeMark }: Item): boolean {
  return outcome.kind === 'applied' || (outcome.item !== null && outcome.item['writeMark']?.S === writeMark?.S);
}
