import { randomBytes } from 'node:crypto';
import type { CredentialProvider, SecretLocation, WorkloadIdentity } from '../../lib/domain/tenants/resources.ts';
import { NOW } from './payments.ts';

export function makeName(prefix: string): string {
  return `${prefix}-${randomBytes(6).toString('hex')}`;
}

export function makeLocation(jsonKey: string, overrides: Partial<SecretLocation> = {}): SecretLocation {
  const secretArn = `arn:aws:secretsmanager:us-east-1:111122223333:secret:bursar/${jsonKey}-AbCdEf`;
  return { source: 'MANAGED', secretArn, jsonKey, ...overrides };
}

export function makeProvider(overrides: Partial<CredentialProvider> = {}): CredentialProvider {
  return {
    name: makeName('cdp'),
    configuration: {
      vendor: 'CoinbaseCDP',
      apiKeyId: 'api-key-1',
      apiKeySecret: makeLocation('apiKeySecret'),
      walletSecret: makeLocation('walletSecret', { source: 'EXTERNAL', secretArn: 'our/wallet' }),
    },
    tags: null,
    createdAt: NOW,
    updatedAt: NOW,
    revision: 1,
    ...overrides,
  };
}

export const PRIVY_CONFIGURATION = {
  vendor: 'StripePrivy',
  appId: 'app-1',
  appSecret: makeLocation('appSecret'),
  authorizationId: 'quorum-1',
  authorizationPrivateKey: makeLocation('authorizationPrivateKey'),
} as const satisfies CredentialProvider['configuration'];

export function makeWorkload(overrides: Partial<WorkloadIdentity> = {}): WorkloadIdentity {
  return {
    name: makeName('agent'),
    returnUrls: [],
    tags: null,
    createdAt: NOW,
    updatedAt: NOW,
    revision: 1,
    ...overrides,
  };
}
