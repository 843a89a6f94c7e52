import * as v from 'valibot';
import { parseProviderArn } from '../../domain/ids.ts';
import { clientToken, connectorId, description, managerId } from '../fields/names.ts';
import { pageMembersOfQuery, toPage } from '../fields/pages.ts';
import { text } from '../fields/text.ts';
import { define } from '../define.ts';
import type { OperationTable } from '../route.ts';

const operator = ['ControlPlaneRole'] as const;
const operatorReads = ['ControlPlaneRole', 'ObserverRole'] as const;

/** Connectors: the wallet providers of a manager; AgentCore's control plane. */
export const CONNECTOR_ROUTES = {
  CreatePaymentConnector: {
    method: 'POST',
    path: '/payments/managers/{paymentManagerId}/connectors',
    successStatus: 202,
    function: 'manage-connectors',
    roles: operator,
    user: 'none',
    oauth: null,
    summary: 'Adds a wallet provider to a payment manager.',
  },
  GetPaymentConnector: {
    method: 'GET',
    path: '/payments/managers/{paymentManagerId}/connectors/{paymentConnectorId}',
    successStatus: 200,
    function: 'manage-connectors',
    roles: operatorReads,
    user: 'none',
    oauth: null,
    summary: 'Reads a connector.',
  },
  UpdatePaymentConnector: {
    method: 'PATCH',
    path: '/payments/managers/{paymentManagerId}/connectors/{paymentConnectorId}',
    successStatus: 202,
    function: 'manage-connectors',
    roles: operator,
    user: 'none',
    oauth: null,
    summary: 'Changes the description or the credential provider of a connector.',
  },
  DeletePaymentConnector: {
    method: 'DELETE',
    path: '/payments/managers/{paymentManagerId}/connectors/{paymentConnectorId}',
    successStatus: 202,
    function: 'manage-connectors',
    roles: operator,
    user: 'none',
    oauth: null,
    query: { clientToken: 'one' },
    summary: 'Deletes a connector that has no instruments any more; its keys stay.',
  },
  ListPaymentConnectors: {
    method: 'POST',
    path: '/payments/managers/{paymentManagerId}/connectors-list',
    successStatus: 200,
    function: 'manage-connectors',
    roles: operatorReads,
    user: 'none',
    oauth: null,
    query: { maxResults: 'one', nextToken: 'one' },
    summary: 'Lists the connectors of a payment manager.',
  },
  RotatePaymentConnectorCredentials: {
    method: 'POST',
    path: '/payments/managers/{paymentManagerId}/connectors/{paymentConnectorId}/rotate-credentials',
    successStatus: 202,
    function: 'manage-connectors',
    roles: operator,
    user: 'none',
    oauth: null,
    summary: 'Rotates credentials that AgentCore made itself; Bursar makes none and refuses.',
  },
} as const satisfies OperationTable;

function toConnectorName(members: {
  readonly paymentManagerId: string;
  readonly paymentConnectorId: string;
  readonly clientToken?: string | undefined;
}) {
  const { paymentManagerId: managerName, paymentConnectorId: connectorName, clientToken: token } = members;
  return { managerId: managerName, connectorId: connectorName, clientToken: token };
}

const type = /* @__PURE__ */ define(() =>
  v.picklist(
    ['AwsKms', 'SeedVault', 'CoinbaseCDP', 'StripePrivy'],
    'must be AwsKms, SeedVault, CoinbaseCDP or StripePrivy',
  ),
);

/** At most one entry, which becomes the providers that it names by vendor; `null` for an empty list. */
const credentialProviderConfigurations = /* @__PURE__ */ define(() => {
  const provider = v.object({
    credentialProviderArn: v.pipe(
      text(69, 2_048, {
        pattern:
          /^arn:aws(?:-[a-z0-9-]+)?:(?:acps|bedrock-agentcore):[A-Za-z0-9-]{1,64}:[0-9]{12}:token-vault\/[a-zA-Z0-9.-]+\/paymentcredentialprovider\/[a-zA-Z0-9._-]+$/,
        expected: 'the ARN of a payment credential provider',
      }),
      v.transform(parseProviderArn),
    ),
  });
  return v.optional(
    v.pipe(
      v.array(
        v.pipe(
          v.object({ coinbaseCDP: v.optional(provider), stripePrivy: v.optional(provider) }),
          v.transform(({ coinbaseCDP, stripePrivy }) => ({
            ...(coinbaseCDP === undefined ? {} : { CoinbaseCDP: coinbaseCDP.credentialProviderArn }),
            ...(stripePrivy === undefined ? {} : { StripePrivy: stripePrivy.credentialProviderArn }),
          })),
        ),
        'must be a list',
      ),
      v.maxLength(1, 'must hold at most one entry'),
      v.transform(([first]) => first ?? null),
    ),
  );
});

export const CONNECTOR_REQUESTS = /* @__PURE__ */ define(() => {
  const manager = { paymentManagerId: managerId };
  const connector = { ...manager, paymentConnectorId: connectorId };
  return {
    CreatePaymentConnector: v.pipe(
      v.object({
        ...manager,
        clientToken,
        name: text(1, 48, {
          pattern: /^[a-zA-Z][a-zA-Z0-9_]{0,47}$/,
          expected: 'a letter followed by letters, digits and underscores',
        }),
        description,
        type,
        provisionMode: v.optional(
          v.literal('MANUAL', "must be MANUAL; QUICK_CREATE needs AWS's own contract with the provider"),
        ),
        credentialProviderConfigurations,
      }),
      v.transform((members) => ({
        managerId: members.paymentManagerId,
        name: members.name,
        description: members.description,
        type: members.type,
        providers: members.credentialProviderConfigurations,
        clientToken: members.clientToken,
      })),
    ),
    GetPaymentConnector: v.pipe(
      v.object(connector),
      v.transform((members) => toConnectorName(members)),
    ),
    UpdatePaymentConnector: v.pipe(
      v.object({
        ...connector,
        clientToken,
        description,
        type: v.optional(type),
        credentialProviderConfigurations,
      }),
      v.transform((members) => ({
        ...toConnectorName(members),
        description: members.description,
        type: members.type,
        providers: members.credentialProviderConfigurations,
      })),
    ),
    DeletePaymentConnector: v.pipe(
      v.object({ ...connector, clientToken }),
      v.transform((members) => toConnectorName(members)),
    ),
    ListPaymentConnectors: v.pipe(
      v.object({ ...manager, ...pageMembersOfQuery }),
      v.transform((members) => ({ managerId: members.paymentManagerId, page: toPage(members) })),
    ),
    RotatePaymentConnectorCredentials: v.pipe(
      v.object({
        ...connector,
        clientToken,
        credentialsToRotate: v.object({
          coinbaseCDP: v.object({
            secrets: v.pipe(
              v.array(v.picklist(['API_KEY', 'WALLET_SECRET'], 'must be API_KEY or WALLET_SECRET'), 'must be a list'),
              v.minLength(1, 'must have at least one entry'),
              v.maxLength(2, 'must have at most 2 entries'),
            ),
          }),
        }),
      }),
      v.transform((members) => toConnectorName(members)),
    ),
  } as const;
});
