import type { Answer } from '../../contract/client-types.ts';
import { regionOfFunction } from '../../domain/function-arn.ts';
import { formatManagerArn, formatProviderArn, formatWorkloadArn, type Deployment } from '../../domain/ids.ts';
import type { MaterialProblem } from '../../domain/ports/services.ts';
import type { IgnoredConfiguration, PaymentConnector, PaymentManager } from '../../domain/tenants/resources.ts';
import { formatInstant } from '../../domain/time.ts';
import { toAuthorizerConfiguration } from './authorizer.ts';

// AgentCore's shapes of managers and connectors; each operation answers other members.

function toManagerHead(deployment: Deployment, manager: PaymentManager) {
  return {
    paymentManagerArn: formatManagerArn(deployment, manager.managerId),
    paymentManagerId: manager.managerId,
    name: manager.name,
    authorizerType: manager.authorizer.type,
    roleArn: manager.roleArn,
    status: manager.status,
  };
}

function toWorkload(deployment: Deployment, { workloadName }: PaymentManager) {
  return { workloadIdentityDetails: { workloadIdentityArn: formatWorkloadArn(deployment, workloadName) } };
}

function toConfiguration({ authorizer }: PaymentManager) {
  return authorizer.type === 'AWS_IAM' ? {} : { authorizerConfiguration: toAuthorizerConfiguration(authorizer.jwt) };
}

function toDescription({ description }: { readonly description: string | null }) {
  return description === null ? {} : { description };
}

export function toCreatedManager(deployment: Deployment, manager: PaymentManager) {
  return {
    ...toManagerHead(deployment, manager),
    ...toConfiguration(manager),
    ...toWorkload(deployment, manager),
    ...(manager.tags === null ? {} : { tags: manager.tags }),
    createdAt: formatInstant(manager.createdAt),
  };
}

export function toManagerView(deployment: Deployment, manager: PaymentManager) {
  return {
    ...toCreatedManager(deployment, manager),
    ...toDescription(manager),
    lastUpdatedAt: formatInstant(manager.updatedAt),
  };
}

export function toUpdatedManager(deployment: Deployment, manager: PaymentManager) {
  return {
    ...toManagerHead(deployment, manager),
    ...toWorkload(deployment, manager),
    lastUpdatedAt: formatInstant(manager.updatedAt),
  };
}

export function toManagerSummary(deployment: Deployment, manager: PaymentManager) {
  return {
    ...toManagerHead(deployment, manager),
    ...toDescription(manager),
    createdAt: formatInstant(manager.createdAt),
    lastUpdatedAt: formatInstant(manager.updatedAt),
  };
}

type ProviderReferences = Answer<'GetPaymentConnector'>['credentialProviderConfigurations'];

/** Wallets that Bursar keeps itself have no credentials: an empty list, or what a client had to send, as ignored. */
function toProviderReferences(deployment: Deployment, { material, ignored }: PaymentConnector): ProviderReferences {
  if (!('credentialProviderName' in material)) return ignored === null ? [] : [toIgnoredReference(ignored)];
  const reference = { credentialProviderArn: formatProviderArn(deployment, material.credentialProviderName) };
  return [material.type === 'CoinbaseCDP' ? { coinbaseCDP: reference } : { stripePrivy: reference }];
}

function toIgnoredReference({ type, arn }: IgnoredConfiguration): ProviderReferences[number] {
  switch (type) {
    case 'CoinbaseCDP':
      return { coinbaseCDP: { credentialProviderArn: arn, ignored: true } };
    case 'StripePrivy':
      return { stripePrivy: { credentialProviderArn: arn, ignored: true } };
    case 'AwsBilling':
      return { awsBilling: { iamRoleArn: arn, ignored: true } };
  }
}

function toSigner({ material }: PaymentConnector) {
  if (!('publicKey' in material)) return {};
  const { uri, publicKey } = material;
  return { signer: { ...(regionOfFunction(uri) === null ? { url: uri } : { functionArn: uri }), publicKey } };
}

function toConnectorHead(connector: PaymentConnector) {
  return {
    paymentConnectorId: connector.connectorId,
    name: connector.name,
    type: connector.material.type,
    status: connector.status,
  };
}

export function toCreatedConnector(deployment: Deployment, connector: PaymentConnector) {
  return {
    ...toConnectorHead(connector),
    paymentManagerId: connector.managerId,
    credentialProviderConfigurations: toProviderReferences(deployment, connector),
    ...toSigner(connector),
    createdAt: formatInstant(connector.createdAt),
  };
}

/** @param problem what is wrong with what its wallets come from; beside AgentCore's members. One that can't sign is not READY. */
export function toConnectorView(deployment: Deployment, connector: PaymentConnector, problem: MaterialProblem | null) {
  return {
    ...toConnectorHead(connector),
    ...(problem === null ? {} : { problem: problem.message }),
    ...(problem?.kind === 'lost' ? { status: 'UPDATE_FAILED' as const } : {}),
    ...toDescription(connector),
    provisionMode: 'MANUAL' as const,
    credentialProviderConfigurations: toProviderReferences(deployment, connector),
    ...toSigner(connector),
    createdAt: formatInstant(connector.createdAt),
    lastUpdatedAt: formatInstant(connector.updatedAt),
  };
}

export function toUpdatedConnector(deployment: Deployment, connector: PaymentConnector) {
  return {
    ...toConnectorHead(connector),
    paymentManagerId: connector.managerId,
    credentialProviderConfigurations: toProviderReferences(deployment, connector),
    ...toSigner(connector),
    lastUpdatedAt: formatInstant(connector.updatedAt),
  };
}

/** What a deletion answers: AgentCore deletes later, Bursar has deleted already. */
export function toDeletedManager({ managerId }: PaymentManager) {
  return { status: 'DELETING', paymentManagerId: managerId } as const;
}

export function toDeletedConnector({ connectorId }: PaymentConnector) {
  return { status: 'DELETING', paymentConnectorId: connectorId } as const;
}

export function toConnectorSummary(connector: PaymentConnector) {
  return {
    ...toConnectorHead(connector),
    provisionMode: 'MANUAL' as const,
    lastUpdatedAt: formatInstant(connector.updatedAt),
  };
}
