import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { afterEach, expect, test, vi } from 'vitest';
import { requestToken } from '../../../lib/local/issuer/request-token.ts';
import { close, listen } from '../../../lib/local/loopback/server.ts';

const opened: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const end of opened.splice(0)) await end();
});

async function endpoint(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(answer);
  const port = await listen(server, 0);
  opened.push(() => close(server));
  return `http://127.0.0.1:${port}/token`;
}

function ask(tokenEndpoint: string, members: { clientId?: string; clientSecret?: string } = {}): Promise<string> {
  return requestToken({ tokenEndpoint, clientId: 'agent', clientSecret: 'secret', scope: 'bursar/pay', ...members });
}

test('encodes an id and a secret with the separator in them', async () => {
  let heard = '';
  const url = await endpoint((request, response) => {
    heard = request.headers.authorization ?? '';
    response.end('{"access_token": "the-token"}');
  });
  expect(await ask(url, { clientId: 'a:b', clientSecret: 'c:d%' })).toBe('the-token');
  expect(Buffer.from(heard.replace('Basic ', ''), 'base64').toString()).toBe('a%3Ab:c%3Ad%25');
});

test('takes an answer up to its bound and refuses one byte more', async () => {
  const sized = (bytes: number): Promise<string> =>
    endpoint((_request, response) => response.end('{"access_token": "t"}'.padEnd(bytes)));
  expect(await ask(await sized(16_384))).toBe('t');
  await expect(ask(await sized(16_385))).rejects.toThrow('more than 16384 bytes');
});

test('stops reading an answer without an end', async () => {
  const url = await endpoint((_request, response) => {
    const fill = (): void => {
      while (!response.destroyed && response.write('x'.repeat(4_096)));
    };
    response.on('drain', fill);
    fill();
  });
  await expect(ask(url)).rejects.toThrow('more than 16384 bytes');
});

test.each([
  ['before the answer', ''],
  ['amid the answer', '{"access_token": '],
])('gives up on an endpoint that falls silent %s', async (_case, start) => {
  const url = await endpoint((_request, response) => {
    if (start !== '') response.write(start);
  });
  const timeout = AbortSignal.timeout.bind(AbortSignal);
  const bound = vi.spyOn(AbortSignal, 'timeout').mockImplementation(() => timeout(50));
  try {
    await expect(ask(url)).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(bound).toHaveBeenCalledExactlyOnceWith(5_000);
  } finally {
    bound.mockRestore();
  }
});

test.each([
  ['no JSON', 'secret text'],
  ['a JSON text', '"secret text"'],
  ['no token', '{"token_type": "secret text"}'],
  ['a token that is no text', '{"access_token": {"secret text": 1}}'],
])('refuses %s, and quotes nothing of it', async (_case, body) => {
  const refused = await ask(await endpoint((_request, response) => response.end(body))).catch(
    (error: unknown) => error,
  );
  expect(refused).toBeInstanceOf(Error);
  expect(String(refused)).toContain('the token endpoint answered');
  expect(String(refused)).not.toContain('secret text');
});

test('says the reason of a refusal, if it is one of the standard form', async () => {
  const refusing = (error: string): Promise<string> =>
    endpoint((_request, response) => response.writeHead(400).end(JSON.stringify({ error })));
  await expect(ask(await refusing('invalid_scope'))).rejects.toMatchObject({ status: 400, code: 'invalid_scope' });
  await expect(ask(await refusing('Not\nThat'))).rejects.toMatchObject({ status: 400, code: null });
});

test('follows no redirect with the secret', async () => {
  let followed = false;
  const elsewhere = await endpoint((_request, response) => {
    followed = true;
    response.end('{"access_token": "t"}');
  });
  const url = await endpoint((_request, response) => response.writeHead(307, { location: elsewhere }).end());
  await expect(ask(url)).rejects.toThrow('fetch failed');
  expect(followed).toBe(false);
});
