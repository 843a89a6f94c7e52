import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isForRequested } from '../../../lib/protocols/x402/seller-resource.ts';

const url = 'https://api.seller.example/data?q=1';

describe('an offer may be paid for a request', () => {
  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['no text', { url: 5 }],
    ['nothing in an object', {}],
    ['the same URL', url],
    ['the same URL in an object', { url }],
    ['another path', 'https://api.seller.example/other'],
    ['http for https', 'http://api.seller.example/data'],
    ['another port', 'https://api.seller.example:8443/data'],
    ['a host below', 'https://eu.api.seller.example/data'],
    ['the host above', 'https://seller.example/data'],
    ['the host in another case, with its last dot', 'HTTPS://API.Seller.Example./data'],
    ['a path', '/data'],
    ['the name of a product', 'sku-v1'],
    ['another kind of URL', 'mcp://tool/search'],
    ['a URL that cannot be read', 'http://['],
    ['a name that the server has for itself', 'http://localhost:8080/data'],
    ['an address that the server has for itself', 'http://127.0.0.1:3000/data'],
    ['an IPv6 address that the server has for itself', 'http://[::1]:3000/data'],
    ['an address in the network of the server', 'http://10.0.3.7/data'],
    ['a service in the network of the server', 'http://checkout:3000/data'],
    ['a cluster name of the server', 'http://checkout.default.svc.cluster.local/data'],
  ])('that says it is for %s', (_what, said) => {
    expect(isForRequested([said, undefined], url, 'related')).toBe(true);
    expect(isForRequested([undefined, said], url, 'related')).toBe(true);
  });
});

/** Addresses and names that only a network of its own answers for, and their neighbours that are everybody's. */
const OWN = [
  '0.0.0.0',
  '127.0.0.1',
  '127.255.255.254',
  '[::]',
  '[::1]',
  'localhost',
  'api.localhost',
  '10.0.0.1',
  '10.255.255.255',
  '169.254.169.254',
  '192.168.0.1',
  '172.16.0.1',
  '172.19.0.1',
  '172.20.0.1',
  '172.29.0.1',
  '172.30.0.1',
  '172.31.255.255',
  '100.64.0.1',
  '100.69.0.1',
  '100.70.0.1',
  '100.99.0.1',
  '100.100.0.1',
  '100.119.0.1',
  '100.120.0.1',
  '100.127.0.1',
  '[fc00::1]',
  '[fd12::1]',
  '[fe80::1]',
  '[fe90::1]',
  '[fea0::1]',
  '[febf::1]',
  'checkout',
  ...['local', 'localdomain', 'internal', 'lan', 'intranet', 'home.arpa'].map((name) => `shop.${name}`),
];
const PUBLIC = [
  '20.0.0.0',
  '0.0.0.1',
  '1.127.0.1',
  '126.0.0.1',
  '128.0.0.1',
  '[::2]',
  '[2001::1]',
  'localhost.example.com',
  'notlocalhost.example',
  'xlocalhost.localhostx.example',
  '110.0.0.1',
  '11.0.0.1',
  '169.253.0.1',
  '169.255.0.1',
  '192.167.0.1',
  '192.169.0.1',
  '172.15.0.1',
  '172.32.0.1',
  '172.1.0.1',
  '100.63.0.1',
  '100.60.0.1',
  '100.128.0.1',
  '100.20.0.1',
  '100.6.0.1',
  '[fb00::1]',
  '[fe00::1]',
  '[fe70::1]',
  '[fec0::1]',
  '[ff02::1]',
  '10.example.com',
  '127.example.com',
  'shop.local.example',
  'shop.lan.example',
  'home.arpa.example',
  'mylocal.example',
  '1.2.3.4.example',
  '10.1.2.3.example',
];

describe('a name or address of a network of its own', () => {
  test.each(OWN)('%s may be what a server of the web calls itself', (host) => {
    expect(isForRequested([`http://${host}/`], url, 'related')).toBe(true);
  });

  test.each(PUBLIC)('is not %s', (host) => {
    expect(isForRequested([`http://${host}/`], url, 'related')).toBe(false);
  });

  test.each(OWN)('%s asked for is no server of the web', (host) => {
    expect(isForRequested(['http://another.internal/'], `http://${host}:81/`, 'related')).toBe(false);
    expect(isForRequested([`http://${host}:82/`], `http://${host}:81/`, 'related')).toBe(true);
  });
});

describe('an offer is not paid for a request', () => {
  test.each<[string, unknown]>([
    ['another host', 'https://other.example/data'],
    ['another host in an object', { url: 'https://other.example/data' }],
    ['another host without a scheme', '//other.example/data'],
    ['another host with backslashes', '\\\\other.example\\data'],
    ['another host in another case', 'HTTP://OTHER.EXAMPLE/'],
    ['another host after a blank', ' https://other.example/'],
    ['another host behind a user name', 'https://api.seller.example@other.example/data'],
    ['a host beside it', 'https://www.seller.example/data'],
    ['a host that ends alike', 'https://evilseller.example/data'],
    ['a host that begins alike', 'https://api.seller.example.other.example/data'],
    ['a public address', 'http://203.0.113.9/data'],
    ['a public IPv6 address', 'http://[2001:db8::1]/data'],
  ])('that says it is for %s', (_what, said) => {
    expect(isForRequested([said, url], url, 'related')).toBe(false);
    expect(isForRequested([url, said], url, 'related')).toBe(false);
  });

  test('inside a network where names are those of other sellers', () => {
    expect(isForRequested(['http://internal/'], 'http://shop.internal/', 'related')).toBe(false);
    for (const requested of ['http://10.0.0.1/', 'http://shop.internal/', 'http://localhost:1/']) {
      expect(isForRequested(['http://10.0.0.2/'], requested, 'related')).toBe(false);
      expect(isForRequested(['http://other.internal/'], requested, 'related')).toBe(false);
      expect(isForRequested(['http://localhost:2/'], requested, 'related')).toBe(true);
    }
  });

  test('of addresses whose ends are the same', () => {
    expect(isForRequested(['http://3.0.113.9/'], 'http://203.0.113.9/', 'related')).toBe(false);
    expect(isForRequested(['http://203.0.113.9:81/'], 'http://203.0.113.9/', 'related')).toBe(true);
  });

  test('to a page that is not of the web', () => {
    expect(isForRequested([undefined], 'about:blank', 'related')).toBe(false);
    expect(isForRequested(['data:text/plain,x'], 'about:blank', 'same-origin')).toBe(false);
  });
});

describe('the caller', () => {
  test('may insist on the same origin', () => {
    const isSame = (said: unknown) => isForRequested([said], url, 'same-origin');
    expect([undefined, null, url, { url }, { url: null }].map(isSame)).toEqual([true, true, true, true, true]);
    const others = ['http://api.seller.example/', 'https://seller.example/', 'sku-v1', 'mcp://tool', { url: 5 }];
    expect(others.map(isSame)).toEqual([false, false, false, false, false]);
  });

  test('may let any resource pass', () => {
    expect(isForRequested(['https://other.example/'], url, 'any')).toBe(true);
  });
});

test('whatever a seller says of its resource, the answer is yes or no', () => {
  const anything = fc.oneof(fc.anything(), fc.webUrl(), fc.string(), fc.record({ url: fc.anything() }));
  fc.assert(
    fc.property(
      fc.array(anything, { maxLength: 2 }),
      fc.constantFrom('related', 'same-origin', 'any'),
      (said, rule) => {
        expect(typeof isForRequested(said, url, rule)).toBe('boolean');
      },
    ),
  );
});
