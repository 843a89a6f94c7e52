/** What a place in a profile is part of, the first that fits. Places are sources, or what the profiler calls what has none. */
const PARTS: readonly (readonly [part: string, places: RegExp])[] = [
  ['waiting', /^\(idle\)$/],
  ['signature (WebAssembly)', /^\(wasm\)$|tiny-secp256k1|\/lib\/wallets\//],
  ['collecting garbage', /^\(garbage collector\)$/],
  ['compiling, and what no function is known for', /^\((?:program|root)\)$|^\(native\) RegExp/],
  ['sockets and the log: the kernel', /^\(native\) (?:write|read)/],
  [
    'HTTP and sockets: Node',
    /^node:(?:_http|net|internal\/(?:stream|streams|http|net|js_stream|dtrace))|^node:https?$/,
  ],
  ['hashes and randomness of Node', /^node:(?:crypto|internal\/crypto)/],
  ['event loop, timers, promises: Node', /^node:|^\(native\)/],
  ['requests to AWS: signing, reading answers', /\/lib\/aws\/|\/dynamodb\/store\//],
  ['items to and from the store', /\/lib\/ledger\//],
  ['hashes to sign, checksum of the address', /\/lib\/chains\/|@noble\/hashes/],
  [
    'reading and checking the request, the answer',
    /\/lib\/(?:api|contract|json|jwt|protocols|choices)\/|valibot|canonicalize|@middy/,
  ],
  ['log line and metrics', /\/lib\/telemetry\//],
  ['rules of a payment', /\/lib\/(?:service|domain|functions)\//],
];
const OTHER = 'the driver, and the rest';

/** Not processor time. */
export const WAITING = 'waiting';

/** The names of all parts, in the order in which they are printed. */
export const PART_NAMES: readonly string[] = [...PARTS.map(([part]) => part), OTHER];

export function partOf(place: string): string {
  return PARTS.find(([, places]) => places.test(place))?.[0] ?? OTHER;
}
