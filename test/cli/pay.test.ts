import { describe, expect, test } from 'vitest';
import { askForPayment, base64, PAY_TO, SELLER, SIGNATURE } from '../client/script.ts';
import { askedBursar, balance, delivered, PAYMENT, REPORT, settled, world } from './market.ts';
import { awsError, SECRET, type Routes } from './world.ts';

describe('without a confirmation nothing is paid', () => {
  test('where nobody is there to give it', async () => {
    const cli = world(delivered);
    expect(await cli.run('pay', REPORT)).toBe(3);
    expect(askedBursar(cli)).toEqual([]);
    expect(cli.out()).toBe('');
    expect(cli.err()).toMatch(/USD 0\.50[^]*--yes/);
  });

  test.each(['', 'n', 'yeah no'])('where the answer is %j', async (answer) => {
    const cli = world(delivered, { answers: [answer] });
    expect(await cli.run('pay', REPORT)).toBe(3);
    expect(askedBursar(cli)).toEqual([]);
  });

  test('where the input ends', async () => {
    const cli = world(delivered, { answers: [] });
    expect(await cli.run('pay', REPORT)).toBe(3);
    expect(askedBursar(cli)).toEqual([]);
  });

  test('where the price is above --max-price by the smallest amount, even with --yes', async () => {
    const above = world(delivered);
    expect(await above.run('pay', REPORT, '--yes', '--max-price', '0.499999', '--json')).toBe(3);
    expect(JSON.parse(above.out())).toMatchObject({
      error: { code: 'cli:above_max_price', offer: { amountUsd: '0.50' } },
    });
    expect(askedBursar(above)).toEqual([]);
    expect(await world(delivered).run('pay', REPORT, '--yes', '--max-price', '0.50')).toBe(0);
  });

  test('where the seller offers another chain only', async () => {
    const cli = world(delivered);
    expect(await cli.run('pay', REPORT, '--yes', '--chain', 'BASE')).toBe(1);
    expect(askedBursar(cli)).toEqual([]);
  });
});

describe('a confirmed payment', () => {
  test('shows seller, price, payee, network and what is left before it asks', async () => {
    const cli = world(delivered, { answers: ['y'] });
    expect(await cli.run('pay', REPORT)).toBe(0);
    expect(cli.prompts).toEqual(['pay USD 0.50? [y/N] ']);
    for (const shown of [SELLER, 'USD 0.50', PAY_TO, 'BASE_SEPOLIA', 'USD 10.00 left'])
      expect(cli.err()).toContain(shown);
    expect(askedBursar(cli)).toHaveLength(1);
  });

  test('prints the body byte for byte, and neither proof nor key anywhere', async () => {
    const cli = world(delivered);
    expect(await cli.run('pay', REPORT, '--yes')).toBe(0);
    expect([...cli.bytes()]).toEqual([0, 255, 10]);
    expect(cli.err()).toContain(PAYMENT);
    expect(cli.err()).not.toContain(SIGNATURE.slice(0, 20));
    expect(cli.err()).not.toContain(SECRET);
  });

  test('puts a binary body into the JSON document in base64', async () => {
    const cli = world(delivered);
    expect(await cli.run('pay', REPORT, '--yes', '--json')).toBe(0);
    expect(JSON.parse(cli.out())).toMatchObject({
      status: 200,
      payment: { processPaymentId: PAYMENT },
      body: { encoding: 'base64', data: 'AP8K' },
    });
    expect(cli.out()).not.toContain(SIGNATURE.slice(0, 20));
  });

  test('puts the body into a file, and nothing on stdout', async () => {
    const cli = world(() => new Response('whole'));
    expect(await cli.run('pay', REPORT, '--yes', '--output', 'report.txt')).toBe(0);
    expect(cli.files.get('report.txt')).toBe('whole');
    expect(cli.out()).toBe('');
  });

  test('sends method, headers and body as given, both times', async () => {
    const cli = world(delivered, { files: { 'q.json': '{"q":1}' } });
    const argv = ['--data', '@q.json', '--header', 'content-type: application/json', '--header', 'x-a: b'];
    expect(await cli.run('pay', REPORT, '--yes', ...argv)).toBe(0);
    const sent = cli.seen.filter(({ path }) => path === '/report');
    expect(sent).toHaveLength(2);
    for (const { method, headers, body } of sent) {
      expect([method, body, headers.get('content-type'), headers.get('x-a')]).toEqual([
        'POST',
        '{"q":1}',
        'application/json',
        'b',
      ]);
    }
  });

  test('asks under the same token for the same purchase, and under another for another', async () => {
    const tokenOf = async (...argv: string[]) => {
      const cli = world(delivered);
      await cli.run('pay', REPORT, '--yes', ...argv);
      return JSON.parse(askedBursar(cli)[0]!.body).clientToken;
    };
    expect(await tokenOf('--purchase', 'purchase-1')).toBe(await tokenOf('--purchase', 'purchase-1'));
    expect(await tokenOf('--purchase', 'purchase-1')).not.toBe(await tokenOf('--purchase', 'purchase-2'));
  });
});

describe('the wallet is looked at first', () => {
  const holding = (amount: string, routes: Routes = {}) =>
    world(delivered, { routes: { '/getPaymentInstrumentBalance': () => balance(amount), ...routes } });

  test('and where it lacks a unit of the price, nothing is asked for', async () => {
    const cli = holding('499999');
    expect(await cli.run('pay', REPORT, '--yes')).toBe(1);
    expect(cli.err()).toContain('the wallet holds 0.499999 of 0.50');
    expect(cli.err()).not.toMatch(/PAID|SIGNED/);
    expect(askedBursar(cli)).toEqual([]);
    expect(await holding('500000').run('pay', REPORT, '--yes')).toBe(0);
  });

  test('unless it is told not to', async () => {
    const cli = holding('0');
    expect(await cli.run('pay', REPORT, '--yes', '--no-balance-check')).toBe(0);
    expect(cli.seen.some(({ path }) => path.endsWith('/getPaymentInstrumentBalance'))).toBe(false);
  });

  test('unless an earlier run may have emptied it by this very purchase', async () => {
    expect(await holding('0').run('pay', REPORT, '--yes', '--purchase', 'purchase-1')).toBe(0);
  });

  test('and where nobody can tell what it holds, that is said and the purchase goes on', async () => {
    const denied = () => awsError(403, 'AccessDeniedException', 'not you');
    const cli = holding('0', { '/getPaymentInstrumentBalance': denied });
    expect(await cli.run('pay', REPORT, '--yes')).toBe(0);
    expect(cli.err()).toMatch(/warning: .*cannot be read: not you/);
  });
});

describe('with --yes and no --max-price', () => {
  const asking = (amount: string): Routes => ({
    '/report': ({ headers }) =>
      headers.has('payment-signature') ? delivered() : askForPayment(2, { entry: { amount } }),
  });

  test('a dollar is paid, and not a unit more', async () => {
    expect(await world(delivered, { routes: asking('1000000') }).run('pay', REPORT, '--yes')).toBe(0);
    const above = world(delivered, { routes: asking('1000001') });
    expect(await above.run('pay', REPORT, '--yes')).toBe(3);
    expect(above.err()).toContain('what --yes pays without --max-price');
    expect(askedBursar(above)).toEqual([]);
  });

  test('somebody who sees the price may agree to more', async () => {
    expect(await world(delivered, { routes: asking('9000000'), answers: ['y'] }).run('pay', REPORT)).toBe(0);
  });
});

describe('a payment that goes wrong', () => {
  test('says why the seller did not take it, as the seller’s header has it', async () => {
    const headers = { 'payment-required': base64({ x402Version: 2, error: 'insufficient\u001B[31m_funds' }) };
    const cli = world(() => new Response('{}', { status: 402, headers }));
    expect(await cli.run('pay', REPORT, '--yes')).toBe(5);
    expect(cli.err()).toContain(
      `402: payment ${PAYMENT} is SIGNED, and the seller did not take it: insufficient?[31m_funds`,
    );
  });

  test('is none where the seller settled and delivers elsewhere', async () => {
    const elsewhere = { status: 303, headers: { location: '/files/1', ...settled(true) } };
    const cli = world(() => new Response(null, elsewhere));
    expect(await cli.run('pay', REPORT, '--yes', '--json')).toBe(0);
    expect(cli.err()).toContain(`303: delivered at ${SELLER}/files/1`);
    expect(JSON.parse(cli.out())).toMatchObject({ payment: { deliveredAt: `${SELLER}/files/1` } });
  });

  test('tells a seller with too many headers from one that cannot be reached', async () => {
    const overflow = () => {
      throw new TypeError('fetch failed', {
        cause: Object.assign(new Error('overflow'), { code: 'UND_ERR_HEADERS_OVERFLOW' }),
      });
    };
    const first = world(delivered, { routes: { '/report': overflow } });
    expect(await first.run('pay', REPORT, '--yes')).toBe(1);
    expect(first.err()).toMatch(/more headers[^]*nothing was paid/);
    expect(first.err()).not.toContain('cannot be reached');
    const second = world(overflow);
    expect(await second.run('pay', REPORT, '--yes')).toBe(5);
    expect(second.err()).toContain('more headers');
  });

  test('exits with 4 where Bursar refuses it', async () => {
    const refusal = () => awsError(400, 'ValidationException', 'Insufficient budget', 'bursar:budget_exceeded');
    const cli = world(delivered, { routes: { '/processPayment': refusal } });
    expect(await cli.run('pay', REPORT, '--yes')).toBe(4);
    expect(cli.err()).toContain('session create');
  });

  test('exits with 4 where the session is gone', async () => {
    const gone = () => awsError(404, 'ResourceNotFoundException', 'Payment session not found');
    const cli = world(delivered, { routes: { '/getPaymentSession': gone } });
    expect(await cli.run('pay', REPORT, '--yes')).toBe(4);
    expect(askedBursar(cli)).toEqual([]);
  });

  test('exits with 1 where the credentials may not pay', async () => {
    const denied = () => awsError(403, 'AccessDeniedException', 'not you');
    expect(await world(delivered, { routes: { '/processPayment': denied } }).run('pay', REPORT, '--yes')).toBe(1);
  });

  test('names the purchase where the outcome is open', async () => {
    const broken = () => awsError(500, 'InternalServerException', 'Something went wrong');
    const cli = world(delivered, { routes: { '/processPayment': broken } });
    expect(await cli.run('pay', REPORT, '--yes', '--purchase', 'purchase-1')).toBe(1);
    expect(cli.err()).toMatch(/it is not known whether[^]*--purchase purchase-1/);
  });

  test.each([
    ['asks again', () => askForPayment(2)],
    ['answers an error', () => new Response('broken', { status: 500 })],
    ['did not settle', () => new Response('no', { status: 200, headers: settled(false) })],
  ])('exits with 5 where the seller %s after the proof', async (_, answer) => {
    const cli = world(answer);
    expect(await cli.run('pay', REPORT, '--yes')).toBe(5);
    expect(cli.err()).toContain(PAYMENT);
  });

  test('exits with 5 and names the purchase where the seller does not answer the proof', async () => {
    const cli = world(() => {
      throw new TypeError('fetch failed', { cause: Object.assign(new Error('cut'), { code: 'ECONNRESET' }) });
    });
    expect(await cli.run('pay', REPORT, '--yes', '--purchase', 'purchase-1', '--json')).toBe(5);
    expect(cli.err()).toMatch(/the connection was cut[^]*--purchase purchase-1/);
    expect(JSON.parse(cli.out())).toMatchObject({ error: { processPaymentId: PAYMENT, purchaseId: 'purchase-1' } });
  });

  test('exits with 1 where the seller answers an error without asking for money', async () => {
    const cli = world(delivered, { routes: { '/report': () => new Response('gone', { status: 410 }) } });
    expect(await cli.run('pay', REPORT, '--yes')).toBe(1);
    expect(cli.out()).toBe('gone');
    expect(cli.err()).toContain('nothing was paid');
  });

  test('leaves no file behind', async () => {
    const cli = world(delivered, {
      routes: { '/processPayment': () => awsError(400, 'ValidationException', 'no', 'bursar:budget_exceeded') },
    });
    await cli.run('pay', REPORT, '--yes', '--output', 'report.txt');
    expect(cli.files.has('report.txt')).toBe(false);
  });

  test('says where the money is when it is interrupted', async () => {
    const cli = world(delivered, { routes: { '/processPayment': () => new Promise(() => undefined) } });
    const ended = cli.run('pay', REPORT, '--yes', '--purchase', 'purchase-1');
    await expect.poll(() => askedBursar(cli).length).toBe(1);
    cli.stop.abort();
    expect(await ended).toBe(130);
    expect(cli.err()).toMatch(/it is not known whether[^]*--purchase purchase-1/);
  });
});

describe('a request that cannot be sent', () => {
  test.each([
    ['ftp://seller.example/x'],
    ['seller.example/x'],
    ['https://me:secret-word@seller.example/x'],
    [REPORT, '--method', 'GE T'],
    [REPORT, '--method', 'GET', '--data', 'x'],
    [REPORT, '--data', '@missing'],
    [REPORT, '--header', 'secret-word'],
    [REPORT, '--header', 'a: b\r\nc: d'],
    [REPORT, '--max-price', '1,00'],
    [REPORT, '--purchase', 'short'],
  ])('is refused before anything is sent: %s', async (...argv) => {
    const cli = world(delivered);
    expect(await cli.run('pay', ...argv, '--yes')).toBe(2);
    expect(cli.seen).toEqual([]);
  });

  test('is warned of where others can read along', async () => {
    const cli = world(delivered);
    await cli.run('pay', 'http://seller.example/report', '--yes');
    expect(cli.err()).toContain('warning: http');
  });
});
