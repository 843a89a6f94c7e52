import { formatNamedId } from '../../domain/drawn-ids.ts';
import { parseProviderArn, resourceIn, type Deployment } from '../../domain/ids.ts';
import { CONNECTORS_MAX } from '../../domain/limits.ts';
import type { MaterialProblem, Page, PageRequest, Randomness, WalletProvisioner } from '../../domain/ports/services.ts';
import type {
  ClientTokens,
  ConnectorStore,
  IdentityStore,
  ManagerStore,
  Remembered,
} from '../../domain/ports/registry.ts';
import type { Refusal } from '../../domain/refusal.ts';
import type { IgnoredConfiguration, PaymentConnector } from '../../domain/tenants/resources.ts';
import type { ConnectorMaterial, ConnectorType, Vendor, WalletType } from '../../domain/tenants/wallet-shapes.ts';
import { ok, refuse, type Result } from '../../domain/result.ts';
import type { Clock } from '../../domain/time.ts';
import { changeOnce, findAnswer, type Render } from './change-once.ts';
import { createOnce, hashCreation, idEntropy, tokenKeyOf } from './create-once.ts';
import { getManager } from './managers.ts';
import { findSignerProblem, type SignerPlaces } from './signer-place.ts';
import { isKeyWallet, VENDORS } from '../../wallets/catalogue.ts';

export interface ConnectorsDeps extends SignerPlaces {
  readonly registry: Pick<ManagerStore, 'readManager'> & ConnectorStore;
  readonly identities: Pick<IdentityStore, 'readProvider'>;
  readonly tokens: ClientTokens;
  readonly provisioners: Readonly<Record<WalletType, WalletProvisioner>>;
  readonly deployment: Deployment;
  readonly clock: Clock;
  readonly random: Randomness;
}

/** The ARNs of what a request names, by the type of connector that they are for; `null` where it says that there is nothing. */
export type NamedProviders = Readonly<Partial<Record<IgnoredConfiguration['type'], string>>> | null;

/** What a connector gets of it: the credential provider of a vendor's, or what is kept to be shown. */
interface NamedConfiguration {
  readonly provider: string | null;
  readonly ignored: IgnoredConfiguration | null;
}

interface ConnectorInput {
  readonly managerId: string;
  readonly name: string;
  readonly type: ConnectorType;
  readonly providers?: NamedProviders | undefined;
  /** Where the signer of a remote wallet is asked: a URL, or the ARN of a function. */
  readonly signerUri?: string | undefined;
  readonly description?: string | undefined;
  readonly clientToken?: string | undefined;
}

const missing = refuse({ reason: 'not_found', resource: 'connector' } as const);
const full: Refusal = {
  reason: 'quota_exceeded',
  message: `The payment manager has ${CONNECTORS_MAX} connectors, as many as it may have`,
};

/** Creates a connector with whatever its wallets need: for a seed vault the seed, which nobody sees. */
export async function createConnector<A extends object>(
  deps: ConnectorsDeps,
  input: ConnectorInput,
  render: Render<PaymentConnector, A>,
): Promise<Result<A, Refusal>> {
  const { clientToken, managerId } = input;
  const scope = ['CreatePaymentConnector', managerId];
  const requestHash = hashCreation(input);
  const tokenKey = clientToken === undefined ? null : tokenKeyOf(scope, clientToken);
  const earlier = await findAnswer<A>(deps, tokenKey, requestHash);
  if (earlier !== null) return earlier;

  const manager = await getManager(deps, input);
  if (!manager.ok) return manager;
  const configuration = await readConfiguration(deps, input.type, input.providers);
  if (!configuration.ok) return configuration;
  const problem = findSignerProblem(deps, input);
  if (problem !== null) return refuse({ reason: 'invalid_request', problems: [problem] });
  if (tokenKey !== null) {
    const bound = await deps.tokens.bind(tokenKey, requestHash);
    if (bound.requestHash !== requestHash) return refuse({ reason: 'token_reused' });
  }
  const connectorId = formatNamedId(input.name, idEntropy(deps.random, scope, clientToken));
  const created = await createOnce(deps, requestHash, {
    begin: () => deps.registry.beginConnector(managerId, connectorId, requestHash, deps.clock.now()),
    make: () => makeConnector(deps, { input, connectorId, ...configuration.value, requestHash, tokenKey, render }),
    refuse: (why) => (why === 'missing' ? { reason: 'not_found', resource: 'manager' } : full),
  });
  if (!created.ok) return created;
  // A call that waited for another call's connector gets that call's answer, also if the connector was changed since.
  return (await findAnswer<A>(deps, tokenKey, requestHash)) ?? ok(render(created.value));
}

async function makeConnector(
  deps: ConnectorsDeps,
  request: {
    readonly input: ConnectorInput;
    readonly connectorId: string;
    readonly provider: string | null;
    readonly ignored: IgnoredConfiguration | null;
    readonly requestHash: string;
    readonly tokenKey: string | null;
    readonly render: Render<PaymentConnector, object>;
  },
): Promise<Result<PaymentConnector, Refusal>> {
  const { input, connectorId, requestHash, tokenKey } = request;
  const { managerId } = input;
  const now = deps.clock.now();
  const connector: PaymentConnector = {
    managerId,
    connectorId,
    name: input.name,
    description: input.description ?? null,
    status: 'READY',
    material: await makeMaterial(deps, input, request.provider, { managerId, connectorId }),
    ignored: request.ignored,
    createdAt: now,
    updatedAt: now,
    revision: 1,
  };
  const answer = JSON.stringify(request.render(connector));
  const remembered: Remembered | null = tokenKey === null ? null : { tokenKey, requestHash, answer };
  switch (await deps.registry.completeConnector(connector, requestHash, remembered)) {
    case 'completed':
      return ok(connector);
    case 'manager_missing':
      return refuse({ reason: 'not_found', resource: 'manager' });
    case 'manager_full':
      return refuse(full);
    case 'provider_missing':
      return refuse({ reason: 'not_found', resource: 'credential provider' });
  }
}

async function makeMaterial(
  deps: ConnectorsDeps,
  { type, signerUri }: Pick<ConnectorInput, 'type' | 'signerUri'>,
  provider: string | null,
  ids: { readonly managerId: string; readonly connectorId: string },
): Promise<ConnectorMaterial> {
  if (isKeyWallet(type)) return deps.provisioners[type].createConnector({ ...ids, signerUri });
  if (provider === null) throw new Error(`a ${type} connector without its credential provider`);
  return { type, credentialProviderName: provider };
}

async function readConfiguration(
  deps: ConnectorsDeps,
  type: ConnectorType,
  providers: NamedProviders = null,
): Promise<Result<NamedConfiguration, Refusal>> {
  if (isKeyWallet(type)) {
    const ignored = readIgnored(providers);
    return ignored.ok ? ok({ provider: null, ignored: ignored.value }) : ignored;
  }
  const provider = await findProvider(deps, type, providers);
  return provider.ok ? ok({ provider: provider.value, ignored: null }) : provider;
}

function readIgnored(providers: NamedProviders): Result<IgnoredConfiguration | null, Refusal> {
  if (providers === null) return ok(null);
  const types = ([...VENDORS, 'AwsBilling'] as const).filter((type) => providers[type] !== undefined);
  const [type, ...others] = types;
  if (type === undefined || others.length > 0) {
    return refuseReference('must be empty, or an entry with one of coinbaseCDP, stripePrivy and awsBilling');
  }
  return ok({ type, arn: providers[type]! });
}

/** The credential provider that a connector of a vendor names. */
async function findProvider(
  deps: ConnectorsDeps,
  type: Vendor,
  providers: NamedProviders,
): Promise<Result<string, Refusal>> {
  if (providers === null) return refuseReference('list cannot be empty');
  const { [type]: named, ...others } = providers;
  if (named === undefined || Object.keys(others).length > 0) {
    return refuse({
      reason: 'invalid_request',
      problems: [
        {
          name: 'credentialProviderConfigurations',
          message: `Connector type '${type}' does not match the provided credentialProviderConfiguration`,
        },
      ],
    });
  }
  const name = resourceIn(deps.deployment, parseProviderArn(named));
  const provider = name === null ? null : await deps.identities.readProvider(name);
  if (provider === null) return refuse({ reason: 'not_found', resource: 'credential provider' });
  return provider.configuration.vendor === type ? ok(provider.name) : refuseVendor(provider.configuration.vendor, type);
}

function refuseReference(message: string): Result<never, Refusal> {
  const name = 'credentialProviderConfigurations';
  return refuse({ reason: 'invalid_request', problems: [{ name, message: `${name} ${message}` }] });
}

function refuseVendor(vendor: Vendor, type: Vendor): Result<never, Refusal> {
  return refuseReference(`names a credential provider of ${vendor}; expected one of ${type}`);
}

interface ConnectorName {
  readonly managerId: string;
  readonly connectorId: string;
}

/** Reads a connector; one of another manager is "not found". */
export async function getConnector(
  deps: { readonly registry: Pick<ConnectorStore, 'readConnector'> },
  input: ConnectorName,
): Promise<Result<PaymentConnector, Refusal>> {
  const connector = await deps.registry.readConnector(input.managerId, input.connectorId);
  return connector === null ? missing : ok(connector);
}

/** What is wrong with what the connector's wallets come from, `null` for nothing. A source that could not be looked at is a problem too. */
export async function findConnectorProblem(
  { provisioners }: Pick<ConnectorsDeps, 'provisioners'>,
  { material }: PaymentConnector,
): Promise<MaterialProblem | null> {
  if (!isKeyWallet(material.type)) return null;
  const unknown = 'whether the wallets can sign could not be found out: ask again';
  return provisioners[material.type]
    .findProblem(material)
    .catch(() => ({ kind: 'endangered', message: unknown }) as const);
}

/** The connectors of a manager. One that does not exist has none: AgentCore declares no "not found" here. */
export function listConnectors(
  deps: { readonly registry: Pick<ConnectorStore, 'listConnectors'> },
  managerId: string,
  page: PageRequest,
): Promise<Page<PaymentConnector>> {
  return deps.registry.listConnectors(managerId, page);
}

/** Changes the description or the credential provider. The type is for ever: there may be money behind its keys. */
export async function updateConnector<A extends object>(
  deps: ConnectorsDeps,
  input: ConnectorName & {
    readonly description?: string | undefined;
    readonly type?: ConnectorType | undefined;
    readonly providers?: NamedProviders | undefined;
    readonly clientToken?: string | undefined;
  },
  render: Render<PaymentConnector, A>,
): Promise<Result<A, Refusal>> {
  const scope = ['UpdatePaymentConnector', input.managerId, input.connectorId];
  return changeOnce(deps, { scope, input }, render, async () => {
    const found = await getConnector(deps, input);
    if (!found.ok) return found;
    const connector = found.value;
    const configured = await nextConfiguration(deps, connector, input);
    if (!configured.ok) return configured;
    const next: PaymentConnector = {
      ...connector,
      description: input.description ?? connector.description,
      ...configured.value,
      updatedAt: deps.clock.now(),
      revision: connector.revision + 1,
    };
    return ok({
      changed: next,
      write: (remembered) => deps.registry.replaceConnector(next, connector, remembered),
    });
  });
}

async function nextConfiguration(
  deps: ConnectorsDeps,
  { material, ignored }: PaymentConnector,
  input: {
    readonly type?: ConnectorType | undefined;
    readonly providers?: NamedProviders | undefined;
  },
): Promise<Result<Pick<PaymentConnector, 'material' | 'ignored'>, Refusal>> {
  if (input.type !== undefined && input.type !== material.type) {
    const message = `type of a connector cannot change: expected ${material.type}`;
    return refuse({ reason: 'invalid_request', problems: [{ name: 'type', message }] });
  }
  if (input.providers === undefined) return ok({ material, ignored });
  const named = await readConfiguration(deps, material.type, input.providers);
  if (!named.ok) return named;
  const { provider } = named.value;
  return ok({
    material: provider === null ? material : { ...material, credentialProviderName: provider },
    ignored: named.value.ignored,
  });
}

/** Deletes a connector that has no instruments any more. Seeds and keys stay, and so does whatever money is behind them. */
export async function deleteConnector<A extends object>(
  deps: ConnectorsDeps,
  input: ConnectorName & { readonly clientToken?: string | undefined },
  render: Render<PaymentConnector, A>,
): Promise<Result<A, Refusal>> {
  const scope = ['DeletePaymentConnector', input.managerId, input.connectorId];
  return changeOnce(deps, { scope, input }, render, async () => {
    const found = await getConnector(deps, input);
    if (!found.ok) return found;
    return ok({
      changed: found.value,
      write: (remembered) => deps.registry.deleteConnector(found.value, remembered, deps.clock.now()),
      inUse: { reason: 'conflict', message: 'The connector has payment instruments: delete them first' },
    });
  });
}

/**
 * Refuses to rotate credentials. AgentCore rotates those of connectors that it provisioned itself (QUICK_CREATE); here all
 * credentials are the deployer's own, and are replaced by `UpdatePaymentCredentialProvider`.
 */
export async function rotateCredentials(
  deps: { readonly registry: Pick<ConnectorStore, 'readConnector'> },
  input: ConnectorName,
): Promise<Result<never, Refusal>> {
  const found = await getConnector(deps, input);
  if (!found.ok) return found;
  const message =
    'Credentials of a MANUAL connector are not rotated here: make new ones with the provider and store them with UpdatePaymentCredentialProvider';
  return refuse({ reason: 'resource_conflict', message });
}
