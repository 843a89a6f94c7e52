import * as v from 'valibot';
import { clientToken, connectorId, description, managerId } from '../fields/names.ts';
import { pageMembersOfQuery, toPage } from '../fields/pages.ts';
import { text } from '../fields/text.ts';
import { define } from '../define.ts';
import { regionOfFunction } from '../../domain/function-arn.ts';
import { URL_MAX_CHARS } from '../../domain/limits.ts';
import type { FamilyDocument } from '../document.ts';
import { instant, nextToken, said } from '../fields/answers.ts';
import { CLIENT_TOKEN, CONNECTOR_ID, CREATED_AT, MANAGER_ID, PROVIDER_ARN, UPDATED_AT } from '../fields/examples.ts';
import type { OperationTable } from '../route.ts';
import { connectorTypes } from '../../wallets/catalogue.ts';

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
  },
  GetPaymentConnector: {
    method: 'GET',
    path: '/payments/managers/{paymentManagerId}/connectors/{paymentConnectorId}',
    successStatus: 200,
    function: 'manage-connectors',
    roles: operatorReads,
    user: 'none',
    oauth: null,
  },
  UpdatePaymentConnector: {
    method: 'PATCH',
    path: '/payments/managers/{paymentManagerId}/connectors/{paymentConnectorId}',
    successStatus: 202,
    function: 'manage-connectors',
    roles: operator,
    user: 'none',
    oauth: null,
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
  },
  RotatePaymentConnectorCredentials: {
    method: 'POST',
    path: '/payments/managers/{paymentManagerId}/connectors/{paymentConnectorId}/rotate-credentials',
    successStatus: 202,
    function: 'manage-connectors',
    roles: operator,
    user: 'none',
    oauth: null,
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

const type = /* @__PURE__ */ define(() => {
  const types = connectorTypes();
  const expected = `must be ${types.slice(0, -1).join(', ')} or ${types.at(-1)}`;
  return v.picklist(types, ({ input }) =>
    input === 'AwsBilling'
      ? `${expected}: an AwsBilling connector charges an account through AWS Marketplace, which Bursar does not`
      : expected,
  );
});

/** At most one entry, which becomes the ARNs that it names by the type of connector; `null` for an empty list. */
const credentialProviderConfigurations = /* @__PURE__ */ define(() => {
  const provider = v.object({
    credentialProviderArn: v.pipe(
      text(69, 2_048, {
        pattern:
          /^arn:aws(?:-[a-z0-9-]+)?:(?:acps|bedrock-agentcore):[A-Za-z0-9-]{1,64}:[0-9]{12}:token-vault\/[a-zA-Z0-9.-]+\/paymentcredentialprovider\/[a-zA-Z0-9._-]+$/,
        expected: 'the ARN of a payment credential provider',
      }),
    ),
  });
  const billing = v.object({
    iamRoleArn: text(1, 2_048, {
      pattern: /^arn:aws(?:-[a-z0-9-]+)?:iam::(?:[0-9]{12})?:role\/.+$/,
      expected: 'the ARN of a role',
    }),
  });
  return v.optional(
    v.pipe(
      v.array(
        v.pipe(
          v.object({
            coinbaseCDP: v.optional(provider),
            stripePrivy: v.optional(provider),
            awsBilling: v.optional(billing),
          }),
          v.transform(({ coinbaseCDP, stripePrivy, awsBilling }) => ({
            ...(coinbaseCDP === undefined ? {} : { CoinbaseCDP: coinbaseCDP.credentialProviderArn }),
            ...(stripePrivy === undefined ? {} : { StripePrivy: stripePrivy.credentialProviderArn }),
            ...(awsBilling === undefined ? {} : { AwsBilling: awsBilling.iamRoleArn }),
          })),
        ),
        'must be a list',
      ),
      v.maxLength(1, 'must hold at most one entry'),
      v.transform(([first]) => first ?? null),
    ),
  );
});

/** Compared whole with the origins that the deployment allows; nothing in it may be hidden from logs or redirect elsewhere. */
const signerUrl = /* @__PURE__ */ define(() =>
  v.pipe(
    text(1, URL_MAX_CHARS),
    v.check((value) => {
      const url = URL.canParse(value) ? new URL(value) : null;
      const isWeb = url?.protocol === 'https:' || url?.protocol === 'http:';
      return isWeb && url.href === value && url.username === '' && url.hash === '' && url.search === '';
    }, 'must be an absolute web URL in its normal form, without name, query and fragment'),
  ),
);

/** Compared whole with the functions that the deployment allows. */
const signerFunction = /* @__PURE__ */ define(() =>
  v.pipe(
    text(1, URL_MAX_CHARS),
    v.check(
      (value) => regionOfFunction(value) !== null,
      'must be the ARN of a Lambda function with its alias or version',
    ),
  ),
);

/** Where a signer is asked. It becomes the one text that is kept of it. */
const signerPlace = /* @__PURE__ */ define(() =>
  v.pipe(
    v.object({ url: v.optional(signerUrl), functionArn: v.optional(signerFunction) }),
    v.check(
      ({ url, functionArn }) => (url === undefined) !== (functionArn === undefined),
      'must have one of url and functionArn',
    ),
    v.transform(({ url, functionArn }) => url ?? functionArn),
  ),
);

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
        signer: v.optional(signerPlace),
      }),
      v.transform((members) => ({
        managerId: members.paymentManagerId,
        signerUri: members.signer,
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

export const CONNECTOR_ANSWERS = /* @__PURE__ */ define(() => {
  const head = {
    paymentConnectorId: v.string(),
    name: v.string(),
    type,
    status: said(v.picklist(['READY']), 'a connector is ready at once'),
  };
  const manager = { paymentManagerId: v.string() };
  const ignored = v.optional(
    said(v.literal(true), 'what was sent here had no effect, since Bursar keeps these wallets. Not in AgentCore'),
  );
  const provider = v.strictObject({ credentialProviderArn: v.string(), ignored });
  const billing = v.strictObject({ iamRoleArn: v.string(), ignored });
  const credentials = {
    credentialProviderConfigurations: said(
      v.array(
        v.union([
          v.strictObject({ coinbaseCDP: provider }),
          v.strictObject({ stripePrivy: provider }),
          v.strictObject({ awsBilling: billing }),
        ]),
      ),
      'where Bursar keeps the wallets itself, empty or what was sent, as `ignored`',
    ),
  };
  const mode = { provisionMode: v.literal('MANUAL') };
  const signer = v.optional(
    said(
      v.strictObject({ url: v.optional(v.string()), functionArn: v.optional(v.string()), publicKey: v.string() }),
      'of an ExternalSigner: where it is asked, one of `url` and `functionArn`, and the Ed25519 key that requests are verified with, in base64url. Not in AgentCore',
    ),
  );
  return {
    CreatePaymentConnector: v.strictObject({ ...head, ...manager, ...credentials, signer, createdAt: instant }),
    GetPaymentConnector: v.strictObject({
      ...head,
      status: said(v.picklist(['READY', 'UPDATE_FAILED']), 'UPDATE_FAILED where its wallets can no longer sign'),
      problem: v.optional(
        said(v.string(), 'what is wrong with the seed or the credentials of its wallets. Not in AgentCore'),
      ),
      description: v.optional(v.string()),
      ...mode,
      ...credentials,
      signer,
      createdAt: instant,
      lastUpdatedAt: instant,
    }),
    UpdatePaymentConnector: v.strictObject({ ...head, ...manager, ...credentials, signer, lastUpdatedAt: instant }),
    DeletePaymentConnector: v.strictObject({
      status: said(v.literal('DELETING'), "AgentCore's word; the connector is gone at once"),
      paymentConnectorId: v.string(),
    }),
    ListPaymentConnectors: v.strictObject({
      paymentConnectors: v.array(v.strictObject({ ...head, ...mode, lastUpdatedAt: instant })),
      nextToken,
    }),
    RotatePaymentConnectorCredentials: v.never(),
  } as const;
});

export const CONNECTOR_DOCUMENT = {
  tag: 'Connectors',
  description: 'A connector is one wallet provider of a payment manager.',
  operations: {
    CreatePaymentConnector: {
      summary: 'Adds a wallet provider to a payment manager.',
      request: { paymentManagerId: MANAGER_ID, name: 'seed', type: 'SeedVault', clientToken: CLIENT_TOKEN },
      answer: {
        paymentConnectorId: CONNECTOR_ID,
        name: 'seed',
        type: 'SeedVault',
        status: 'READY',
        paymentManagerId: MANAGER_ID,
        credentialProviderConfigurations: [],
        createdAt: CREATED_AT,
      },
    },
    GetPaymentConnector: {
      summary: 'Reads a connector.',
      request: { paymentManagerId: MANAGER_ID, paymentConnectorId: CONNECTOR_ID },
      answer: {
        paymentConnectorId: CONNECTOR_ID,
        name: 'seed',
        type: 'SeedVault',
        status: 'READY',
        provisionMode: 'MANUAL',
        credentialProviderConfigurations: [],
        createdAt: CREATED_AT,
        lastUpdatedAt: CREATED_AT,
      },
    },
    UpdatePaymentConnector: {
      summary: 'Changes the description or the credential provider of a connector.',
      request: {
        paymentManagerId: MANAGER_ID,
        paymentConnectorId: 'cdp-0123456789',
        credentialProviderConfigurations: [{ coinbaseCDP: { credentialProviderArn: PROVIDER_ARN } }],
      },
      answer: {
        paymentConnectorId: 'cdp-0123456789',
        name: 'cdp',
        type: 'CoinbaseCDP',
        status: 'READY',
        paymentManagerId: MANAGER_ID,
        credentialProviderConfigurations: [{ coinbaseCDP: { credentialProviderArn: PROVIDER_ARN } }],
        lastUpdatedAt: UPDATED_AT,
      },
    },
    DeletePaymentConnector: {
      summary: 'Deletes a connector that has no instruments any more; its keys stay.',
      request: { paymentManagerId: MANAGER_ID, paymentConnectorId: CONNECTOR_ID },
      answer: { status: 'DELETING', paymentConnectorId: CONNECTOR_ID },
    },
    ListPaymentConnectors: {
      summary: 'Lists the connectors of a payment manager.',
      request: { paymentManagerId: MANAGER_ID },
      answer: {
        paymentConnectors: [
          {
            paymentConnectorId: CONNECTOR_ID,
            name: 'seed',
            type: 'SeedVault',
            status: 'READY',
            provisionMode: 'MANUAL',
            lastUpdatedAt: CREATED_AT,
          },
        ],
      },
    },
    RotatePaymentConnectorCredentials: {
      summary: 'Rotates credentials that AgentCore made itself; Bursar makes none and refuses.',
      request: {
        paymentManagerId: MANAGER_ID,
        paymentConnectorId: 'cdp-0123456789',
        credentialsToRotate: { coinbaseCDP: { secrets: ['API_KEY'] } },
      },
    },
  },
} as const satisfies FamilyDocument<typeof CONNECTOR_ROUTES, typeof CONNECTOR_REQUESTS, typeof CONNECTOR_ANSWERS>;
