import { expect, test } from 'vitest';
import { findSecretProblem } from '../../lib/wallets/secret-problem.ts';
import { createApiKey, createEcKey } from './provider-keys.ts';

const key = createEcKey();

test.each([
  ['apiKeySecret', createApiKey().secret, key.pkcs8],
  ['walletSecret', key.sec1, createApiKey().secret],
  ['appSecret', 'shh', 's hh'],
  ['authorizationPrivateKey', `wallet-auth:${key.pkcs8}`, key.sec1],
] as const)('finds no problem with a good %s and one with a wrong one', (name, good, wrong) => {
  expect(findSecretProblem(name, good)).toBeNull();
  const problem = findSecretProblem(name, wrong);
  expect(problem).toMatch(/^must /);
  expect(problem).not.toContain(wrong);
});
