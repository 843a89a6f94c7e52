import { expect, test } from 'vitest';
import { createSignInReader } from '../../lib/jwt/sign-in.ts';
import { toEpochMs } from '../../lib/domain/time.ts';

const URL_OF = 'https://login.example/.well-known/openid-configuration';
const DOCUMENT = {
  issuer: 'https://login.example/',
  authorization_endpoint: 'https://login.example/authorize',
  token_endpoint: 'https://tokens.example/token',
};

function open(answer: () => unknown) {
  let now = 1_000_000;
  const asked: string[] = [];
  const read = createSignInReader({
    fetchJson: async (url) => {
      asked.push(url);
      return answer() as never;
    },
    clock: { now: () => toEpochMs(now), sleep: async () => undefined },
  });
  return { read, asked, pass: (ms: number) => void (now += ms) };
}

test('where an issuer lets users sign in is asked once in ten minutes', async () => {
  const { read, asked, pass } = open(() => DOCUMENT);
  const expected = {
    issuer: 'https://login.example/',
    authorizationEndpoint: DOCUMENT.authorization_endpoint,
    tokenEndpoint: DOCUMENT.token_endpoint,
  };
  expect(await read(URL_OF)).toEqual(expected);
  pass(599_999);
  expect(await read(URL_OF)).toEqual(expected);
  expect(asked).toEqual([URL_OF]);
  pass(1);
  await read(URL_OF);
  expect(asked).toHaveLength(2);
});

test.each([
  ['speaks for another issuer', { ...DOCUMENT, issuer: 'https://other.example' }],
  ['takes codes without TLS', { ...DOCUMENT, token_endpoint: 'http://tokens.example/token' }],
  ['has a script for an endpoint', { ...DOCUMENT, authorization_endpoint: 'javascript:alert(1)' }],
  ['lets nobody sign in', { issuer: DOCUMENT.issuer, token_endpoint: DOCUMENT.token_endpoint }],
  ['is no document', null],
])('a document that %s is none', async (_name, document) => {
  expect(await open(() => document).read(URL_OF)).toBeNull();
});

test('an issuer that fails is left alone for half a minute', async () => {
  const { read, asked, pass } = open(() => {
    throw new Error('down');
  });
  expect(await read(URL_OF)).toBeNull();
  pass(29_999);
  expect(await read(URL_OF)).toBeNull();
  expect(asked).toHaveLength(1);
  pass(1);
  await read(URL_OF);
  expect(asked).toHaveLength(2);
});
