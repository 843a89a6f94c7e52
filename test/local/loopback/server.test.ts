import { createServer } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import { readRequestBody } from '../../../lib/local/loopback/request-body.ts';
import { close, findFreePort, listen, PortTaken } from '../../../lib/local/loopback/server.ts';

const MAX_BYTES = 100_000;

const server = createServer((request, response) => {
  void readRequestBody(request, MAX_BYTES).then(
    (body) => response.writeHead(body === null ? 413 : 200).end(`${body?.length}`),
    () => response.destroy(),
  );
});
afterEach(() => close(server));

async function post(bytes: number): Promise<readonly [number, string]> {
  const url = `http://127.0.0.1:${await listen(server, 0)}`;
  const response = await fetch(url, { method: 'POST', body: new Uint8Array(bytes) });
  return [response.status, await response.text()];
}

test('a body of as many bytes as it may have is read', async () => {
  expect(await post(MAX_BYTES)).toEqual([200, `${MAX_BYTES}`]);
});

test('a client whose body has a byte more hears the refusal', async () => {
  expect((await post(MAX_BYTES + 1))[0]).toBe(413);
});

test('a client is cut off that sends many times too much', async () => {
  await expect(post(100 * MAX_BYTES)).rejects.toThrow('fetch failed');
});

test('a connection that nothing is asked on is kept for a minute', async () => {
  const response = await fetch(`http://127.0.0.1:${await listen(server, 0)}`);
  expect(response.headers.get('keep-alive')).toBe('timeout=60');
});

test('a free port is none that the system gives to whoever asks for any', async () => {
  expect(await findFreePort()).toBeLessThan(32_768);
});

test('a port that something listens on is taken, and a free one is not', async () => {
  const port = await findFreePort();
  await listen(server, port);
  const other = createServer();
  await expect(listen(other, port)).rejects.toThrow(PortTaken);
  await close(server);
  await listen(other, port);
  await close(other);
});
