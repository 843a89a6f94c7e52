import { createHash } from 'node:crypto';
import { InvariantViolated } from '../../../domain/invariant.ts';
import type {
  CredentialProvider,
  ProviderConfiguration,
  SecretLocation,
  WorkloadIdentity,
} from '../../../domain/tenants/resources.ts';
import {
  SCHEMA_VERSION,
  assertReadable,
  number,
  readInstant,
  readInteger,
  readOneOf,
  readText,
  readTextMap,
  text,
  textMap,
} from '../store/attributes.ts';
import type { Item } from '../store/client.ts';

// docs/reference/storage-schema.md lists every attribute. No item holds a secret: locations and digests only.

/** The lists of all credential providers and of all workload identities in the `by-list` index. */
export const PROVIDER_LIST = 'PROVIDERS';
export const WORKLOAD_LIST = 'WORKLOADS';

export function providerKey(name: string): Item {
  return { pk: text(`CRP#${name}`), sk: text('CRP') };
}

export function workloadKey(name: string): Item {
  return { pk: text(`WLI#${name}`), sk: text('WLI') };
}

/** @param tokenDigest SHA-256 of the token in hex */
export function workloadTokenKey(tokenDigest: string): Item {
  return { pk: text(`WAT#${tokenDigest}`), sk: text('WAT') };
}

function issuerPartition(issuerKey: string): string {
  return `ISS#${createHash('sha256').update(issuerKey).digest('hex')}`;
}

/** The partition with one entry for each manager that trusts the issuer. */
export function issuerPartitionValue(issuerKey: string) {
  return text(issuerPartition(issuerKey));
}

export function issuerEntryKey(issuerKey: string, managerId: string): Item {
  return { pk: text(issuerPartition(issuerKey)), sk: text(managerId) };
}

/** That a manager trusts an issuer, whose discovery document stands at the URL. */
export function toIssuerItem(entry: {
  readonly issuerKey: string;
  readonly managerId: string;
  readonly discoveryUrl: string;
}): Item {
  return {
    ...issuerEntryKey(entry.issuerKey, entry.managerId),
    v: number(SCHEMA_VERSION),
    issuerKey: text(entry.issuerKey),
    discoveryUrl: text(entry.discoveryUrl),
  };
}

/** What an update may change of a credential provider. */
export function toProviderAttributes(provider: CredentialProvider): Item {
  return {
    ...toConfigurationAttributes(provider.configuration),
    updatedAt: number(provider.updatedAt),
    revision: number(provider.revision),
  };
}

function toConfigurationAttributes(configuration: ProviderConfiguration): Item {
  switch (configuration.vendor) {
    case 'CoinbaseCDP':
      return {
        vendor: text(configuration.vendor),
        apiKeyId: text(configuration.apiKeyId),
        apiKeySecret: textMap({ ...configuration.apiKeySecret }),
        ...(configuration.walletSecret === null ? {} : { walletSecret: textMap({ ...configuration.walletSecret }) }),
      };
    case 'StripePrivy':
      return {
        vendor: text(configuration.vendor),
        appId: text(configuration.appId),
        appSecret: textMap({ ...configuration.appSecret }),
        authorizationId: text(configuration.authorizationId),
        authorizationPrivateKey: textMap({ ...configuration.authorizationPrivateKey }),
      };
  }
}

export function toProviderItem(provider: CredentialProvider): Item {
  return {
    ...providerKey(provider.name),
    ...toProviderAttributes(provider),
    v: number(SCHEMA_VERSION),
    ...(provider.tags === null ? {} : { tags: textMap(provider.tags) }),
    createdAt: number(provider.createdAt),
    connectors: number(0),
    lk: text(PROVIDER_LIST),
    ls: text(provider.name),
  };
}

export function parseProviderItem(item: Item): CredentialProvider {
  assertReadable(item);
  return {
    name: readText(item, 'pk').slice('CRP#'.length),
    configuration: parseConfiguration(item),
    tags: readTextMap(item, 'tags'),
    createdAt: readInstant(item, 'createdAt'),
    updatedAt: readInstant(item, 'updatedAt'),
    revision: readInteger(item, 'revision'),
  };
}

function parseConfiguration(item: Item): ProviderConfiguration {
  const vendor = readOneOf(item, 'vendor', ['CoinbaseCDP', 'StripePrivy']);
  switch (vendor) {
    case 'CoinbaseCDP':
      return {
        vendor,
        apiKeyId: readText(item, 'apiKeyId'),
        apiKeySecret: readLocation(item, 'apiKeySecret'),
        walletSecret: item['walletSecret'] === undefined ? null : readLocation(item, 'walletSecret'),
      };
    case 'StripePrivy':
      return {
        vendor,
        appId: readText(item, 'appId'),
        appSecret: readLocation(item, 'appSecret'),
        authorizationId: readText(item, 'authorizationId'),
        authorizationPrivateKey: readLocation(item, 'authorizationPrivateKey'),
      };
  }
}

function readLocation(item: Item, name: string): SecretLocation {
  const { source, secretArn, jsonKey } = readTextMap(item, name) ?? {};
  if ((source !== 'MANAGED' && source !== 'EXTERNAL') || secretArn === undefined || jsonKey === undefined) {
    throw new InvariantViolated(`stored item ${readText(item, 'pk')} has no usable location '${name}'`);
  }
  return { source, secretArn, jsonKey };
}

/** What an update may change of a workload identity. */
export function toWorkloadAttributes(workload: WorkloadIdentity): Item {
  return {
    returnUrls: { L: workload.returnUrls.map(text) },
    updatedAt: number(workload.updatedAt),
    revision: number(workload.revision),
  };
}

/** @param managerId the manager that it was made with and goes with, or `null` */
export function toWorkloadItem(workload: WorkloadIdentity, managerId: string | null): Item {
  return {
    ...workloadKey(workload.name),
    ...toWorkloadAttributes(workload),
    v: number(SCHEMA_VERSION),
    ...(workload.tags === null ? {} : { tags: textMap(workload.tags) }),
    ...(managerId === null ? {} : { manager: text(managerId) }),
    createdAt: number(workload.createdAt),
    lk: text(WORKLOAD_LIST),
    ls: text(workload.name),
  };
}

export function parseWorkloadItem(item: Item): WorkloadIdentity {
  assertReadable(item);
  return {
    name: readText(item, 'pk').slice('WLI#'.length),
    returnUrls: (item['returnUrls']?.L ?? []).map((url) => url.S ?? ''),
    tags: readTextMap(item, 'tags'),
    createdAt: readInstant(item, 'createdAt'),
    updatedAt: readInstant(item, 'updatedAt'),
    revision: readInteger(item, 'revision'),
  };
}
