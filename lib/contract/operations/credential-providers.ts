import * as v from 'valibot';
import { PROVIDER_SECRET_MAX_CHARS } from '../../domain/provider-limits.ts';
import { providerName, tags } from '../fields/names.ts';
import { identityPageMembers, toIdentityPage } from '../fields/pages.ts';
import { oneMember, text } from '../fields/text.ts';
import { define } from '../define.ts';
import type { FamilyDocument } from '../document.ts';
import { epochSeconds, nextToken, nothing, said, tagSet } from '../fields/answers.ts';
import { CREATED_SECONDS, PROVIDER_ARN } from '../fields/examples.ts';
import type { OperationTable } from '../route.ts';

const operator = ['ControlPlaneRole'] as const;
const operatorReads = ['ControlPlaneRole', 'ObserverRole'] as const;

/** Credential providers: where the API secrets of wallet providers lie. */
export const CREDENTIAL_PROVIDER_ROUTES = {
  CreatePaymentCredentialProvider: {
    method: 'POST',
    path: '/identities/CreatePaymentCredentialProvider',
    successStatus: 201,
    function: 'manage-identities',
    roles: operator,
    user: 'none',
    oauth: null,
    hasSecrets: true,
  },
  GetPaymentCredentialProvider: {
    method: 'POST',
    path: '/identities/GetPaymentCredentialProvider',
    successStatus: 200,
    function: 'manage-identities',
    roles: operatorReads,
    user: 'none',
    oauth: null,
  },
  UpdatePaymentCredentialProvider: {
    method: 'POST',
    path: '/identities/UpdatePaymentCredentialProvider',
    successStatus: 200,
    function: 'manage-identities',
    roles: operator,
    user: 'none',
    oauth: null,
    hasSecrets: true,
  },
  DeletePaymentCredentialProvider: {
    method: 'POST',
    path: '/identities/DeletePaymentCredentialProvider',
    successStatus: 204,
    function: 'manage-identities',
    roles: operator,
    user: 'none',
    oauth: null,
  },
  ListPaymentCredentialProviders: {
    method: 'POST',
    path: '/identities/ListPaymentCredentialProviders',
    successStatus: 200,
    function: 'manage-identities',
    roles: operatorReads,
    user: 'none',
    oauth: null,
  },
} as const satisfies OperationTable;

/** A secret that is there and empty is one that is left out: AgentCore's model has it so for those that are kept elsewhere. */
function secretOf(pattern: RegExp, expected: string) {
  return v.optional(
    v.pipe(
      text(0, PROVIDER_SECRET_MAX_CHARS, { pattern, expected }),
      v.transform((value) => (value === '' ? undefined : value)),
    ),
  );
}

function toProvider<C>(members: {
  readonly name: string;
  readonly credentialProviderVendor: 'CoinbaseCDP' | 'StripePrivy';
  readonly providerConfigurationInput: C;
}) {
  const { name, credentialProviderVendor: vendor, providerConfigurationInput: configuration } = members;
  return { name, vendor, configuration };
}

/** The configuration of one vendor. */
const providerConfigurationInput = /* @__PURE__ */ define(() => {
  const secret = secretOf(/^[a-zA-Z0-9+/=\-_\s]*$/, 'base64, letters, digits, - and _');
  /** `wallet-auth:` stands before a private key as Privy shows it. */
  const privateKey = secretOf(/^(wallet-auth:)?[a-zA-Z0-9+/=\-_\s]*$/, 'a private key in base64');
  const source = v.optional(v.picklist(['MANAGED', 'EXTERNAL'], 'must be MANAGED or EXTERNAL'));
  const reference = v.optional(v.object({ secretId: text(1, 2_048), jsonKey: text(1, 128) }));
  /** Wider than AgentCore's letters, digits, - and _: Coinbase's older key ids have slashes. */
  const accountId = text(1, 512, { pattern: /^[\x21-\x7e]+$/, expected: 'printable ASCII without spaces' });
  /** It becomes the user name of a basic token, which ends at a colon. */
  const appId = text(1, 512, {
    pattern: /^[\x21-\x39\x3b-\x7e]+$/,
    expected: 'printable ASCII without spaces and colons',
  });
  const coinbase = v.pipe(
    v.object({
      apiKeyId: accountId,
      apiKeySecret: secret,
      apiKeySecretSource: source,
      apiKeySecretConfig: reference,
      walletSecret: secret,
      walletSecretSource: source,
      walletSecretConfig: reference,
    }),
    v.transform((members) => ({
      vendor: 'CoinbaseCDP' as const,
      apiKeyId: members.apiKeyId,
      apiKeySecret: {
        value: members.apiKeySecret,
        source: members.apiKeySecretSource,
        reference: members.apiKeySecretConfig,
      },
      walletSecret: {
        value: members.walletSecret,
        source: members.walletSecretSource,
        reference: members.walletSecretConfig,
      },
    })),
  );
  const privy = v.pipe(
    v.object({
      appId,
      appSecret: secret,
      appSecretSource: source,
      appSecretConfig: reference,
      authorizationPrivateKey: privateKey,
      authorizationPrivateKeySource: source,
      authorizationPrivateKeyConfig: reference,
      authorizationId: accountId,
    }),
    v.transform((members) => ({
      vendor: 'StripePrivy' as const,
      appId: members.appId,
      authorizationId: members.authorizationId,
      appSecret: { value: members.appSecret, source: members.appSecretSource, reference: members.appSecretConfig },
      authorizationPrivateKey: {
        value: members.authorizationPrivateKey,
        source: members.authorizationPrivateKeySource,
        reference: members.authorizationPrivateKeyConfig,
      },
    })),
  );
  return v.pipe(
    v.object({ coinbaseCdpConfiguration: v.optional(coinbase), stripePrivyConfiguration: v.optional(privy) }),
    oneMember(['coinbaseCdpConfiguration', 'stripePrivyConfiguration']),
    // One of the two is there: the check before this says so.
    v.transform(({ coinbaseCdpConfiguration, stripePrivyConfiguration }) =>
      coinbaseCdpConfiguration === undefined ? stripePrivyConfiguration! : coinbaseCdpConfiguration,
    ),
  );
});

export const CREDENTIAL_PROVIDER_REQUESTS = /* @__PURE__ */ define(() => {
  const vendor = v.picklist(['CoinbaseCDP', 'StripePrivy'], 'must be CoinbaseCDP or StripePrivy');
  const provider = {
    name: providerName,
    credentialProviderVendor: vendor,
    providerConfigurationInput,
  };
  const name = v.object({ name: providerName });
  return {
    CreatePaymentCredentialProvider: v.pipe(
      v.object({ ...provider, tags }),
      v.transform((members) => ({ ...toProvider(members), tags: members.tags })),
    ),
    GetPaymentCredentialProvider: name,
    UpdatePaymentCredentialProvider: v.pipe(v.object(provider), v.transform(toProvider)),
    DeletePaymentCredentialProvider: name,
    ListPaymentCredentialProviders: v.pipe(
      v.object(identityPageMembers),
      v.transform((members) => ({ page: toIdentityPage(members) })),
    ),
  } as const;
});

export const CREDENTIAL_PROVIDER_ANSWERS = /* @__PURE__ */ define(() => {
  const secretArn = v.strictObject({ secretArn: v.string() });
  const jsonKey = said(v.string(), "the member of the secret's JSON object");
  const source = said(v.picklist(['MANAGED', 'EXTERNAL']), 'whether Bursar made the secret');
  const configuration = v.union([
    v.strictObject({
      coinbaseCdpConfiguration: v.strictObject({
        apiKeyId: v.string(),
        apiKeySecretArn: secretArn,
        apiKeySecretJsonKey: jsonKey,
        apiKeySecretSource: source,
        walletSecretArn: v.optional(secretArn),
        walletSecretJsonKey: v.optional(jsonKey),
        walletSecretSource: v.optional(source),
      }),
    }),
    v.strictObject({
      stripePrivyConfiguration: v.strictObject({
        appId: v.string(),
        authorizationId: v.string(),
        appSecretArn: secretArn,
        appSecretJsonKey: jsonKey,
        appSecretSource: source,
        authorizationPrivateKeyArn: secretArn,
        authorizationPrivateKeyJsonKey: jsonKey,
        authorizationPrivateKeySource: source,
      }),
    }),
  ]);
  const head = {
    name: v.string(),
    credentialProviderVendor: v.picklist(['CoinbaseCDP', 'StripePrivy']),
    credentialProviderArn: v.string(),
  };
  const output = {
    providerConfigurationOutput: said(configuration, 'names and places of the secrets, never the secrets'),
  };
  const times = { createdTime: epochSeconds, lastUpdatedTime: epochSeconds };
  return {
    CreatePaymentCredentialProvider: v.strictObject({ ...head, ...output }),
    GetPaymentCredentialProvider: v.strictObject({ ...head, ...output, ...times, tags: v.optional(tagSet) }),
    UpdatePaymentCredentialProvider: v.strictObject({ ...head, ...output, ...times }),
    DeletePaymentCredentialProvider: nothing,
    ListPaymentCredentialProviders: v.strictObject({
      credentialProviders: v.array(v.strictObject({ ...head, ...times })),
      nextToken,
    }),
  } as const;
});

const coinbaseOutput = {
  coinbaseCdpConfiguration: {
    apiKeyId: 'organizations/1/apiKeys/2',
    apiKeySecretArn: {
      secretArn: 'arn:aws:secretsmanager:us-east-1:111122223333:secret:bursar/coinbase/apikey-AbCdEf',
    },
    apiKeySecretJsonKey: 'apiKeySecret',
    apiKeySecretSource: 'MANAGED',
  },
} as const;

export const CREDENTIAL_PROVIDER_DOCUMENT = {
  tag: 'Credential providers',
  description: 'A credential provider is where the API secrets of a wallet provider lie. They are never answered.',
  operations: {
    CreatePaymentCredentialProvider: {
      summary: 'Stores the API secrets of a wallet provider, or refers to secrets stored elsewhere.',
      request: {
        name: 'coinbase',
        credentialProviderVendor: 'CoinbaseCDP',
        providerConfigurationInput: {
          coinbaseCdpConfiguration: {
            apiKeyId: 'organizations/1/apiKeys/2',
            apiKeySecret: 'the-secret-of-the-API-key',
          },
        },
      },
      answer: {
        name: 'coinbase',
        credentialProviderVendor: 'CoinbaseCDP',
        credentialProviderArn: PROVIDER_ARN,
        providerConfigurationOutput: coinbaseOutput,
      },
    },
    GetPaymentCredentialProvider: {
      summary: 'Reads a credential provider, without its secrets.',
      request: { name: 'coinbase' },
      answer: {
        name: 'coinbase',
        credentialProviderVendor: 'CoinbaseCDP',
        credentialProviderArn: PROVIDER_ARN,
        providerConfigurationOutput: coinbaseOutput,
        createdTime: CREATED_SECONDS,
        lastUpdatedTime: CREATED_SECONDS,
        tags: { team: 'research' },
      },
    },
    UpdatePaymentCredentialProvider: {
      summary: 'Replaces the secrets of a credential provider.',
      request: {
        name: 'coinbase',
        credentialProviderVendor: 'CoinbaseCDP',
        providerConfigurationInput: {
          coinbaseCdpConfiguration: {
            apiKeyId: 'organizations/1/apiKeys/2',
            apiKeySecretSource: 'EXTERNAL',
            apiKeySecretConfig: { secretId: 'our-own/coinbase', jsonKey: 'apiKey' },
          },
        },
      },
      answer: {
        name: 'coinbase',
        credentialProviderVendor: 'CoinbaseCDP',
        credentialProviderArn: PROVIDER_ARN,
        providerConfigurationOutput: {
          coinbaseCdpConfiguration: {
            apiKeyId: 'organizations/1/apiKeys/2',
            apiKeySecretArn: { secretArn: 'arn:aws:secretsmanager:us-east-1:111122223333:secret:our-own/coinbase' },
            apiKeySecretJsonKey: 'apiKey',
            apiKeySecretSource: 'EXTERNAL',
          },
        },
        createdTime: CREATED_SECONDS,
        lastUpdatedTime: CREATED_SECONDS,
      },
    },
    DeletePaymentCredentialProvider: {
      summary: 'Deletes a credential provider that no connector uses; its own secrets can be recovered for a month.',
      request: { name: 'coinbase' },
      answer: null,
    },
    ListPaymentCredentialProviders: {
      summary: 'Lists the credential providers of the deployment.',
      request: { maxResults: 10 },
      answer: {
        credentialProviders: [
          {
            name: 'coinbase',
            credentialProviderVendor: 'CoinbaseCDP',
            credentialProviderArn: PROVIDER_ARN,
            createdTime: CREATED_SECONDS,
            lastUpdatedTime: CREATED_SECONDS,
          },
        ],
      },
    },
  },
} as const satisfies FamilyDocument<
  typeof CREDENTIAL_PROVIDER_ROUTES,
  typeof CREDENTIAL_PROVIDER_REQUESTS,
  typeof CREDENTIAL_PROVIDER_ANSWERS
>;
