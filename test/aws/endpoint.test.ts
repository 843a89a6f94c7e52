import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { KMSClient } from '@aws-sdk/client-kms';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { expect, test } from 'vitest';
import { endpointOf } from '../../lib/aws/endpoint.ts';

const CLIENTS = { dynamodb: DynamoDBClient, kms: KMSClient, secretsmanager: SecretsManagerClient };
const SERVICES = ['dynamodb', 'kms', 'secretsmanager'] as const;
const REGIONS = [
  'us-east-1',
  'us-west-2',
  'ca-central-1',
  'eu-central-1',
  'ap-southeast-5',
  'il-central-1',
  'mx-central-1',
  'cn-north-1',
  'cn-northwest-1',
  'us-gov-west-1',
  'us-gov-east-1',
  'us-iso-east-1',
  'us-isob-east-1',
  'us-isof-south-1',
  'eu-isoe-west-1',
  'eusc-de-east-1',
];

const cases = SERVICES.flatMap((service) =>
  REGIONS.flatMap((region) => [false, true].map((fips) => [service, region, fips] as const)),
);

test.each(cases)('%s in %s (FIPS: %s) is where the SDK finds it', async (service, region, fips) => {
  const client = new CLIENTS[service]({ region, useFipsEndpoint: fips });
  const { endpointProvider } = client.config as unknown as {
    endpointProvider: (parameters: object) => { readonly url: URL };
  };
  const { url } = endpointProvider({ Region: region, UseFIPS: fips, UseDualStack: false });
  client.destroy();
  const found = endpointOf(service, { AWS_REGION: region, ...(fips ? { AWS_USE_FIPS_ENDPOINT: 'true' } : {}) });
  expect(found.href).toBe(url.href);
});

test('is what the environment says, for one service before all', () => {
  const env = {
    AWS_REGION: 'us-east-1',
    AWS_ENDPOINT_URL: 'http://127.0.0.1:1',
    AWS_ENDPOINT_URL_KMS: 'http://[::1]:2',
  };
  expect(endpointOf('dynamodb', env).href).toBe('http://127.0.0.1:1/');
  expect(endpointOf('kms', env).href).toBe('http://[::1]:2/');
  const ignoring = { ...env, AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'true' };
  expect(endpointOf('kms', ignoring).href).toBe('https://kms.us-east-1.amazonaws.com/');
});

test.each([
  [{}, /AWS_REGION/],
  [{ AWS_REGION: 'nowhere' }, /AWS_REGION/],
  [{ AWS_REGION: 'evil.example.com/us-east-1' }, /AWS_REGION/],
  [{ AWS_REGION: 'us-east-1', AWS_USE_DUALSTACK_ENDPOINT: 'true' }, /awsTransport/],
  [{ AWS_REGION: 'us-east-1', AWS_ENDPOINT_URL: 'ftp://x' }, /endpoint/],
  [{ AWS_REGION: 'us-east-1', AWS_ENDPOINT_URL: 'https://x/path' }, /endpoint/],
])('refuses to start with %j', (env, message) => {
  expect(() => endpointOf('dynamodb', env)).toThrow(message);
});
