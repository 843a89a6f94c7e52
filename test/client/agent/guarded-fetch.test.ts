import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { deflateSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { CallRefused, createGuardedFetch, type GuardOptions } from '../../../lib/client/agent/index.ts';
import { createAddressCheck } from '../../../lib/client/agent/guard/address-check.ts';
import { hasLongHeaders } from '../../../lib/client/fetch/seller-request.ts';

let server: Server;
let port: number;
let handle: (request: IncomingMessage, response: ServerResponse) => void;
let asked: { readonly url: string; readonly headers: IncomingMessage['headers']; readonly body: string }[];

beforeAll(async () => {
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      asked.push({
        url: `${request.method} ${request.url}`,
        headers: request.headers,
        body: Buffer.concat(chunks).toString(),
      });
      handle(request, response);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port;
});
afterAll(() => server.close());
beforeEach(() => {
  asked = [];
  handle = (_request, response) => response.end('hello');
});

/** Names that a stranger may have given any address: each question gets the next answer. */
function resolver(...answers: readonly (readonly string[])[]): GuardOptions['resolve'] {
  const rest = [...answers];
  return async () => (rest.length > 1 ? rest.shift()! : rest[0]!);
}

/** Where nothing is refused a connection would be made, to a host that does not answer. */
const soon = () => ({ signal: AbortSignal.timeout(1_000) });

const at = (host: string, path = '/') => `http://${host}:${port}${path}`;
const ofThisMachine = { allowLoopback: true, resolve: resolver(['127.0.0.1']) };

describe('only addresses of the internet are asked, over https', () => {
  test.each([
    'http://93.184.216.34/',
    'ftp://93.184.216.34/',
    'https://127.0.0.1/',
    'https://2130706433/',
    'https://0x7f.1/',
    'https://0177.0.0.1/',
    'https://0.0.0.0/',
    'https://10.1.2.3/',
    'https://172.16.0.1/',
    'https://192.168.1.1/',
    'https://100.64.0.1/',
    'https://169.254.169.254/latest/meta-data/',
    'https://[::1]/',
    'https://[::]/',
    'https://[::ffff:127.0.0.1]/',
    'https://[::ffff:7f00:1]/',
    'https://[::ffff:a9fe:a9fe]/',
    'https://[64:ff9b::7f00:1]/',
    'https://[64:ff9b::a00:1]/',
    'https://[2002:7f00:1::]/',
    'https://[fd00:ec2::254]/',
    'https://[fc00::1]/',
    'https://[fe80::1]/',
    'https://[ff02::1]/',
  ])('%s is refused before anything is sent', async (url) => {
    const failure = createGuardedFetch()(url, soon());
    await expect(failure).rejects.toBeInstanceOf(CallRefused);
    await expect(failure).rejects.toMatchObject({ code: 'client:host_refused' });
  });

  test.each(['https://93.184.216.34/', 'https://[2606:2800:220:1:248:1893:25c8:1946]/', 'https://example.com/'])(
    '%s is not',
    (url) => expect(() => createAddressCheck({}).checkUrl(new URL(url))).not.toThrow(),
  );

  test.each([
    ['127.0.0.1'],
    ['10.0.0.1'],
    ['169.254.169.254'],
    ['::1'],
    ['::ffff:10.0.0.1'],
    ['93.184.216.34', '10.0.0.1'],
    [],
    ['not an address'],
  ])('neither is a name that resolves to %s', async (...addresses) => {
    const failure = createGuardedFetch({ resolve: resolver(addresses) })('https://seller.example/', soon());
    await expect(failure).rejects.toMatchObject({ code: 'client:host_refused' });
    await expect(failure).rejects.toThrow(/^https:\/\/seller\.example may not be asked/);
  });

  test('nor the name of this machine', async () => {
    const failure = createGuardedFetch()(`https://localhost:${port}/`, soon());
    await expect(failure).rejects.toMatchObject({ code: 'client:host_refused' });
    expect(asked).toEqual([]);
  });

  test('a block of addresses that is allowed is one more', async () => {
    const { checkUrl } = createAddressCheck({ allowRanges: ['10.1.0.0/16'] });
    expect(() => checkUrl(new URL('https://10.1.2.3/'))).not.toThrow();
    expect(() => checkUrl(new URL('https://10.2.2.3/'))).toThrow(CallRefused);
    expect(() => checkUrl(new URL('http://10.1.2.3/'))).toThrow(CallRefused);
    expect(() => createAddressCheck({ allowRanges: ['10.1.0.0'] })).toThrow();
  });
});

test('a URL that holds credentials is refused, whatever its host', () => {
  for (const userinfo of ['user:secret', 'user', ':secret']) {
    expect(() => createAddressCheck({}).checkUrl(new URL(`https://${userinfo}@example.com/`))).toThrow(/credentials/);
  }
});

test('a refusal says why', () => {
  const check = (url: string) => () => createAddressCheck({}).checkUrl(new URL(url));
  expect(check('http://example.com/a')).toThrow('http://example.com may not be asked: it is not https');
  expect(check('https://10.0.0.1/')).toThrow(
    'https://10.0.0.1 may not be asked: its address is not one of the internet',
  );
});

describe('this machine', () => {
  test.each(['127.0.0.1', '127.0.0.100', '127.255.255.254', '[::1]'])('is %s', (host) => {
    const { checkUrl } = createAddressCheck({ allowLoopback: true });
    for (const protocol of ['http', 'https']) expect(() => checkUrl(new URL(`${protocol}://${host}/`))).not.toThrow();
  });

  test.each(['[::1234]', '[::127.0.0.1]', '128.0.0.1'])('is not %s', (host) => {
    const { checkUrl } = createAddressCheck({ allowLoopback: true });
    expect(() => checkUrl(new URL(`http://${host}/`))).toThrow(CallRefused);
  });
});

describe('a name is looked up', () => {
  const look = (options: GuardOptions, host: string, all: boolean) =>
    new Promise((resolve, reject) => {
      const { lookupFor } = createAddressCheck(options);
      lookupFor(new URL('https://seller.example/'))(host, { all }, (error, address, family) =>
        error === null ? resolve([address, family]) : reject(error),
      );
    });
  const addresses = ['93.184.216.34', '2606:2800:220:1:248:1893:25c8:1946'];

  test('for one address or for all, as the connection wants', async () => {
    const options = { resolve: resolver(addresses) };
    expect(await look(options, 'seller.example', false)).toEqual([addresses[0], 4]);
    expect(await look(options, 'seller.example', true)).toEqual([
      [
        { address: addresses[0], family: 4 },
        { address: addresses[1], family: 6 },
      ],
      undefined,
    ]);
  });

  test('and where it cannot be, that is told', async () => {
    await expect(look({}, 'x'.repeat(300), true)).rejects.toMatchObject({ syscall: 'getaddrinfo' });
  });
});

describe('this machine is asked where that is allowed', () => {
  test('with method, headers and body, without compression', async () => {
    const send = createGuardedFetch(ofThisMachine);
    const response = await send(at('seller.example', '/a?b'), {
      method: 'POST',
      body: 'question',
      headers: { 'x-own': '1' },
    });
    expect([response.status, await response.text(), response.url]).toEqual([
      200,
      'hello',
      at('seller.example', '/a?b'),
    ]);
    expect(asked).toEqual([expect.objectContaining({ url: 'POST /a?b', body: 'question' })]);
    expect(asked[0]!.headers).toMatchObject({
      'x-own': '1',
      'accept-encoding': 'identity',
      connection: 'close',
      host: `seller.example:${port}`,
    });
  });

  test('and nothing else in plain http', async () => {
    const send = createGuardedFetch({ allowLoopback: true, resolve: resolver(['93.184.216.34']) });
    await expect(send(at('seller.example'), soon())).rejects.toMatchObject({ code: 'client:host_refused' });
    await expect(send('http://10.0.0.1/', soon())).rejects.toMatchObject({ code: 'client:host_refused' });
  });

  test.each([
    ['gzip', gzipSync],
    ['X-Gzip', gzipSync],
    ['deflate', deflateSync],
  ])('whatever it compresses all the same is read: %s', async (encoding, compress) => {
    const bytes = compress('hello');
    const headers = { 'content-encoding': encoding, 'content-length': bytes.length, 'x-own': '1' };
    handle = (_request, response) => response.writeHead(200, headers).end(bytes);
    const response = await createGuardedFetch(ofThisMachine)(at('seller.example'));
    expect(await response.text()).toBe('hello');
    const names = ['content-encoding', 'content-length', 'x-own'];
    expect(names.map((name) => response.headers.get(name))).toEqual([null, null, '1']);
  });

  test('what it compresses in another way is handed on as it is', async () => {
    handle = (_request, response) => response.writeHead(200, { 'content-encoding': 'own' }).end('hello');
    const response = await createGuardedFetch(ofThisMachine)(at('seller.example'));
    expect([await response.text(), response.headers.get('content-encoding')]).toEqual(['hello', 'own']);
  });

  test('an answer without a body has none, and a strange status is a failure', async () => {
    for (const status of [204, 205, 304]) {
      handle = (_request, response) => response.writeHead(status, { 'x-own': '1' }).end();
      const response = await createGuardedFetch(ofThisMachine)(at('seller.example'));
      expect([response.status, response.body, response.headers.get('x-own')]).toEqual([status, null, '1']);
      expect(response.headers.has('undefined')).toBe(false);
    }
    handle = (_request, response) => response.writeHead(799).end();
    await expect(createGuardedFetch(ofThisMachine)(at('seller.example'))).rejects.toThrow(RangeError);
  });

  test.each([204, 799])('a connection that is of no more use is closed, after %i', async (status) => {
    const closed = Promise.withResolvers<void>();
    handle = ({ socket }, response) => {
      socket.once('close', () => closed.resolve());
      response.writeHead(status).write('and no end');
      response.flushHeaders();
    };
    const answer = createGuardedFetch(ofThisMachine)(at('seller.example'));
    if (status === 799) await expect(answer).rejects.toThrow(RangeError);
    else expect((await answer).status).toBe(status);
    await closed.promise;
  });

  test('headers without an end are a failure that says so', async () => {
    handle = (_request, response) => response.setHeader('x-long', 'x'.repeat(200_000)).end();
    const failure: unknown = await createGuardedFetch(ofThisMachine)(at('seller.example')).catch(
      (error: unknown) => error,
    );
    expect(hasLongHeaders(failure)).toBe(true);
    handle = (_request, response) => response.setHeader('payment-required', 'x'.repeat(65_536)).end();
    expect(
      (await createGuardedFetch(ofThisMachine)(at('seller.example'))).headers.get('payment-required'),
    ).toHaveLength(65_536);
  });

  test('a call that is given up is over, before and in the middle of the body', async () => {
    const send = createGuardedFetch(ofThisMachine);
    await expect(send(at('seller.example'), { signal: AbortSignal.abort(new Error('given up')) })).rejects.toThrow(
      'given up',
    );
    expect(asked).toEqual([]);
    const stop = new AbortController();
    handle = (_request, response) => response.write('one');
    const response = await send(at('seller.example'), { signal: stop.signal });
    stop.abort();
    await expect(response.text()).rejects.toThrow();
  });
});

describe('every hop is looked at by itself', () => {
  const moving = (location: string, status = 302) => {
    handle = (request, response) => {
      if (request.url === '/moved') response.writeHead(status, { location }).end();
      else response.end('there');
    };
  };

  test('a redirect is followed, and the response says to where', async () => {
    moving('/next');
    const response = await createGuardedFetch(ofThisMachine)(at('seller.example', '/moved'));
    expect([await response.text(), response.url]).toEqual(['there', at('seller.example', '/next')]);
  });

  test.each(['http://169.254.169.254/latest/', 'https://10.0.0.1/', 'file:///etc/passwd', 'https://[fe80::1]/'])(
    'one to %s is refused',
    async (location) => {
      moving(location);
      const failure = createGuardedFetch(ofThisMachine)(at('seller.example', '/moved'), soon());
      await expect(failure).rejects.toMatchObject({ code: 'client:host_refused' });
    },
  );

  test('a name that resolves elsewhere by then is refused', async () => {
    moving('/next');
    const resolve = resolver(['127.0.0.1'], ['10.0.0.1']);
    const failure = createGuardedFetch({ allowLoopback: true, resolve })(at('seller.example', '/moved'), soon());
    await expect(failure).rejects.toMatchObject({ code: 'client:host_refused' });
    expect(asked.map(({ url }) => url)).toEqual(['GET /moved']);
  });

  test('a name is resolved once for a connection, so that its next answer gains nothing', async () => {
    let questions = 0;
    const resolve = async () => {
      questions += 1;
      return ['127.0.0.1'];
    };
    await createGuardedFetch({ allowLoopback: true, resolve })(at('seller.example'));
    expect(questions).toBe(1);
  });

  test('credentials do not go along to another origin, and a 303 asks by GET', async () => {
    moving(at('other.example', '/next'), 303);
    const headers = { authorization: 'Bearer token', cookie: 'own=1', 'x-own': '1' };
    await createGuardedFetch(ofThisMachine)(at('seller.example', '/moved'), {
      method: 'POST',
      body: 'question',
      headers,
    });
    expect(asked[1]).toMatchObject({ url: 'GET /next', body: '', headers: { 'x-own': '1' } });
    expect(asked[1]!.headers).not.toHaveProperty('authorization');
    expect(asked[1]!.headers).not.toHaveProperty('cookie');
  });

  test('redirects end', async () => {
    moving('/moved');
    await expect(createGuardedFetch(ofThisMachine)(at('seller.example', '/moved'))).rejects.toThrow(
      /redirects more than/,
    );
  });

  test('none is followed where that is not wanted', async () => {
    moving('/next');
    const send = createGuardedFetch(ofThisMachine);
    expect((await send(at('seller.example', '/moved'), { redirect: 'manual' })).status).toBe(302);
    await expect(send(at('seller.example', '/moved'), { redirect: 'error' })).rejects.toThrow(TypeError);
    expect(asked.map(({ url }) => url)).toEqual(['GET /moved', 'GET /moved']);
  });

  test.each([301, 302, 303, 307, 308])('where none may be, %i is a failure', async (status) => {
    moving('/next', status);
    const failure = createGuardedFetch(ofThisMachine)(at('seller.example', '/moved'), { redirect: 'error' });
    await expect(failure).rejects.toThrow(`${new URL(at('seller.example')).origin} redirects`);
  });

  test.each([200, 300, 404])('and %i is an answer', async (status) => {
    moving('/next', status);
    const response = await createGuardedFetch(ofThisMachine)(at('seller.example', '/moved'), { redirect: 'error' });
    expect(response.status).toBe(status);
  });
});
