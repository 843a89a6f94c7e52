import { expect, test } from 'vitest';
import { isLoopbackUrl, isSecureUrl } from '../../lib/domain/loopback.ts';

test.each([
  'http://127.0.0.1:4010/v1',
  'http://localhost',
  'http://[::1]:1/',
  'http://LOCALHOST/',
  // A URL parser writes it as the address that it is.
  'http://127.1/',
])('%s stays on this machine', (url) => {
  expect([isLoopbackUrl(new URL(url)), isSecureUrl(new URL(url))]).toEqual([true, true]);
});

test.each([
  'http://seller.example',
  'http://127.0.0.1.example',
  'http://127.0.0.2',
  'http://0.0.0.0',
  'ftp://localhost',
])('%s is not secure', (url) => {
  expect([isLoopbackUrl(new URL(url)), isSecureUrl(new URL(url))]).toEqual([false, false]);
});

test('https is secure anywhere, and is no plain loopback', () => {
  const urls = ['https://seller.example', 'https://localhost'].map((text) => new URL(text));
  expect(urls.map(isSecureUrl)).toEqual([true, true]);
  expect(urls.map(isLoopbackUrl)).toEqual([false, false]);
});
