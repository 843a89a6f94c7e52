import * as v from 'valibot';
import { PROVIDER_SECRET_MAX_CHARS } from '../../domain/limits.ts';
import { providerName, tags } from '../fields/names.ts';
import { identityPageMembers, toIdentityPage } from '../fields/pages.ts';
import { oneMember, text } from '../fields/text.ts';
import { define } from '../define.ts';
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
    summary: 'Stores the API secrets of a wallet provider, or refers to secrets stored elsewhere.',
  },
  GetPaymentCredentialProvider: {
    method: 'POST',
    path: '/identities/GetPaymentCredentialProvider',
    successStatus: 200,
    function: 'manage-identities',
    roles: operatorReads,
    user: 'none',
    oauth: null,
    summary: 'Reads a credential provider, without its secrets.',
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
    summary: 'Replaces the secrets of a credential provider.',
  },
  DeletePaymentCredentialProvider: {
    method: 'POST',
    path: '/identities/DeletePaymentCredentialProvider',
    successStatus: 204,
    function: 'manage-identities',
    roles: operator,
    user: 'none',
    oauth: null,
    summary: 'Deletes a credential provider that no connector uses; its own secrets can be recovered for a month.',
  },
  ListPaymentCredentialProviders: {
    method: 'POST',
    path: '/identities/ListPaymentCredentialProviders',
    successStatus: 200,
    function: 'manage-identities',
    roles: operatorReads,
    user: 'none',
    oauth: null,
    summary: 'Lists the credential providers of the deployment.',
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
