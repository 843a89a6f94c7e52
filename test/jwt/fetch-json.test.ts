import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import { createFetchJson, FetchFailed, parseIssuerUrl } from '../../lib/jwt/fetch-json.ts';

const servers: Server[] = [];

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

const fetchJson = createFetchJson({ timeoutMs: 2_000, maxBytes: 1_000 });

async function failureOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(FetchFailed);
  return (error as FetchFailed).message;
}

test('gets a JSON object', async () => {
  const url = await serve((_, response) => response.end('{"a":1}'));
  expect(await fetchJson(url)).toEqual({ a: 1 });
});

test('gets a document of exactly the allowed size and refuses one byte more', async () => {
  const url = await serve((request, response) =>
    response.end(`{"a":"${'x'.repeat(request.url === '/fits' ? 992 : 993)}"}`),
  );
  expect(await fetchJson(`${url}/fits`)).toEqual({ a: 'x'.repeat(992) });
  expect(await failureOf(fetchJson(`${url}/over`))).toContain('larger than 1000 bytes');
});

test('refuses a body that never ends as soon as it is too large', async () => {
  const url = await serve((_, response) => {
    const more = (): void => {
      while (response.write('[1,2,3],'.repeat(64)));
      response.once('drain', more);
    };
    response.write('{"keys":[');
    more();
  });
  expect(await failureOf(fetchJson(url))).toContain('larger than 1000 bytes');
});

test('counts bytes after decompression', async () => {
  const url = await serve((_, response) =>
    response.setHeader('content-encoding', 'gzip').end(gzipSync(`{"a":"${'x'.repeat(50_000)}"}`)),
  );
  expect(await failureOf(fetchJson(url))).toContain('larger than 1000 bytes');
});

describe('within bounded time', () => {
  const hasty = createFetchJson({ timeoutMs: 150, maxBytes: 1_000 });

  test('gives up on a server that does not answer', async () => {
    const url = await serve(() => {});
    expect(await failureOf(hasty(url))).toContain('no complete answer within 150 ms');
  });

  test('gives up on a server that never finishes its answer', async () => {
    const url = await serve((_, response) => response.write('{"a":'));
    expect(await failureOf(hasty(url))).toContain('no complete answer within 150 ms');
  });
});

test('follows no redirect', async () => {
  let followed = 0;
  const target = await serve((_, response) => {
    followed += 1;
    response.end('{}');
  });
  const url = await serve((_, response) => response.writeHead(302, { location: target }).end());
  expect(await failureOf(fetchJson(url))).toContain('answered 302');
  expect(followed).toBe(0);
});

test.each([404, 500, 204, 201])('refuses status %d', async (status) => {
  const url = await serve((_, response) => response.writeHead(status).end(status === 204 ? undefined : '{}'));
  expect(await failureOf(fetchJson(url))).toContain(`answered ${status}`);
});

test.each([
  ['an array', '[]'],
  ['null', 'null'],
  ['a string', '"x"'],
  ['nothing', ''],
  ['half an object', '{"a":'],
  ['a member twice', '{"a":1,"a":2}'],
  ['a member that reaches into prototypes', '{"__proto__":{}}'],
  ['too deep a nesting', '{"a":'.repeat(17) + '1' + '}'.repeat(17)],
  ['bytes that are not UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
])('refuses %s', async (_, body) => {
  const url = await serve((_request, response) => response.end(body));
  await failureOf(fetchJson(url));
});

test('fails by name where nobody listens, and quotes no path or query', async () => {
  const url = await serve((_, response) => response.end('{}'));
  await new Promise((resolve) => servers.pop()?.close(resolve));
  const message = await failureOf(fetchJson(`${url}/path?secret=hush`));
  expect(message).toContain('the connection failed');
  expect(message).not.toContain('hush');
});

test.each([
  'http://example.com/',
  'http://127.0.0.2/',
  'http://localhost.example.com/',
  'http://127.0.0.1@example.com/',
  'http://user:pass@127.0.0.1/',
  'https://user@example.com/',
  'https://example.com/#part',
  'https://example.com/#',
  'file:///etc/passwd',
  'data:application/json,{}',
  'ftp://127.0.0.1/',
  'http://169.254.169.254/latest/meta-data',
  'http://[::ffff:127.0.0.1]/',
  'example.com',
  '',
  `https://example.com/${'x'.repeat(2_048)}`,
])('asks nothing of %s', async (url) => {
  expect(parseIssuerUrl(url)).toBeNull();
  expect(await failureOf(fetchJson(url))).toBe('the URL is neither https nor http on the own host');
});

test.each(['https://example.com/a?b=c', 'http://127.0.0.1:8080/', 'http://localhost/', 'http://[::1]:9/'])(
  'may ask %s',
  (url) => {
    expect(parseIssuerUrl(url)?.href).toBe(url);
  },
);
