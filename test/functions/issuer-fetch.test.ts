import { expect, test } from 'vitest';
import { composeFetchJson } from '../../lib/functions/runtime/issuer-fetch.ts';

const LOOPBACK = 'http://127.0.0.1:1/.well-known/openid-configuration';

test.each([
  ['without endpoints of its own', {}],
  ['with an endpoint elsewhere', { AWS_ENDPOINT_URL_KMS: 'https://kms.example' }],
])('a deployed function, %s, asks no issuer on its own host', async (_what, env) => {
  await expect(composeFetchJson(env, [])(LOOPBACK)).rejects.toThrow(
    'an issuer on the own host is for the local stack only',
  );
});

test('the local stack’s functions do', async () => {
  const fetchJson = composeFetchJson({ AWS_ENDPOINT_URL_KMS: 'http://127.0.0.1:4566' }, []);
  await expect(fetchJson(LOOPBACK)).rejects.not.toThrow('for the local stack only');
});
