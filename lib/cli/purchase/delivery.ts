import { readBounded } from '../../domain/bounded-bytes.ts';
import type { PaidResponse } from '../../client/index.ts';
import type { Invocation } from '../program/command.ts';
import type { PendingFile } from '../terminal/files.ts';
import { EXIT, type ExitCode, type Outcome } from '../terminal/outcome.ts';
import { tell } from '../terminal/layout.ts';
import { printable } from '../terminal/terminal.ts';

/** A body inside a JSON document must fit into memory twice; --output has no such bound. */
const JSON_BODY_MAX_BYTES = 10 * 1024 * 1024;

/** Where an answer goes: stdout, a file, or into the one JSON document. */
export interface Delivery {
  deliver(response: PaidResponse, summary: object): Promise<Outcome>;
  /** Gives up what was not delivered. May be called at any time. */
  close(): Promise<void>;
}

/** Makes the place for an answer. Throws where the file cannot be written. */
export async function toDelivery({ deps, options }: Invocation): Promise<Delivery> {
  const name = options.text('output');
  const json = options.flag('json');
  let file: PendingFile | null = name === undefined ? null : await deps.files.create(name);
  return {
    deliver: async (response, summary) => {
      const exitCode = exitCodeOf(response);
      const { deliveredAt = null } = response.payment ?? {};
      if (exitCode !== EXIT.ok) tell(deps.terminal, `seller   ${response.status}: ${printable(meaningOf(response))}`);
      else if (deliveredAt !== null)
        tell(deps.terminal, `seller   ${response.status}: delivered at ${printable(deliveredAt)}`);
      if (file === null && json) return { exitCode, json: { ...summary, body: await readBody(response) }, text: null };
      const size = await pipe(
        response,
        file === null ? (data) => deps.terminal.out(data) : (data) => file!.write(data),
      );
      if (file !== null) {
        await file.commit();
        file = null;
        tell(deps.terminal, `saved    ${name}, ${size} bytes`);
      }
      return { exitCode, json: { ...summary, output: name ?? null, bytes: size }, text: null };
    },
    close: async () => {
      await file?.discard();
      file = null;
    },
  };
}

function exitCodeOf({ ok, payment }: PaidResponse): ExitCode {
  if (payment === null) return ok ? EXIT.ok : EXIT.failed;
  if (payment.deliveredAt !== null) return EXIT.ok;
  return ok && payment.settlement?.success !== false ? EXIT.ok : EXIT.notDelivered;
}

function meaningOf({ payment, unpaidReason }: PaidResponse): string {
  if (payment === null) return `${unpaidReason ?? 'the request failed'}; nothing was asked for and nothing was paid`;
  const { processPaymentId, settlement, reason, remedy } = payment;
  if (settlement?.success === true) {
    return `payment ${processPaymentId} is SIGNED, and the seller says that it settled, but did not deliver`;
  }
  return `payment ${processPaymentId} is SIGNED, and the seller did not take it: ${reason ?? 'no reason given'}${remedy === null ? '' : `; ${remedy}`}`;
}

async function pipe(response: Response, write: (data: Uint8Array) => Promise<void>): Promise<number> {
  let size = 0;
  if (response.body === null) return size;
  for await (const chunk of response.body) {
    size += chunk.byteLength;
    await write(chunk);
  }
  return size;
}

/** Text where it is text, base64 where it is not. */
async function readBody(response: Response): Promise<object> {
  const bytes = await readBounded(response.body, JSON_BODY_MAX_BYTES);
  if (bytes === null)
    throw new Error(`the answer has more than ${JSON_BODY_MAX_BYTES} bytes: take it with --output FILE`);
  const contentType = response.headers.get('content-type');
  try {
    return { encoding: 'utf8', contentType, data: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch {
    return { encoding: 'base64', contentType, data: Buffer.from(bytes).toString('base64') };
  }
}
