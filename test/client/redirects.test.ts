import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { describe, expect, onTestFinished, test } from 'vitest';
import { UnpayableError } from '../../lib/client/index.ts';
import { base64, makeEntry, play } from './script.ts';
import { close, listen } from '../../lib/local/loopback/server.ts';

/** A real server that keeps what it was asked. */
async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const seen: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    seen.push(request);
    answer(request, response);
  });
  const port = await listen(server, 0);
  onTestFinished(() => close(server));
  return { origin: `http://127.0.0.1:${port}`, seen };
}

/** Asks without a proof; with one, redirects to where it says. */
function redirectingSeller(location: () => string) {
  return serve((request, response) => {
    if (request.headers['payment-signature'] !== undefined) {
      response.writeHead(307, { location: location() }).end();
      return;
    }
    response.writeHead(402, { 'payment-required': base64({ x402Version: 2, accepts: [makeEntry(2)] }) }).end();
  });
}

describe('with the real fetch', () => {
  test.each(['to another origin', 'on the same origin'])(
    'a redirect %s is not followed with a proof',
    async (where) => {
      const thief = await serve((_request, response) => response.end('thanks'));
      const seller = await redirectingSeller(() => (where === 'on the same origin' ? '/elsewhere' : thief.origin));
      const { pay, asked } = play([], { fetch });
      const response = await pay(`${seller.origin}/report`);
      expect([response.status, response.payment?.processPaymentId]).toEqual([307, 'payment-1']);
      expect([seller.seen.length, thief.seen.length, asked.length]).toEqual([2, 0, 1]);
    },
  );

  test('a redirect to another origin that then asks is not paid, one on the same origin is', async () => {
    const offer = { 'payment-required': base64({ x402Version: 2, accepts: [makeEntry(2)] }) };
    const answer = (request: IncomingMessage, response: ServerResponse): void => {
      if (request.url === '/moved') response.writeHead(302, { location: '/report' }).end();
      else if (request.headers['payment-signature'] !== undefined) response.end('the report');
      else response.writeHead(402, offer).end();
    };
    const seller = await serve(answer);
    const other = await serve((_request, response) =>
      response.writeHead(302, { location: `${seller.origin}/report` }).end(),
    );

    const refused = play([], { fetch });
    await expect(refused.pay(`${other.origin}/report`)).rejects.toThrow(UnpayableError);
    expect(refused.asked).toEqual([]);
    expect(seller.seen.every(({ headers }) => headers['payment-signature'] === undefined)).toBe(true);

    const paid = play([], { fetch });
    const response = await paid.pay(`${seller.origin}/moved`);
    expect([response.status, await response.text()]).toEqual([200, 'the report']);
  });

  /** Redirects a POST of /order with that status, and asks for money at /report. */
  async function shop(status: number) {
    const offer = { 'payment-required': base64({ x402Version: 2, accepts: [makeEntry(2)] }) };
    const bodies: string[] = [];
    const seller = await serve((request, response) => {
      let body = '';
      request.on('data', (chunk) => (body += String(chunk)));
      request.on('end', () => {
        bodies.push(`${request.method} ${request.url} ${body}`);
        if (request.url === '/order') response.writeHead(status, { location: '/report' }).end();
        else if (request.headers['payment-signature'] !== undefined) response.end('the report');
        else response.writeHead(402, offer).end();
      });
    });
    return { ...seller, bodies };
  }

  test.each([301, 302, 303])('a POST that a %i made a GET is paid as one', async (status) => {
    const { origin, bodies, seen } = await shop(status);
    const { pay } = play([], { fetch });
    const response = await pay(`${origin}/order`, { method: 'POST', body: '{}', headers: { 'x-own': '1' } });
    expect([response.status, await response.text()]).toEqual([200, 'the report']);
    expect(bodies).toEqual(['POST /order {}', 'GET /report ', 'GET /report ']);
    expect(seen.at(-1)?.headers).toMatchObject({ 'x-own': '1' });
    expect(seen.at(-1)?.headers['content-type']).toBeUndefined();
  });

  test.each([307, 308])('a POST that a %i sent elsewhere is paid there as a POST', async (status) => {
    const { origin, bodies } = await shop(status);
    const { pay } = play([], { fetch });
    const response = await pay(`${origin}/order`, { method: 'POST', body: '{}' });
    expect([response.status, await response.text()]).toEqual([200, 'the report']);
    expect(bodies).toEqual(['POST /order {}', 'POST /report {}', 'POST /report {}']);
  });

  test('a POST takes no password along to another origin, and is not paid there', async () => {
    const offer = { 'payment-required': base64({ x402Version: 2, accepts: [makeEntry(2)] }) };
    const other = await serve((_request, response) => response.writeHead(402, offer).end());
    const seller = await serve((_request, response) => response.writeHead(307, { location: other.origin }).end());
    const { pay, asked } = play([], { fetch });
    const headers = { authorization: 'Bearer secret', cookie: 'a=b', 'x-own': '1' };
    await expect(pay(seller.origin, { method: 'POST', body: '{}', headers })).rejects.toThrow(UnpayableError);
    expect(other.seen[0]!.headers).toMatchObject({ 'x-own': '1' });
    expect(other.seen[0]!.headers).not.toHaveProperty('authorization');
    expect(other.seen[0]!.headers).not.toHaveProperty('cookie');
    expect(asked).toEqual([]);
  });

  test('a POST that goes in circles is given up', async () => {
    const seller = await serve((_request, response) => response.writeHead(307, { location: '/again' }).end());
    await expect(play([], { fetch }).pay(seller.origin, { method: 'POST', body: '{}' })).rejects.toThrow('more than 5');
    expect(seller.seen).toHaveLength(6);
  });

  test('a POST whose redirects are the caller’s is left to the caller', async () => {
    const { origin } = await shop(303);
    const response = await play([], { fetch }).pay(`${origin}/order`, { method: 'POST', redirect: 'manual' });
    expect([response.status, response.payment]).toEqual([303, null]);
  });
});
