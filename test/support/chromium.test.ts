import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { launchChromium } from './chromium.ts';

async function serve(title: string): Promise<{ readonly server: Server; readonly origin: string }> {
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html').end(`<title>${title}</title><h1>${title}</h1>`);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

test('a headless Chromium starts, draws a page, and keeps origins apart', async () => {
  const [one, two] = [await serve('One'), await serve('Two')];
  const browser = await launchChromium();
  try {
    const page = await browser.newPage();
    await page.goto(one.origin);
    expect(await page.title()).toBe('One');
    expect((await page.screenshot()).byteLength).toBeGreaterThan(1_000);
    const read = (origin: string) =>
      page.evaluate(
        (url) =>
          fetch(url).then(
            (answer) => answer.text(),
            () => 'kept from it',
          ),
        origin,
      );
    expect(await read(one.origin)).toContain('One');
    expect(await read(two.origin)).toBe('kept from it');
  } finally {
    await browser.close();
    for (const { server } of [one, two]) server.close();
  }
});
