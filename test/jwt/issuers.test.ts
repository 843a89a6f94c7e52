import { describe, expect, test } from 'vitest';
import { addMs } from '../../lib/domain/time.ts';
import { createFetchJson, FetchFailed } from '../../lib/jwt/fetch-json.ts';
import { IssuerUnavailable } from '../../lib/jwt/issuers.ts';
import { createTokenVerifier } from '../../lib/jwt/token-verifier.ts';
import { createKey, signToken, startIssuer } from './issuer.ts';
import { clock, setTime, START, withVerifier } from './verifier-scene.ts';

const scene = withVerifier();
const { claimsOf, createVerifier, judge, tokenBy } = scene;

describe('what is remembered', () => {
  test('asks an issuer once for many tokens, up to ten minutes', async () => {
    const token = await tokenBy(scene.ec);
    expect(await judge(token)).toBe('alice');
    setTime(addMs(START, 599_999));
    expect(await judge(token)).toBe('alice');
    expect(scene.issuer.counts).toEqual({ discovery: 1, keys: 1 });
    expect(scene.lookups).toEqual([scene.issuer.issuer]);
    setTime(addMs(START, 600_000));
    expect(await judge(token)).toBe('alice');
    expect(scene.issuer.counts).toEqual({ discovery: 2, keys: 2 });
    expect(scene.lookups).toHaveLength(2);
  });

  test('refuses a key that was withdrawn, after ten minutes', async () => {
    const token = await tokenBy(scene.ec);
    expect(await judge(token)).toBe('alice');
    scene.issuer.keys = [scene.later.jwk];
    setTime(addMs(START, 600_000));
    expect(await judge(token)).toBe('unknown_key');
  });

  test('refuses the tokens of an issuer that is trusted no more, after ten minutes', async () => {
    const token = await tokenBy(scene.ec);
    expect(await judge(token)).toBe('alice');
    scene.trusted.clear();
    setTime(addMs(START, 600_000));
    expect(await judge(token)).toBe('unknown_issuer');
  });

  test('takes a new key at once, and a second one as soon as ten seconds have passed', async () => {
    const last = await createKey('last', 'ES256');
    expect(await judge(await tokenBy(scene.ec))).toBe('alice');
    scene.issuer.keys = [scene.ec.jwk, scene.later.jwk];
    setTime(addMs(START, 1));
    expect(await judge(await tokenBy(scene.later))).toBe('alice');
    expect(scene.issuer.counts.keys).toBe(2);
    scene.issuer.keys = [scene.ec.jwk, scene.later.jwk, last.jwk];
    setTime(addMs(START, 10_000));
    expect(await judge(await tokenBy(last))).toBe('unknown_key');
    expect(scene.issuer.counts.keys).toBe(2);
    setTime(addMs(START, 10_001));
    expect(await judge(await tokenBy(last))).toBe('alice');
    expect(scene.issuer.counts.keys).toBe(3);
  });

  test('takes a key that replaced another under its id at once, and the old one no more', async () => {
    const old = await tokenBy(scene.ec);
    expect(await judge(old)).toBe('alice');
    const replaced = await createKey('first', 'ES256');
    scene.issuer.keys = [replaced.jwk];
    setTime(addMs(START, 1));
    expect(await judge(await tokenBy(replaced))).toBe('alice');
    expect(await judge(old)).toBe('signature');
    expect(scene.issuer.counts).toEqual({ discovery: 2, keys: 2 });
  });

  test('asks an issuer once in ten seconds because of signatures that are not by its key', async () => {
    const forger = await createKey('first', 'ES256');
    const good = await tokenBy(scene.ec);
    expect(await judge(good)).toBe('alice');
    for (let at = 0; at < 20; at += 1) {
      expect(await judge(await tokenBy(forger, { sub: `user-${at}` }))).toBe('signature');
      expect(await judge(good)).toBe('alice');
    }
    expect(scene.issuer.counts.keys).toBe(2);
    setTime(addMs(START, 9_999));
    expect(await judge(await tokenBy(forger))).toBe('signature');
    expect(scene.issuer.counts.keys).toBe(2);
    setTime(addMs(START, 10_000));
    expect(await judge(await tokenBy(forger))).toBe('signature');
    expect(scene.issuer.counts.keys).toBe(3);
  });

  test('a bad signature is refused, not an outage, while the issuer cannot be asked again', async () => {
    const good = await tokenBy(scene.ec);
    expect(await judge(good)).toBe('alice');
    scene.issuer.answer = (_, response) => void response.writeHead(503).end();
    expect(await judge(await tokenBy(await createKey('first', 'ES256')))).toBe('signature');
    expect(await judge(good)).toBe('alice');
  });

  test('asks an issuer once in ten seconds for keys that it does not have', async () => {
    expect(await judge(await tokenBy(scene.ec))).toBe('alice');
    setTime(addMs(START, 60_000));
    for (let at = 0; at < 20; at += 1) {
      expect(await judge(await signToken(scene.ec, claimsOf(), { kid: `invented-${at}` }))).toBe('unknown_key');
    }
    expect(scene.issuer.counts).toEqual({ discovery: 2, keys: 2 });
    expect(await judge(await tokenBy(scene.ec))).toBe('alice');
  });

  test('shares one question among tokens that arrive together', async () => {
    const tokens = await Promise.all(Array.from({ length: 20 }, (_, at) => tokenBy(scene.ec, { sub: `user-${at}` })));
    const users = await Promise.all(tokens.map(judge));
    expect(new Set(users).size).toBe(20);
    expect(scene.issuer.counts).toEqual({ discovery: 1, keys: 1 });
    expect(scene.lookups).toHaveLength(1);
  });

  test('looks a stranger up once in ten seconds, and takes it once a manager trusts it', async () => {
    scene.trusted.clear();
    const token = await tokenBy(scene.ec);
    expect(await Promise.all([judge(token), judge(token)])).toEqual(['unknown_issuer', 'unknown_issuer']);
    scene.trusted.set(scene.issuer.issuer, scene.issuer.discoveryUrl);
    setTime(addMs(START, 9_999));
    expect(await judge(token)).toBe('unknown_issuer');
    expect(scene.lookups).toHaveLength(1);
    setTime(addMs(START, 10_000));
    expect(await judge(token)).toBe('alice');
    expect(scene.lookups).toHaveLength(2);
  });

  test('looks nothing up for an issuer that can be none', async () => {
    for (const iss of [
      '',
      'x',
      'http://example.com',
      'https://example.com/?a',
      `https://example.com/${'x'.repeat(500)}`,
    ]) {
      expect(await judge(await tokenBy(scene.ec, { iss }))).toBe('unknown_issuer');
    }
    expect(scene.lookups).toEqual([]);
  });

  test('many strangers push no trusted issuer out', async () => {
    expect(await judge(await tokenBy(scene.ec))).toBe('alice');
    for (let at = 0; at < 1_100; at += 1)
      await judge(await tokenBy(scene.ec, { iss: `https://stranger-${at}.example` }));
    expect(await judge(await tokenBy(scene.ec))).toBe('alice');
    expect(scene.issuer.counts.discovery).toBe(1);
  });
});

describe('an issuer that cannot be asked', () => {
  const outages: [string, () => void][] = [
    ['answers an error', () => (scene.issuer.answer = (_, response) => void response.writeHead(503).end())],
    ['answers no JSON', () => (scene.issuer.answer = (_, response) => void response.end('<html>'))],
    ['hangs up', () => (scene.issuer.answer = (request) => void request.destroy())],
    ['names no issuer', () => (scene.issuer.discovery = { issuer: undefined })],
    ['names no key set', () => (scene.issuer.discovery = { jwks_uri: undefined })],
    ['names a key set without encryption', () => (scene.issuer.discovery = { jwks_uri: 'http://keys.example/' })],
    ['names a key set in a file', () => (scene.issuer.discovery = { jwks_uri: 'file:///etc/passwd' })],
    ['names a key set that is none', () => (scene.issuer.discovery = { jwks_uri: scene.issuer.discoveryUrl })],
  ];
  test.each(outages)('is an outage, not a refusal, when it %s', async (_, plant) => {
    plant();
    await expect(scene.verifier.verify(await tokenBy(scene.ec))).rejects.toThrow(IssuerUnavailable);
  });

  test('is left alone for two seconds and asked again then', async () => {
    scene.issuer.answer = (_, response) => void response.writeHead(503).end();
    const token = await tokenBy(scene.ec);
    for (let at = 0; at < 5; at += 1) await expect(scene.verifier.verify(token)).rejects.toThrow(IssuerUnavailable);
    expect(scene.issuer.counts.discovery).toBe(1);
    scene.issuer.answer = null;
    setTime(addMs(START, 1_999));
    await expect(scene.verifier.verify(token)).rejects.toThrow(IssuerUnavailable);
    setTime(addMs(START, 2_000));
    expect(await judge(token)).toBe('alice');
  });

  test('is left alone from the end of a question that it did not answer, and longer each time', async () => {
    let asked = 0;
    scene.verifier = createVerifier(() => {
      asked += 1;
      setTime(addMs(clock.now(), 3_000));
      return Promise.reject(new FetchFailed('no complete answer within 3000 ms'));
    });
    const token = await tokenBy(scene.ec);
    const fail = () => expect(scene.verifier.verify(token)).rejects.toThrow(IssuerUnavailable);
    await fail();
    for (const pauseMs of [2_000, 4_000, 8_000, 16_000, 30_000, 30_000]) {
      const before = asked;
      setTime(addMs(clock.now(), pauseMs - 1));
      await fail();
      expect(asked).toBe(before);
      setTime(addMs(clock.now(), 1));
      await fail();
      expect(asked).toBe(before + 1);
    }
  });

  test('that accepts and never answers is asked one question at a time, and keeps no other issuer’s tokens waiting', async () => {
    const hung = await startIssuer([scene.later]);
    let questions = 0;
    const left = new Promise<void>((resolve) => {
      hung.answer = (_, response) => {
        questions += 1;
        response.on('close', resolve);
      };
    });
    scene.trusted.set(hung.issuer, hung.discoveryUrl);
    const stuck = await tokenBy(scene.later, { iss: hung.issuer });
    const waiting = Promise.allSettled(Array.from({ length: 20 }, () => scene.verifier.verify(stuck)));
    expect(await judge(await tokenBy(scene.ec))).toBe('alice');
    const outcomes = await waiting;
    await left;
    expect(outcomes.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 'rejected'));
    expect(questions).toBe(1);
    await hung.close();
  });

  test('still has the keys of the last ten minutes, for tokens by these', async () => {
    const token = await tokenBy(scene.ec);
    expect(await judge(token)).toBe('alice');
    scene.issuer.answer = (_, response) => void response.writeHead(503).end();
    setTime(addMs(START, 60_000));
    await expect(scene.verifier.verify(await tokenBy(scene.later))).rejects.toThrow(IssuerUnavailable);
    expect(await judge(token)).toBe('alice');
    setTime(addMs(START, 600_000));
    await expect(scene.verifier.verify(token)).rejects.toThrow(IssuerUnavailable);
  });

  test('shares one failure among tokens that arrive together', async () => {
    scene.issuer.answer = (_, response) => void response.writeHead(503).end();
    const token = await tokenBy(scene.ec);
    const outcomes = await Promise.allSettled([token, token, token].map((each) => scene.verifier.verify(each)));
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(scene.issuer.counts.discovery).toBe(1);
  });

  test('keeps what went wrong as the cause', async () => {
    scene.issuer.answer = (_, response) => void response.writeHead(503).end();
    const error: unknown = await scene.verifier.verify(await tokenBy(scene.ec)).catch((thrown: unknown) => thrown);
    const causes = [error];
    while (causes.at(-1) instanceof Error) causes.push((causes.at(-1) as Error).cause);
    expect(causes.some((cause) => cause instanceof FetchFailed)).toBe(true);
  });
});

test('an outage of the registry is thrown as it is, and not remembered', async () => {
  let isDown = true;
  scene.verifier = createTokenVerifier({
    clock,
    fetchJson: createFetchJson(),
    reportDroppedKeys: () => undefined,
    findDiscoveryUrl: () =>
      isDown ? Promise.reject(new Error('registry down')) : Promise.resolve(scene.issuer.discoveryUrl),
  });
  await expect(scene.verifier.verify(await tokenBy(scene.ec))).rejects.toThrow('registry down');
  isDown = false;
  expect(await judge(await tokenBy(scene.ec))).toBe('alice');
});

test('an issuer elsewhere cannot send us to a port of our own host', async () => {
  const asked: string[] = [];
  scene.verifier = createVerifier((url) => {
    asked.push(url);
    return Promise.resolve({
      issuer: 'https://issuer.example',
      jwks_uri: `${scene.issuer.issuer}/keys`,
      keys: [scene.ec.jwk],
    });
  });
  scene.trusted.set('https://issuer.example', 'https://issuer.example/.well-known/openid-configuration');
  const token = await tokenBy(scene.ec, { iss: 'https://issuer.example' });
  await expect(scene.verifier.verify(token)).rejects.toThrow(IssuerUnavailable);
  expect(asked).toEqual(['https://issuer.example/.well-known/openid-configuration']);
});
