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
});
