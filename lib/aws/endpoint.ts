import type { Environment } from './credentials.ts';

export type ServiceName = 'dynamodb' | 'kms' | 'lambda' | 'secretsmanager';

/** Domains by how a region begins; the first that fits decides. */
const DOMAINS: readonly (readonly [regions: RegExp, domain: string])[] = [
  [/^cn-/, 'amazonaws.com.cn'],
  [/^eusc-/, 'amazonaws.eu'],
  [/^us-isob-/, 'sc2s.sgov.gov'],
  [/^us-isof-/, 'csp.hci.ic.gov'],
  [/^us-iso-/, 'c2s.ic.gov'],
  [/^eu-isoe-/, 'cloud.adc-e.uk'],
  [/^[a-z]{2}(?:-[a-z]+)+-\d+$/, 'amazonaws.com'],
];

/** In GovCloud DynamoDB's usual endpoint is the FIPS one. */
const PLAIN_IS_FIPS = /^us-gov-/;

/**
 * Where a service is: what the environment says, else the regional endpoint of the region's partition, its FIPS one with
 * `AWS_USE_FIPS_ENDPOINT`. The same as the SDK's choice, but that it does not know dual-stack endpoints and says so.
 */
export function endpointOf(service: ServiceName, env: Environment): URL {
  const chosen = env['AWS_IGNORE_CONFIGURED_ENDPOINT_URLS'] === 'true' ? undefined : chosenEndpoint(service, env);
  if (chosen !== undefined) return parseEndpoint(chosen);
  if (env['AWS_USE_DUALSTACK_ENDPOINT'] === 'true') {
    throw new Error('AWS_USE_DUALSTACK_ENDPOINT needs the SDK for the paying path: set awsTransport to sdk');
  }
  const region = readRegion(env);
  const domain = DOMAINS.find(([regions]) => regions.test(region))?.[1];
  if (domain === undefined) throw new Error(`expected a region in AWS_REGION, not '${region}'`);
  const wantsFips = env['AWS_USE_FIPS_ENDPOINT'] === 'true';
  const fips = wantsFips && !(service === 'dynamodb' && PLAIN_IS_FIPS.test(region)) ? '-fips' : '';
  return new URL(`https://${service}${fips}.${region}.${domain}`);
}

export function readRegion(env: Environment): string {
  const region = env['AWS_REGION'];
  if (!region) throw new Error('expected a region in AWS_REGION');
  return region;
}

function chosenEndpoint(service: ServiceName, env: Environment): string | undefined {
  const name = service === 'secretsmanager' ? 'SECRETS_MANAGER' : service.toUpperCase();
  return env[`AWS_ENDPOINT_URL_${name}`] || env['AWS_ENDPOINT_URL'] || undefined;
}

function parseEndpoint(text: string): URL {
  const url = new URL(text);
  if (!/^https?:$/.test(url.protocol) || url.pathname !== '/' || url.search !== '' || url.username !== '') {
    throw new Error(`expected an http or https endpoint without a path, not '${url.origin}${url.pathname}'`);
  }
  return url;
}
