import { lookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { callbackify } from 'node:util';
import { createAddressGuard } from '../../../jwt/address-ranges.ts';
import type { GuardOptions, Resolve } from './guard-options.ts';
import { CallRefused } from '../refusal.ts';

/** What a connection may be made to. */
export interface AddressCheck {
  /** Throws `CallRefused` where a URL may not be asked, whatever its host resolves to. */
  readonly checkUrl: (url: URL) => void;
  /** Resolves a name for one connection, which is then made to that address: looking it up again would ask another answer. */
  readonly lookupFor: (url: URL) => LookupFunction;
}

const NOT_PUBLIC = 'its address is not one of the internet';
const LOOPBACK = /^(?:127(?:\.\d{1,3}){3}|::1)$/;

function refuse(url: URL, why: string): never {
  throw new CallRefused('client:host_refused', `${url.origin} may not be asked: ${why}`);
}

export function createAddressCheck({ allowLoopback = false, allowRanges = [], resolve }: GuardOptions): AddressCheck {
  const isPublic = createAddressGuard(allowRanges);
  const find: Resolve = resolve ?? findBySystem;
  // Plain http leaves this machine under no circumstances: whoever reads along has the proof.
  const mayAsk = (address: string, { protocol }: URL): boolean =>
    (protocol === 'https:' && isPublic(address)) || (allowLoopback && LOOPBACK.test(address));
  const look = callbackify(async (host: string, url: URL) => {
    const addresses = await find(host);
    // Every address must be one that may be asked, since the connecting code takes any of them.
    if (addresses.length === 0 || !addresses.every((address) => mayAsk(address, url))) refuse(url, NOT_PUBLIC);
    return addresses.map((address) => ({ address, family: isIP(address) }));
  });
  return {
    checkUrl: (url) => {
      if (url.protocol !== 'https:' && !(url.protocol === 'http:' && allowLoopback)) refuse(url, 'it is not https');
      if (url.username !== '' || url.password !== '') refuse(url, 'it holds credentials');
      // An address in place of a name is not looked up.
      const literal = url.hostname.replace(/^\[(.*)\]$/, '$1');
      if (isIP(literal) !== 0 && !mayAsk(literal, url)) refuse(url, NOT_PUBLIC);
    },
    lookupFor: (url) => (host, options, done) =>
      look(host, url, (error, found) => {
        if (error !== null) return done(error, '');
        if (options.all === true) return done(null, found);
        const [{ address, family }] = found as [(typeof found)[number]];
        done(null, address, family);
      }),
  };
}

function findBySystem(host: string): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    lookup(host, { all: true }, (error, addresses) => {
      if (error === null) resolve(addresses.map(({ address }) => address));
      else reject(error);
    });
  });
}
