import { expect, test } from 'vitest';
import { createReadyWorld, INSTRUMENT, json, MANAGER } from './world.ts';

const URL_OF_PAGE = 'https://abc123.execute-api.us-east-1.amazonaws.com/v1/wallet#bwl_secret';
const walletLink = { url: URL_OF_PAGE, expiresAt: '2026-03-01T13:00:00.000Z' };

function open(columns?: number) {
  return createReadyWorld({
    routes: { '/bursar/createWalletLink': () => json({ walletLink }, 201) },
    ...(columns === undefined ? {} : { columns }),
  });
}

test('a link to the page of the wallet of init is printed, and as a code where there is a screen', async () => {
  const cli = open();
  expect([await cli.run('wallet', 'link', '--agent', 'shopper', '--minutes', '30'), cli.err()]).toEqual([0, '']);
  expect(cli.seen.map(({ body }) => JSON.parse(body) as object)).toEqual([
    { paymentManagerArn: MANAGER, paymentInstrumentId: INSTRUMENT, expiresInMinutes: 30, agentName: 'shopper' },
  ]);
  expect(cli.out()).toContain(URL_OF_PAGE);
  expect(cli.out()).toContain(walletLink.expiresAt);
  expect(cli.out()).not.toContain('█');
  const screen = open(80);
  expect(await screen.run('wallet', 'link')).toBe(0);
  expect(screen.seen.map(({ body }) => JSON.parse(body) as object)).toEqual([
    { paymentManagerArn: MANAGER, paymentInstrumentId: INSTRUMENT, expiresInMinutes: 60 },
  ]);
  expect(screen.out()).toContain('█');
});

test.each(['0', '1441', 'soon'])('--minutes %s is refused before anything is sent', async (minutes) => {
  const cli = open();
  expect(await cli.run('wallet', 'link', '--minutes', minutes)).toBe(2);
  expect(cli.err()).toContain('--minutes');
  expect(cli.seen).toEqual([]);
});
