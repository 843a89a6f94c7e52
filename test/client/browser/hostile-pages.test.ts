import { afterEach, describe, expect, test } from 'vitest';
import { openPage, WAYS, withBrowser, type Opening } from './paying-page.ts';
import { openSite, page as show, redirect, sell, sellInVersion1, type Site } from './site.ts';

const { newPage } = withBrowser();
const sites: Site[] = [];
afterEach(async () => {
  for (const site of sites.splice(0)) await site.close();
});

async function open(answers: Parameters<typeof openSite>[0]): Promise<Site> {
  const site = await openSite(answers);
  sites.push(site);
  return site;
}

const paid = show('Paid');
const story = { '/story': sell({ paid }) };

describe.each(WAYS)('by %s', (_way, turnOn) => {
  const start = async (options: Opening = {}) => openPage(await newPage(), turnOn, options);

  describe('what is paid is asked for once more, with the proof', () => {
    test('where the terms stand in a header beside a page', async () => {
      const site = await open(story);
      const { page, books, events } = await start();
      const response = await page.goto(`${site.origin}/story`);
      expect([response?.status(), await page.title(), page.url()]).toEqual([200, 'Paid', `${site.origin}/story`]);
      expect(site.paths()).toEqual(['/story', '/story with a proof']);
      expect(books.leftUsd()).toBe('9.50');
      expect(events).toEqual([
        {
          type: 'delivered',
          url: `${site.origin}/story`,
          purchaseId: expect.any(String) as string,
          processPaymentId: 'payment-1',
          offer: expect.objectContaining({ protocol: 'x402', version: '2', amountUsd: '0.50' }) as object,
          settlement: null,
        },
      ]);
    });

    test('where they stand in a body of JSON', async () => {
      const site = await open({ '/story': sellInVersion1({ paid, toPeople: 'json' }) });
      const { page, books } = await start();
      await page.goto(`${site.origin}/story`);
      expect(await page.title()).toBe('Paid');
      expect(site.paths()).toEqual(['/story', '/story with a proof']);
      expect(books.signed()).toHaveLength(1);
    });

    test('where only programs are told them, with the browser’s own headers', async () => {
      const site = await open({ '/story': sellInVersion1({ paid, toPeople: 'page' }) });
      const { page, books } = await start();
      await page.goto(`${site.origin}/story`);
      expect(await page.title()).toBe('Paid');
      expect(site.paths()).toEqual(['/story', '/story', '/story with a proof']);
      const agents = site.visits.map(({ headers }) => /Mozilla/.test(`${headers['user-agent']}`));
      expect(agents).toEqual([true, false, true]);
      expect(books.signed()).toHaveLength(1);
    });

    test('with the cookie that came with the 402', async () => {
      const site = await open({ '/story': sell({ paid, headers: { 'set-cookie': 'visit=7; Path=/' } }) });
      const { page } = await start();
      await page.goto(`${site.origin}/story`);
      expect(site.visits.map(({ headers }) => headers['cookie'])).toEqual([undefined, 'visit=7']);
      expect(await page.context().cookies()).toMatchObject([{ name: 'visit', value: '7' }]);
    });

    test('where a form was sent, with what is in it', async () => {
      const form = '<form method="post" action="/story"><input name="part" value="two"></form>';
      const site = await open({ '/': show('Form', form), ...story });
      const { page } = await start();
      await page.goto(site.origin);
      await Promise.all([page.waitForURL('**/story'), page.evaluate(() => document.forms[0]!.submit())]);
      expect(await page.title()).toBe('Paid');
      expect(site.visits.slice(1).map(({ method, body }) => `${method} ${body}`)).toEqual([
        'POST part=two',
        'POST part=two',
      ]);
    });

    test('where a redirect of the same origin led there', async () => {
      const site = await open({ '/old': redirect(() => '/story'), ...story });
      const { page, paying, books } = await start();
      await page.goto(`${site.origin}/old`);
      await paying.idle();
      expect([await page.title(), page.url()]).toEqual(['Paid', `${site.origin}/story`]);
      expect(site.paths().filter((path) => path.endsWith('proof'))).toEqual(['/story with a proof']);
      expect(books.signed()).toHaveLength(1);
    });
  });

  describe('a page cannot make more of it', () => {
    test('by asking again after the proof', async () => {
      const site = await open({
        '/story': sell({ paid: (visit, ...rest) => sell({ paid })({ ...visit, proof: null }, ...rest) }),
      });
      const { page, books, events } = await start();
      const response = await page.goto(`${site.origin}/story`);
      expect([response?.status(), await page.title()]).toEqual([402, 'Please pay']);
      expect(site.paths()).toEqual(['/story', '/story with a proof']);
      expect(events).toMatchObject([{ type: 'not_accepted', status: 402, processPaymentId: 'payment-1' }]);
      // Whoever opens it again shows the proof that is paid for, and pays nothing.
      await page.goto(`${site.origin}/story`);
      expect(books.signed()).toHaveLength(1);
      expect(new Set(site.visits.flatMap(({ proof }) => proof ?? [])).size).toBe(1);
    });

    test('by redirecting the proof to another origin', async () => {
      const thief = await open({ '*': show('Elsewhere') });
      const site = await open({ '/story': sell({ paid: redirect(() => `${thief.origin}/loot`) }) });
      const { page } = await start();
      await page.goto(`${site.origin}/story`);
      expect(await page.title()).toBe('Elsewhere');
      expect(thief.paths()).toEqual(['/loot']);
      expect(JSON.stringify(thief.visits)).not.toMatch(/payment|5a5a5a/i);
    });

    test('by redirecting the proof to another page that asks', async () => {
      const site = await open({ '/story': sell({ paid: redirect(() => '/more', 307) }), '/more': sell({ paid }) });
      const { page, paying, books } = await start();
      await page.goto(`${site.origin}/story`);
      await paying.idle();
      expect(site.paths()).toEqual(['/story', '/story with a proof', '/more']);
      expect([await page.title(), books.signed().length]).toEqual(['Please pay', 1]);
    });

    test('by redirecting to another origin that asks', async () => {
      const other = await open(story);
      const site = await open({ '/story': redirect(() => `${other.origin}/story`) });
      const { page, paying, books, events } = await start();
      await page.goto(`${site.origin}/story`);
      await paying.idle();
      expect(await page.title()).toBe('Please pay');
      expect([books.asked, other.paths()]).toEqual([[], ['/story']]);
      expect(events).toMatchObject([
        { type: 'refused', code: null, message: expect.stringContaining('redirected to') as string },
      ]);
    });

    test('by loading itself again and again', async () => {
      const again = show('Paid', '<script>setTimeout(() => location.reload())</script>');
      const site = await open({ '/story': sell({ paid: again }) });
      const { page, books, events } = await start({ paymentsMax: 3 });
      await page.goto(`${site.origin}/story`);
      await page.waitForFunction(() => document.title === 'Please pay');
      expect(books.signed()).toHaveLength(3);
      expect(events.at(-1)).toMatchObject({
        type: 'refused',
        message: expect.stringContaining('3 payments') as string,
      });
    });

    test('by reading the proof in any script of its own', async () => {
      const script = `<script>
        const seen = [document.cookie, document.referrer, location.href, JSON.stringify(performance.getEntries()), JSON.stringify(history.state)];
        window.seen = seen.join(' ');
      </script>`;
      const site = await open({ '/story': sell({ paid: show('Paid', script) }) });
      const { page } = await start();
      await page.goto(`${site.origin}/story`);
      const seen = await page.evaluate(
        () => `${String(Reflect.get(window, 'seen'))} ${document.documentElement.outerHTML}`,
      );
      const proof = site.visits.at(-1)!.proof!;
      expect(seen).toContain(site.origin);
      for (const secret of [proof, proof.slice(20, 60), '5a5a5a']) expect(seen).not.toContain(secret);
    });

    test('by cutting the connection when it has the proof, of which nothing is paid anew', async () => {
      let isCutting = true;
      const site = await open({
        '/story': sell({
          paid: (...visit) => {
            if (isCutting) visit[1].destroy();
            else paid(...visit);
          },
        }),
      });
      const { page, books, told } = await start();
      await expect(page.goto(`${site.origin}/story`)).rejects.toThrow('net::');
      await page.waitForURL('chrome-error:**');
      isCutting = false;
      await page.goto(`${site.origin}/story`);
      expect([await page.title(), books.signed().length, told()]).toEqual(['Paid', 1, ['not_accepted', 'delivered']]);
      expect(new Set(site.visits.flatMap(({ proof }) => proof ?? [])).size).toBe(1);
    });
  });

  describe('what a page loads', () => {
    const load = (url: string) => `<script>
      fetch(${JSON.stringify(url)}).then((answer) => answer.text(), () => 'kept from it').then((text) => { document.title = text; });
    </script>`;
    const data = { '/data': sell({ paid: (_visit, response) => void response.end('the data') }) };

    test('is not paid for unless that is wanted', async () => {
      const site = await open({ '/': show('Page', load('/data')), ...data });
      const { page, books } = await start();
      await page.goto(site.origin);
      await page.waitForFunction(() => document.title !== 'Page');
      expect([site.paths(), books.asked]).toEqual([['/', '/data'], []]);
    });

    test.each<[string, NonNullable<Opening['resources']>]>([
      ['all of the page’s origin', 'same-origin'],
      ['what a function says', ({ url, kind }) => kind === 'fetch' && url.endsWith('/data')],
    ])('is paid for where that is wanted: %s', async (_what, resources) => {
      const site = await open({ '/': show('Page', load('/data')), ...data });
      const { page, books } = await start({ resources });
      await page.goto(site.origin);
      await page.waitForFunction(() => document.title === 'the data');
      expect(books.signed()).toHaveLength(1);
    });

    test('from another origin is never paid for', async () => {
      const shared = { 'access-control-allow-origin': '*' };
      const other = await open({ '/data': sell({ paid, headers: shared }) });
      const site = await open({ '/': show('Page', load(`${other.origin}/data`)) });
      const { page, books } = await start({ resources: () => true });
      await page.goto(site.origin);
      await page.waitForFunction(() => document.title !== 'Page');
      expect([other.paths(), books.asked]).toEqual([['/data'], []]);
    });

    test('a frame is no document, and is not paid for', async () => {
      const site = await open({ '/': show('Page', '<iframe src="/story"></iframe>'), ...story });
      const { page, books } = await start();
      await page.goto(site.origin, { waitUntil: 'load' });
      expect([site.paths(), books.asked]).toEqual([['/', '/story'], []]);
    });

    test('a frame of another origin has nothing paid, not even of its own origin', async () => {
      const other = await open({ '/frame': show('Frame', load('/data')), ...data });
      const site = await open({ '/': show('Page', `<iframe src="${other.origin}/frame"></iframe>`) });
      const { page, books } = await start({ resources: () => true });
      await page.goto(site.origin);
      const frame = page.frames()[1]!;
      await frame.waitForFunction(() => document.title !== 'Frame');
      expect([other.paths(), books.asked]).toEqual([['/frame', '/data'], []]);
    });
  });

  describe('nothing is asked of Bursar', () => {
    test('for an origin that is not listed', async () => {
      const [site, listed] = [await open(story), await open(story)];
      const { page, books } = await start({ origins: [listed.origin] });
      await page.goto(`${site.origin}/story`);
      expect([await page.title(), site.paths(), books.asked]).toEqual(['Please pay', ['/story'], []]);
      await page.goto(`${listed.origin}/story`);
      expect([await page.title(), books.signed().length]).toEqual(['Paid', 1]);
    });

    test('for a 402 without terms, whose page is shown', async () => {
      const site = await open({
        '/story': (_visit, response) =>
          void response.writeHead(402, { 'content-type': 'text/html' }).end('<title>By invoice</title>'),
      });
      const { page, books, events } = await start();
      await page.goto(`${site.origin}/story`);
      expect([await page.title(), books.asked]).toEqual(['By invoice', []]);
      expect(events).toMatchObject([{ type: 'refused', code: null, mayHavePaid: false }]);
    });

    test('for a price above the most that one may cost', async () => {
      const site = await open(story);
      const { page, books, told } = await start({ maxPriceUsd: '0.49' });
      await page.goto(`${site.origin}/story`);
      expect([await page.title(), books.asked, told()]).toEqual(['Please pay', [], ['refused']]);
    });

    test('once it is turned off', async () => {
      const site = await open(story);
      const { page, paying, books } = await start();
      await paying.stop();
      await page.goto(`${site.origin}/story`);
      expect([await page.title(), books.asked]).toEqual(['Please pay', []]);
    });
  });

  test('a refusal shows the page that asks, as it came, and says why to program and person', async () => {
    const site = await open({ '/story': sellInVersion1({ paid, toPeople: 'page' }) });
    const { page, events } = await start({ budgetUsd: '0.10' });
    await page.goto(`${site.origin}/story`);
    expect(await page.title()).toBe('Please pay');
    expect(events).toMatchObject([
      { type: 'refused', code: 'bursar:budget_exceeded', message: expect.any(String) as string, mayHavePaid: false },
    ]);
  });

  test('the same purchase is paid once, by whichever process, where the caller names it', async () => {
    const site = await open(story);
    const { page, books } = await start({ purchaseIdOf: ({ url }) => `task-1 ${url}` });
    await page.goto(`${site.origin}/story`);
    await page.goto(`${site.origin}/story`);
    expect([await page.title(), books.signed().length]).toEqual(['Paid', 1]);
  });

  test.each(['news.example', 'https://news.example/path', 'ftp://news.example', ''])(
    '%j is refused as an origin before anything is turned on',
    async (origin) => {
      await expect(start({ origins: [origin] })).rejects.toThrow(TypeError);
    },
  );
});
