import { lookup } from 'node:dns';
import { request } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { Readable } from 'node:stream';
import type { Fetch } from './fetch-json.ts';

/** The host is at an address that may not be asked. Names the host and no address, which a stranger would learn of. */
export class AddressRefused extends Error {
  override readonly name = 'AddressRefused';
}

/**
 * Fetches over https from hosts whose address is allowed. It is looked at when the connection is made, so that a name which resolves
 * to one address when it is checked and to another when it is used gains nothing. Follows no redirect, keeps no connection.
 *
 * @param resolve for tests. @default - the system's
 */
export function createGuardedFetch(mayAsk: (address: string) => boolean, resolve: typeof lookup = lookup): Fetch {
  const guarded: LookupFunction = (host, options, done) => {
    resolve(host, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return done(error, '');
      // Every address must be allowed, since the connecting code may pick any of them.
      if (addresses.length === 0 || !addresses.every(({ address }) => mayAsk(address))) {
        return done(new AddressRefused(`${host} is at an address that may not be asked`), '');
      }
      if (options.all === true) return done(null, addresses);
      const [{ address, family }] = addresses as [(typeof addresses)[number]];
      return done(null, address, family);
    });
  };
  return async (url, { headers, signal }) => {
    // An address in place of a name is not looked up.
    const literal = url.hostname.replace(/^\[(.*)\]$/, '$1');
    if (isIP(literal) !== 0 && !mayAsk(literal)) {
      throw new AddressRefused(`${url.hostname} is an address that may not be asked`);
    }
    const identity = { ...headers, 'accept-encoding': 'identity' };
    return new Promise((answered, failed) => {
      const sent = request(url, { headers: identity, signal, lookup: guarded, agent: false }, (response) => {
        const status = response.statusCode ?? 0;
        const hasBody = status >= 200 && ![204, 205, 304].includes(status);
        if (!hasBody) response.resume();
        const body = hasBody ? (Readable.toWeb(response) as ReadableStream) : null;
        answered(new Response(body, { status: status >= 200 ? status : 502 }));
      });
      sent.on('error', failed);
      sent.end();
    });
  };
}
