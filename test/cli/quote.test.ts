import { describe, expect, test } from 'vitest';
import { askForPayment, PAY_TO, SELLER } from '../client/script.ts';
import { createReadyWorld, json, type Routes, type WorldOptions } from './world.ts';

const REPORT = `${SELLER}/report`;
const QUOTE_ID = `q1-abc-${'0'.repeat(64)}`;

const quoted = () =>
  json({
    quote: {
      chosen: { index: 1, quoteId: QUOTE_ID, expiresAt: '2026-11-28T10:30:00.000Z' },
      availableUsd: '7.50',
      offers: [
        { index: 0, verdict: 'REFUSED', code: 'bursar:unsupported_scheme', reason: 'a \u001b[2Jscheme' },
        {
          index: 1,
          verdict: 'ALLOWED',
          reason: 'it may be paid',
          amountUsd: '0.50',
          network: 'eip155:84532',
          payTo: PAY_TO,
          scheme: 'exact',
          balance: null,
        },
      ],
    },
  });

const open = (routes: Routes = {}, options: WorldOptions = {}) =>
  createReadyWorld({
    ...options,
    routes: { '/quote': quoted, '/report': () => askForPayment(2), ...routes },
  });
const asked = ({ seen }: ReturnType<typeof open>) => seen.filter(({ path }) => path.endsWith('/bursar/quote'));

describe('quote', () => {
  test.each([
    ['12000000', { symbol: 'USDC', decimals: 6 }, /exact +12\.00 USDC +/],
    ['12345678', { symbol: 'USDC', decimals: 6 }, /exact +12\.345678 USDC +/],
    ['1', { symbol: 'ACME', decimals: 18 }, /exact +0\.000000000000000001 ACME +/],
    ['7', { symbol: 'WHOLE', decimals: 0 }, /exact +7 WHOLE +/],
    ['7', undefined, /exact +7 units +/],
  ])('shows a balance of %s of %j as an amount of the token', async (balance, token, shown) => {
    const { quote } = (await quoted().json()) as { quote: { offers: object[] } };
    const offers = [quote.offers[0], { ...quote.offers[1], balance, ...(token === undefined ? {} : { token }) }];
    const cli = open({ '/quote': () => json({ quote: { ...quote, offers } }) });
    expect(await cli.run('quote', REPORT)).toBe(0);
    expect(cli.out()).toMatch(shown);
  });

  test('hands the whole 402 over, and shows every offer and the one that would be paid', async () => {
    const cli = open();
    expect(await cli.run('quote', REPORT, '--max-price', '1.00', '--tool', 'read')).toBe(0);
    const [request] = asked(cli);
    expect(JSON.parse(request!.body)).toMatchObject({
      request: { method: 'GET', url: REPORT, tool: 'read' },
      challenge: { status: 402, headers: { 'payment-required': expect.any(String) as string }, body: 'please pay' },
      maxPrice: { value: '1.00', currency: 'USD' },
    });
    expect(cli.out()).toMatch(/OFFER +VERDICT +USD/);
    expect(cli.out()).toMatch(/\* +1 +ALLOWED +0\.50 +eip155:84532 .*unknown/);
    expect(cli.out()).toMatch(/0 +REFUSED bursar:unsupported_scheme/);
    expect(cli.out()).toContain(QUOTE_ID);
    expect(cli.out()).not.toContain('\u001b');
  });

  test('fits a screen of 80 columns, with the reasons below the table and the quote whole', async () => {
    const cli = open({}, { columns: 80 });
    expect(await cli.run('quote', REPORT)).toBe(0);
    const lines = cli.out().split('\n');
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
    expect(lines).toContain(QUOTE_ID);
    expect(cli.out()).toMatch(/offer 0 +bursar:unsupported_scheme: a /);
  });

  test('pays nothing: it calls nothing else', async () => {
    const cli = open();
    await cli.run('quote', REPORT, '--json');
    expect(cli.seen.map(({ path }) => path.split('/').at(-1))).toEqual(['report', 'quote']);
    expect(JSON.parse(cli.out())).toMatchObject({ status: 402, quote: { chosen: { index: 1 } } });
  });

  test('of a page that asks for nothing says so, and asks Bursar nothing', async () => {
    const cli = open({ '/report': () => new Response('free') });
    expect(await cli.run('quote', REPORT)).toBe(0);
    expect(asked(cli)).toEqual([]);
    expect(cli.out()).toContain('asks for no payment');
  });

  test('says the hash of the body that it sends, and not the body', async () => {
    const cli = open();
    await cli.run('quote', REPORT, '--data', 'secret words');
    const [request] = asked(cli);
    expect(request!.body).not.toContain('secret words');
    expect(JSON.parse(request!.body)).toMatchObject({
      request: { method: 'POST', bodyHash: expect.stringMatching(/^[0-9a-f]{64}$/) as string },
    });
  });

  test.each([
    ['--max-price', 'x'],
    ['--tool', ''],
    ['--intent', 'x'.repeat(513)],
  ])('refuses %s %s', async (name, value) => {
    expect(await open().run('quote', REPORT, name, value)).toBe(2);
  });
});
