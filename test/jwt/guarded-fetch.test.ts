import type { lookup, LookupAddress } from 'node:dns';
import { createServer } from 'node:https';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import type { AddressInfo } from 'node:net';
import { generate } from 'selfsigned';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createAddressGuard } from '../../lib/jwt/address-ranges.ts';
import { createFetchJson, FETCH_BOUNDS } from '../../lib/jwt/fetch-json.ts';
import { AddressRefused, createGuardedFetch } from '../../lib/jwt/guarded-fetch.ts';

const HOST = 'issuer.example';
const trusted = getCACertificates('default');
let port: number;
let asked = 0;
const opened: { close(): void }[] = [];

beforeAll(async () => {
  const names = { name: 'subjectAltName' as const, altNames: [{ type: 2 as const, value: HOST }] };
  const { cert, private: key } = await generate([{ name: 'commonName', value: HOST }], { extensions: [names] });
  setDefaultCACertificates([...trusted, cert]);
  const server = createServer({ cert, key }, (request, response) => {
    asked += 1;
    if (request.url === '/moved') response.writeHead(302, { location: '/' }).end();
    else response.end(JSON.stringify({ path: request.url, encoding: request.headers['accept-encoding'] }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
  opened.push(server);
});
afterAll(() => {
  setDefaultCACertificates(trusted);
  for (const each of opened) each.close();
});

/** A resolver that answers each question with the next of these. */
function resolver(...answers: readonly (readonly string[])[]): typeof lookup {
  const rest = [...answers];
  const resolve = (
    _host: string,
    _options: object,
    done: (error: null, addresses: readonly LookupAddress[]) => void,
  ): void =>
    done(
      null,
      (rest.length > 1 ? rest.shift()! : rest[0]!).map((address) => ({ address, family: 4 })),
    );
  return resolve as unknown as typeof lookup;
}

const ofThisHost = (address: string): boolean => address === '127.0.0.1';

test('gets a document from a host whose address is allowed', async () => {
  const fetchJson = createFetchJson(FETCH_BOUNDS, createGuardedFetch(ofThisHost, resolver(['127.0.0.1'])));
  expect(await fetchJson(`https://${HOST}:${port}/a?b`)).toEqual({ path: '/a?b', encoding: 'identity' });
});

test('follows no redirect', async () => {
  const fetchJson = createFetchJson(FETCH_BOUNDS, createGuardedFetch(ofThisHost, resolver(['127.0.0.1'])));
  await expect(fetchJson(`https://${HOST}:${port}/moved`)).rejects.toThrow(/answered 302, expected 200/);
});

test('refuses a name at a private address before anything is sent, and does not say which', async () => {
  const before = asked;
  const fetchJson = createFetchJson(FETCH_BOUNDS, createGuardedFetch(createAddressGuard([]), resolver(['127.0.0.1'])));
  const refused = fetchJson(`https://${HOST}:${port}/`);
  await expect(refused).rejects.toThrow(`${HOST} is at an address that may not be asked`);
  await expect(refused).rejects.not.toThrow('127.0.0.1');
  expect(asked).toBe(before);
});

test('refuses a name that has a private address beside one of the internet', async () => {
  const get = createGuardedFetch(createAddressGuard([]), resolver(['203.0.113.1', '10.0.0.1']));
  await expect(get(new URL(`https://${HOST}/`), plain())).rejects.toThrow(AddressRefused);
});

test('looks at the address that it connects to, and not at an earlier answer of the name', async () => {
  const before = asked;
  const get = createGuardedFetch(createAddressGuard([]), resolver(['203.0.113.1'], ['127.0.0.1']));
  const stop = AbortSignal.timeout(50);
  // The first answer is of the internet, where nobody answers in a test; the second, of this host.
  await expect(get(new URL(`https://${HOST}:${port}/`), plain(stop))).rejects.toThrow();
  await expect(get(new URL(`https://${HOST}:${port}/`), plain())).rejects.toThrow(AddressRefused);
  expect(asked).toBe(before);
});

test.each(['127.0.0.1', '[::1]', '169.254.169.254', '10.0.0.1', '[fd00::1]', '0x7f.1', '2130706433'])(
  'refuses the address %s in place of a name',
  async (host) => {
    const get = createGuardedFetch(createAddressGuard([]));
    await expect(get(new URL(`https://${host}:${port}/`), plain())).rejects.toThrow(AddressRefused);
  },
);

function plain(signal: AbortSignal = AbortSignal.timeout(2_000)) {
  return { headers: { accept: 'application/json' }, signal };
}
