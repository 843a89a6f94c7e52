import { CHALLENGE_BODY_MAX_BYTES } from '../../domain/limits.ts';
import { memberOf } from '../../json/record.ts';
import type { CdpHeader, CdpPaused, CdpSession } from './cdp-shapes.ts';

/** How long the body of a 402 is waited for. */
const BODY_MAX_MS = 10_000;
/** How long the frames of a page are waited for, which its own process tells. */
const FRAMES_MAX_MS = 2_000;

/** Of a request that is paused, once before it is sent and once before its answer is read. */
export interface CdpFetch {
  /** @param headers in place of the browser's own, its cookies left out; no redirect takes them along */
  readonly proceed: (paused: CdpPaused, headers?: readonly CdpHeader[]) => Promise<void>;
  /** Has the browser send the same request once more. */
  readonly sendAgain: (paused: CdpPaused) => Promise<void>;
  /** Answers with a body that was taken. */
  readonly fulfill: (paused: CdpPaused, body: string) => Promise<void>;
  /** Takes the body, no more of it than the terms of a 402 may be long, and no longer than is waited for. Afterwards one can only fulfill. */
  readonly takeBody: (paused: CdpPaused) => Promise<string>;
  /** The bytes that a request carries; `null` where the browser does not say all of them. */
  readonly bodyOf: (paused: CdpPaused) => Uint8Array | null;
  /** The addresses of the pages from the topmost to that of a frame; none where there is no such frame, or the page does not say. */
  readonly pagesTo: (frameId: string) => Promise<readonly string[]>;
}

export function createCdpFetch(session: CdpSession): CdpFetch {
  const fulfill = async (
    { requestId }: CdpPaused,
    responseCode: number,
    responseHeaders: CdpHeader[],
    body: string,
  ) => {
    await session.send('Fetch.fulfillRequest', { requestId, responseCode, responseHeaders, body: encode(body) });
  };
  return {
    proceed: async ({ requestId }, headers) => {
      await session.send('Fetch.continueRequest', headers === undefined ? { requestId } : { requestId, headers });
    },
    sendAgain: (paused) => {
      // To where it is already: the redirect that keeps method and body. Cookies of the answer are kept by then.
      return fulfill(paused, 307, [{ name: 'location', value: paused.request.url }], '');
    },
    fulfill: (paused, body) => {
      const headers = (paused.responseHeaders ?? []).filter(({ name }) => !OF_ANOTHER_BODY.has(name.toLowerCase()));
      return fulfill(paused, paused.responseStatusCode ?? 502, headers, body);
    },
    takeBody: async ({ requestId }) => {
      const handle = memberOf(await session.send('Fetch.takeResponseBodyAsStream', { requestId }), 'stream');
      const end = Date.now() + BODY_MAX_MS;
      const decoder = new TextDecoder();
      let [text, size] = ['', 0];
      while (size < CHALLENGE_BODY_MAX_BYTES) {
        const reading = session.send('IO.read', { handle, size: CHALLENGE_BODY_MAX_BYTES - size });
        const chunk = await within(reading, end - Date.now());
        const [data, isBase64] = [memberOf(chunk, 'data'), memberOf(chunk, 'base64Encoded') === true];
        if (typeof data !== 'string') break;
        const bytes = isBase64 ? decode(data) : new TextEncoder().encode(data);
        size += bytes.byteLength;
        text += decoder.decode(bytes, { stream: true });
        if (memberOf(chunk, 'eof') === true) break;
      }
      // Not waited for: it waits for the read that is still open.
      session.send('IO.close', { handle }).catch(() => undefined);
      return text + decoder.decode();
    },
    bodyOf,
    pagesTo: async (frameId) => {
      const tree = await within(session.send('Page.getFrameTree'), FRAMES_MAX_MS);
      return pathTo(frameId, memberOf(tree, 'frameTree'));
    },
  };
}

function pathTo(frameId: string, tree: unknown): readonly string[] {
  const frame = memberOf(tree, 'frame');
  const url = String(memberOf(frame, 'url'));
  if (memberOf(frame, 'id') === frameId) return [url];
  const children = memberOf(tree, 'childFrames');
  for (const child of Array.isArray(children) ? children : []) {
    const path = pathTo(frameId, child);
    if (path.length > 0) return [url, ...path];
  }
  return [];
}

/** What says how long or how encoded the body was that a taken one replaces. */
const OF_ANOTHER_BODY: ReadonlySet<string> = new Set(['content-length', 'content-encoding', 'transfer-encoding']);

function bodyOf({ request: { hasPostData = false, postDataEntries = [] } }: CdpPaused): Uint8Array | null {
  const parts = postDataEntries.map(({ bytes }) => bytes);
  if (hasPostData && (parts.length === 0 || parts.includes(undefined))) return null;
  return new Uint8Array(parts.flatMap((part) => [...decode(part ?? '')]));
}

async function within(task: Promise<unknown>, ms: number): Promise<unknown> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), Math.max(0, ms));
  });
  try {
    return await Promise.race([task, late]);
  } finally {
    clearTimeout(timer);
  }
}

function decode(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

function encode(text: string): string {
  return btoa(Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join(''));
}
