import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HOST_PATTERN_RULE, parentsOf } from '../../../lib/domain/policy/hosts.ts';
import { parseHostPattern, parsePlace, statedPlace } from '../../../lib/domain/policy/index.ts';
import { judgeOne, STATED } from './support.ts';

/** Spellings that some program could take for the allowed host `api.example.com`, or for one of its subdomains. */
const HOSTILE: readonly string[] = [
  // Somebody before the host.
  'https://api.example.com@evil.test',
  'https://api.example.com:443@evil.test',
  'https://user:secret@api.example.com',
  'https://user@api.example.com',
  'https://@api.example.com',
  'https://:@api.example.com',
  'https://evil.test#@api.example.com',
  'https://evil.test/@api.example.com',
  'https://evil.test?@api.example.com',
  // Letters of other scripts that look alike, and their punycode.
  'https://аpi.example.com',
  'https://api.exаmple.com',
  'https://api.example.cоm',
  'https://api.ехample.com',
  'https://api.examp1e.com',
  'https://xn--pi-7ia.example.com',
  'https://api.xn--exmple-4nf.com',
  'https://api.xn--example-.com',
  'https://ａｐｉ.example.com',
  'https://api.example.ｃｏｍ',
  'https://api.eⓧample.com',
  'https://𝐚pi.example.com',
  'https://api.exampleſ.com',
  'https://apı.example.com',
  'https://api.exaMple.com\u212a',
  'https://api.ex\u00adample.com',
  'https://api.ex\u200bample.com',
  'https://api.ex\u200dample.com',
  'https://\u202eapi.example.com',
  'https://\ufeffapi.example.com',
  // Dots that are none, or too many of them.
  'https://api.example.com.',
  'https://api.example.com..',
  'https://.api.example.com',
  'https://api..example.com',
  'https://api。example.com',
  'https://api．example．com',
  'https://api｡example.com',
  'https://api․example.com',
  'https://apiexample.com',
  // Escapes.
  'https://%61pi.example.com',
  'https://api%2eexample.com',
  'https://api.example.com%00.evil.test',
  'https://api.example.com%2f.evil.test',
  'https://api.example.com%23.evil.test',
  'https://api.example.com%40evil.test',
  'https://api.example.com%20.evil.test',
  'https://api%E3%80%82example.com',
  // Backslashes, blanks, tabs, lines.
  'https://evil.test\\@api.example.com',
  'https://api.example.com\\.evil.test',
  'https:\\\\api.example.com',
  'https://api.example.com\\@evil.test',
  'https:/\\api.example.com',
  'https://api.example.com/\\evil.test',
  'https://api.example.com/a\tb',
  'https://api.example.com/a\nb',
  'https://api.example.com/a b',
  'https://api.example.com/\u00e9',
  'https://api.exam\tple.com',
  'https://api.exam\nple.com',
  'https://api.exam\rple.com',
  'ht\ttps://api.example.com',
  ' https://api.example.com',
  'https://api.example.com ',
  'https://api.example.com\n',
  'https://api.example.com\u0000.evil.test',
  'https://api.example.com\u00a0',
  'https://api.example.com\u2028',
  // Ports.
  'https://api.example.com:',
  'https://api.example.com:0',
  'https://api.example.com:0443',
  'https://api.example.com:8443',
  'https://api.example.com:80',
  'https://api.example.com:65536',
  'https://api.example.com:4４3',
  'https://api.example.com:443:443',
  'https://api.example.com:+443',
  // Other schemes, and none.
  'http://api.example.com',
  'ftp://api.example.com',
  'wss://api.example.com',
  'file://api.example.com',
  'javascript://api.example.com',
  'blob:https://api.example.com',
  'https:api.example.com',
  'https:///api.example.com',
  '//api.example.com',
  'api.example.com',
  'null',
  'https://',
  // Wildcards, and what a careless comparison takes for one of them.
  'https://*.example.com',
  'https://*',
  'https://api.example.com*',
  'https://example.com',
  'https://api.example.com.evil.test',
  'https://evil-api.example.com.test',
  'https://evilapi.example.com',
  'https://xapi.example.com',
  'https://notexample.com',
  'https://api.example.co',
  'https://api.example.comm',
  // Labels that no host has.
  'https://-api.example.com',
  'https://api-.example.com',
  'https://a_pi.example.com',
  `https://${'a'.repeat(64)}.api.example.com`,
  `https://${'a.'.repeat(130)}api.example.com`,
  `https://api.example.com/${'a'.repeat(2_100)}`,
  'https://api.example.com;evil.test',
  'https://api.example.com,evil.test',
  'https://api.example.com|evil.test',
  'https://[api.example.com]',
  'https://(api.example.com)',
  'https://{api.example.com}',
  'https://"api.example.com"',
  'https://api.example.com^',
];

/** Spellings of 127.0.0.1 and 10.0.0.1 that are not the plain one. */
const HOSTILE_ADDRESSES: readonly string[] = [
  'https://0177.0.0.1',
  'https://0x7f.0.0.1',
  'https://0x7f000001',
  'https://0X7F000001',
  'https://2130706433',
  'https://017700000001',
  'https://127.1',
  'https://127.0.1',
  'https://127.0.0.1.',
  'https://127.0.0.01',
  'https://127.0.0.256',
  'https://127.0.0.1.1',
  'https://127.000.000.001',
  'https://１２７.0.0.1',
  'https://127。0。0。1',
  'https://[::1]',
  'https://[::ffff:127.0.0.1]',
  'https://[::ffff:7f00:1]',
  'https://[0:0:0:0:0:ffff:7f00:1]',
  'https://[64:ff9b::7f00:1]',
  'https://[fe80::1%25eth0]',
  'https://[fe80::1%eth0]',
  'https://0',
  'https://0.0.0.0',
  'https://127.0.0.1:0',
  'https://127.0.0.1@10.0.0.1',
];

const ALLOW = ['api.example.com', '*.api.example.com', '127.0.0.1', '10.0.0.1'];

function originOf(origin: string | null, url: string | null = null) {
  return judgeOne({ kind: 'origins', allow: ALLOW }, { declared: { ...STATED, origin, url } });
}

describe('a list of allowed origins', () => {
  test('knows at least eighty hostile spellings', () => {
    expect(new Set([...HOSTILE, ...HOSTILE_ADDRESSES]).size).toBeGreaterThanOrEqual(80);
    expect(new Set(HOSTILE).size).toBe(HOSTILE.length);
  });

  test.each([...HOSTILE, ...HOSTILE_ADDRESSES].map((spelling) => [JSON.stringify(spelling).slice(0, 80), spelling]))(
    'does not take %s',
    (_shown, spelling) => {
      for (const verdict of [originOf(spelling), originOf(null, spelling), originOf(null, `${spelling}/path?a=b`)]) {
        expect(verdict).toMatchObject({ ok: false, error: { code: 'bursar:policy_origin' } });
      }
    },
  );

  test.each([
    'https://api.example.com',
    'https://API.Example.COM',
    'HTTPS://api.example.com',
    'https://api.example.com:443',
    'https://a.api.example.com',
    'https://a.b.api.example.com',
    'https://127.0.0.1',
    'https://10.0.0.1',
  ])('takes %s', (origin) => {
    expect(originOf(origin).ok).toBe(true);
    expect(originOf(null, `${origin}/search?q=1#part`).ok).toBe(true);
    expect(originOf(origin, `${origin}/search`).ok).toBe(true);
  });

  test('refuses a call that states neither origin nor URL, and one whose two do not agree', () => {
    for (const verdict of [
      originOf(null),
      originOf(''),
      originOf('https://api.example.com', 'https://a.api.example.com/x'),
      originOf('https://a.api.example.com', 'https://api.example.com/x'),
      originOf('nonsense', 'https://api.example.com/x'),
    ]) {
      expect(verdict).toMatchObject({ ok: false, error: { fact: 'origin', found: null, help: { state: 'origin' } } });
    }
  });

  test('takes no path after an origin', () => {
    for (const origin of ['https://api.example.com/', 'https://api.example.com/a', 'https://api.example.com?a'])
      expect(originOf(origin).ok).toBe(false);
  });

  test('has scheme and port in an entry count', () => {
    const allow = ['http://localhost:4021', '*.example.com:8443'];
    const verdict = (origin: string) =>
      judgeOne({ kind: 'origins', allow }, { declared: { ...STATED, origin, url: null } }).ok;
    expect(verdict('http://localhost:4021')).toBe(true);
    expect(verdict('https://localhost:4021')).toBe(false);
    expect(verdict('http://localhost')).toBe(false);
    expect(verdict('https://a.example.com:8443')).toBe(true);
    expect(verdict('https://a.example.com')).toBe(false);
    expect(verdict('https://example.com:8443')).toBe(false);
  });
});

describe('a list of denied origins', () => {
  const deny = ['evil.test', '*.bad.test', 'https://half.test', 'odd.test:8443', 'https://both.test:8443'];
  const verdict = (origin: string) =>
    judgeOne({ kind: 'origins', deny }, { declared: { ...STATED, origin, url: null } }).ok;

  test('takes an entry without scheme and port for any', () => {
    for (const origin of ['https://evil.test', 'http://evil.test', 'https://evil.test:8443', 'https://EVIL.test'])
      expect(verdict(origin), origin).toBe(false);
    for (const origin of ['https://a.bad.test', 'http://a.b.bad.test:81', 'https://half.test', 'https://half.test:81'])
      expect(verdict(origin), origin).toBe(false);
    expect(verdict('http://odd.test:8443')).toBe(false);
    expect(verdict('https://both.test:8443')).toBe(false);
  });

  test('lets others through', () => {
    for (const origin of [
      'https://a.evil.test',
      'https://bad.test',
      'http://half.test',
      'https://odd.test',
      'https://both.test',
      'http://both.test:8443',
      'https://good.test',
    ])
      expect(verdict(origin), origin).toBe(true);
  });

  test('goes before the list of what is allowed', () => {
    const rule = { kind: 'origins', allow: ['*.example.com'], deny: ['bad.example.com'] } as const;
    const at = (origin: string) => judgeOne(rule, { declared: { ...STATED, origin, url: null } });
    expect(at('https://good.example.com').ok).toBe(true);
    expect(at('https://bad.example.com')).toMatchObject({
      ok: false,
      error: { found: 'https://bad.example.com', message: expect.stringContaining('denies the origin') as string },
    });
  });
});

describe('an entry of a list of origins', () => {
  test.each([
    '*',
    '*.com',
    '*.',
    '.example.com',
    '*example.com',
    'api.*.com',
    '*.*.example.com',
    '**.example.com',
    'api.example.*',
    '*.127.0.0.1',
    '*.0.0.1',
    '*.10.0.0.10',
    '127.1',
    '0x7f.0.0.1',
    '[::1]',
    'example.com.',
    'example..com',
    'exa mple.com',
    'bücher.example',
    'user@example.com',
    'example.com/path',
    'https://example.com/',
    'ftp://example.com',
    'example.com:0443',
    'example.com:70000',
    'example.com:*',
    '-a.example.com',
    `${'a'.repeat(64)}.com`,
    '',
    ' example.com',
    'example.com\n',
    '\u212a.example.com',
    'boo\u212a.example.com',
  ])('is not %j', (entry) => expect(parseHostPattern(entry)).toBeNull());

  test('has one spelling', () => {
    expect(parseHostPattern('HTTPS://*.Example.COM:8443')).toEqual({
      scheme: 'https',
      host: 'example.com',
      port: 8443,
      subdomains: true,
      text: 'https://*.example.com:8443',
    });
    expect(parseHostPattern('xn--bcher-kva.example')).toMatchObject({ scheme: null, port: null, subdomains: false });
    expect(parseHostPattern('*.api.1and1.com')).toMatchObject({ host: 'api.1and1.com', subdomains: true });
  });

  test('is described to whoever wrote another one, with examples that are entries', () => {
    expect(HOST_PATTERN_RULE).toMatch(/^must be a host .*, no path, no IPv6 address, and at least two labels after/);
    const examples = HOST_PATTERN_RULE.match(/\S+\.example\.com/g) ?? [];
    expect(examples).toHaveLength(2);
    for (const example of examples) expect(parseHostPattern(example), example).not.toBeNull();
  });
});

test('above a host are its parents and nothing else', () => {
  expect(parentsOf('a.b.example.com')).toEqual(['b.example.com', 'example.com', 'com']);
  expect(parentsOf('localhost')).toEqual([]);
});

test('a place is what the URL parser finds, or nothing', () => {
  const anything = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.webUrl({ withQueryParameters: true, withFragments: true }),
    fc
      .tuple(fc.constantFrom('https://', 'http://', 'https:\\\\'), fc.string({ unit: 'grapheme' }))
      .map((all) => all.join('')),
  );
  fc.assert(
    fc.property(anything, (text) => {
      const place = parsePlace(text);
      if (place === null) return;
      const url = new URL(text);
      expect(place.host).toBe(url.hostname);
      expect(place.origin).toBe(url.origin);
      expect(place.port).toBe(Number(url.port || (url.protocol === 'https:' ? 443 : 80)));
      expect(parsePlace(place.url)).toEqual(place);
      expect(statedPlace({ origin: place.origin, url: text })).toEqual(place);
    }),
    { numRuns: 3_000 },
  );
});
