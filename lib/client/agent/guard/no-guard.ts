// What bundlers for browsers and workers put in the place of `guarded-fetch.ts`: the package's `browser` member says so.

/** Nothing here sees where a name resolves to, so that nothing can be guarded. */
export function guardFetch(): typeof fetch {
  throw new TypeError('the guarded fetch needs the modules of Node: give the tool a `fetch` of its own');
}
