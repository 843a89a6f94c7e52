import { describe, expect, test } from 'vitest';
import { BursarError } from '../../lib/client/index.ts';
import { createBooks } from '../client/books.ts';
import { askForPayment, PAY_TO, SIGNATURE } from '../client/script.ts';
import { askedBursar, delivered, PAYMENT, REPORT, world } from './market.ts';
import { json, NOW, type Routes } from './world.ts';

const ASSET = '0x036CbD53842c5426634e7929541eC2318f3dCF7e';

describe('a purchase that was paid before', () => {
  const END = NOW / 1_000 + 60;
  const terms = { amountUsd: '0.50', network: 'eip155:84532', asset: ASSET, payTo: PAY_TO, validBefore: END };
  const replayed = (validBefore = END) =>
    new Response(
      JSON.stringify({
        processPaymentId: PAYMENT,
        status: 'PROOF_GENERATED',
        paymentOutput: {
          cryptoX402: {
            version: '2',
            payload: {
              signature: SIGNATURE,
              authorization: { from: PAY_TO, nonce: `0x${'ab'.repeat(32)}`, validBefore: `${validBefore}` },
            },
          },
        },
        bursar: { ...terms, validBefore },
      }),
      { headers: { 'x-bursar-replayed': 'true' } },
    );
  const isLookUp = (body: string) => JSON.parse(body).replayOnly === true;
  /** A Bursar that has the purchase at half a dollar, whatever the seller asks now. */
  const paidBefore = (validBefore = END): Routes => ({
    '/processPayment': ({ body }) => {
      if (isLookUp(body)) return replayed(validBefore);
      const stored = { ...terms, validBefore, processPaymentId: PAYMENT, paymentSessionId: 'earlier', state: 'SIGNED' };
      const fieldList = [{ name: 'bursar:other_terms' }];
      return new Response(JSON.stringify({ __type: 'ValidationException', fieldList, bursar: stored }), {
        status: 400,
      });
    },
    '/report': ({ headers }) =>
      headers.has('payment-signature') ? delivered() : askForPayment(2, { entry: { amount: '500001' } }),
  });

  test('is presented as it stands to a seller that asks a unit more', async () => {
    const cli = world(delivered, { routes: paidBefore() });
    expect(await cli.run('pay', REPORT, '--yes', '--purchase', 'purchase-1')).toBe(0);
    expect(cli.err()).toContain(`SIGNED earlier, payment ${PAYMENT} of USD 0.50`);
    expect(askedBursar(cli).map(({ body }) => isLookUp(body))).toEqual([false, true]);
  });

  test('and whose proof has ended exits with 5 and says what is known of it', async () => {
    const cli = world(delivered, { routes: paidBefore(NOW / 1_000) });
    expect(await cli.run('pay', REPORT, '--yes', '--purchase', 'purchase-1', '--json')).toBe(5);
    expect(cli.err()).toMatch(/USD 0\.50 \(the seller asks 0\.500001 now\).*may have been settled/);
    expect(JSON.parse(cli.out())).toMatchObject({
      error: { code: 'cli:proof_ended', processPaymentId: PAYMENT, fate: 'unknown', paidUsd: '0.50' },
    });
  });

  test('and whose proof the chain shows dead says that a new one is safe', async () => {
    const rpc: Routes = {
      '/rpc': ({ body }) => {
        const { method } = JSON.parse(body);
        const block = { number: '0x1', timestamp: `0x${(NOW / 1_000).toString(16)}` };
        return json({ jsonrpc: '2.0', id: 1, result: method === 'eth_call' ? `0x${'0'.repeat(64)}` : block });
      },
    };
    const cli = world(delivered, { routes: { ...paidBefore(NOW / 1_000), ...rpc } });
    const argv = ['--purchase', 'purchase-1', '--rpc-url', 'https://chain.example/rpc?key=secret-key'];
    expect(await cli.run('pay', REPORT, '--yes', ...argv)).toBe(5);
    expect(cli.err()).toContain('buys anew');
    expect(cli.err()).not.toContain('secret-key');
  });
});

test('a hostile seller that takes each proof, cuts the connection and wants a unit more is paid once', async () => {
  const books = createBooks({ now: () => NOW });
  const nonces = new Set<string>();
  for (let attempt = 0; attempt < 10; attempt += 1) {
    const cli = world(delivered, {
      routes: {
        '/processPayment': ({ body }) => answerOf(books, body),
        '/report': ({ headers }) => {
          const proof = headers.get('payment-signature');
          if (proof === null) return askForPayment(2, { entry: { amount: `${500_000 + attempt}` } });
          nonces.add(JSON.parse(Buffer.from(proof, 'base64').toString()).payload.authorization.nonce);
          throw new TypeError('fetch failed', { cause: Object.assign(new Error('cut'), { code: 'ECONNRESET' }) });
        },
      },
    });
    expect(await cli.run('pay', REPORT, '--yes', '--purchase', 'purchase-1')).toBe(5);
    expect(cli.err()).toMatch(/is SIGNED, but [^]*presents the same proof again/);
    expect(cli.err()).not.toContain('PAID');
  }
  expect(books.signed()).toHaveLength(1);
  expect(nonces.size).toBe(1);
});

/** The books behind the wire. */
async function answerOf(books: ReturnType<typeof createBooks>, body: string): Promise<Response> {
  try {
    const { replayed, ...output } = await books.client().processPayment(JSON.parse(body));
    return new Response(JSON.stringify(output), { headers: { 'x-bursar-replayed': `${replayed}` } });
  } catch (error) {
    if (!(error instanceof BursarError)) throw error;
    const { errorName, code, stored, reason, replayed } = error;
    return new Response(JSON.stringify({ __type: errorName, reason, fieldList: [{ name: code }], bursar: stored }), {
      status: error.status,
      headers: { 'x-bursar-replayed': `${replayed}` },
    });
  }
}
