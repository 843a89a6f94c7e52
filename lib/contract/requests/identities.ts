import * as v from 'valibot';
import {
  IDENTITY_PAGE_SIZE_MAX,
  NEXT_TOKEN_MAX_CHARS,
  PROVIDER_SECRET_MAX_CHARS,
  RETURN_URLS_MAX,
  TAG_KEYS_MAX,
  TOKEN_BODY_MAX_CHARS,
  URL_MAX_CHARS,
  USER_TOKEN_MAX_CHARS,
  WORKLOAD_TOKEN_MAX_CHARS,
} from '../../domain/limits.ts';
import { oneMember, tagKey, text, tags, wholeNumber } from './fields.ts';

// https://docs.aws.amazon.com/bedrock-agentcore-control/latest/APIReference/API_CreatePaymentCredentialProvider.html

const providerName = text(1, 128, { pattern: /^[a-zA-Z0-9\-_]+$/, expected: 'letters, digits, - and _' });
const workloadName = text(3, 255, { pattern: /^[A-Za-z0-9_.-]+$/, expected: 'letters, digits, _ . and -' });
const vendor = v.picklist(['CoinbaseCDP', 'StripePrivy'], 'must be CoinbaseCDP or StripePrivy');

/** A secret that is there and empty is one that is left out: AgentCore's model has it so for those that are kept elsewhere. */
function secretOf(pattern: RegExp, expected: string) {
  return v.optional(
    v.pipe(
      text(0, PROVIDER_SECRET_MAX_CHARS, { pattern, expected }),
      v.transform((value) => (value === '' ? undefined : value)),
    ),
  );
}
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

const providerConfigurationInput = v.pipe(
  v.object({
    coinbaseCdpConfiguration: v.optional(
      v.object({
        apiKeyId: accountId,
        apiKeySecret: secret,
        apiKeySecretSource: source,
        apiKeySecretConfig: reference,
        walletSecret: secret,
        walletSecretSource: source,
        walletSecretConfig: reference,
      }),
    ),
    stripePrivyConfiguration: v.optional(
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
    ),
  }),
  oneMember(['coinbaseCdpConfiguration', 'stripePrivyConfiguration']),
);
const provider = { name: providerName, credentialProviderVendor: vendor, providerConfigurationInput };

const returnUrls = v.optional(
  v.pipe(
    v.array(
      v.pipe(
        text(1, URL_MAX_CHARS, { pattern: /^[\w+.-]+:[^\s]+$/, expected: 'a URL' }),
        v.check((url) => URL.canParse(url), 'must be a URL'),
      ),
      'must be a list',
    ),
    v.maxLength(RETURN_URLS_MAX, `must have at most ${RETURN_URLS_MAX} entries`),
  ),
);
const page = {
  maxResults: v.optional(wholeNumber(1, IDENTITY_PAGE_SIZE_MAX)),
  nextToken: v.optional(text(1, NEXT_TOKEN_MAX_CHARS, { pattern: /^\S*$/, expected: 'a token without spaces' })),
};

/** Of any service, so that what is not ours is "not found" and no mistake in form. */
const resourceArn = text(20, 1_011, {
  pattern: /^arn:[^:\s]*:[a-z0-9-]+:[a-z0-9-]+:[0-9]{12}:[a-z-]+\/[^/\s]+(?:\/[a-z-]+\/[^/\s]+)*$/,
  expected: 'the ARN of a resource',
});

const requestPath = text(1, URL_MAX_CHARS, {
  pattern: /^\/[a-zA-Z0-9/_\-.~%?=&]+$/,
  expected: 'a path such as /platform/v2/evm/accounts',
});
const requestBody = text(1, TOKEN_BODY_MAX_CHARS, {
  pattern: /^[\x20-\x7e\t\r\n]+$/,
  expected: 'printable ASCII with tabs and line ends',
});
const requestHost = v.optional(
  text(1, 253, { pattern: /^[a-z0-9-]+(\.[a-z0-9-]+)+$/, expected: 'a host name in lower case' }),
);

const userToken = text(1, USER_TOKEN_MAX_CHARS, {
  pattern: /^[A-Za-z0-9_=-]+\.[A-Za-z0-9_=-]+\.[A-Za-z0-9_=-]+$/,
  expected: 'a signed JSON Web Token',
});

export const identitySchemas = {
  CreatePaymentCredentialProvider: v.object({ ...provider, tags }),
  GetPaymentCredentialProvider: v.object({ name: providerName }),
  UpdatePaymentCredentialProvider: v.object(provider),
  DeletePaymentCredentialProvider: v.object({ name: providerName }),
  ListPaymentCredentialProviders: v.object(page),
  CreateWorkloadIdentity: v.object({
    name: workloadName,
    allowedResourceOauth2ReturnUrls: returnUrls,
    tags,
  }),
  GetWorkloadIdentity: v.object({ name: workloadName }),
  UpdateWorkloadIdentity: v.object({ name: workloadName, allowedResourceOauth2ReturnUrls: returnUrls }),
  DeleteWorkloadIdentity: v.object({ name: workloadName }),
  ListWorkloadIdentities: v.object(page),
  TagResource: v.object({ resourceArn, tags: v.nonOptional(tags, 'is required') }),
  UntagResource: v.object({
    resourceArn,
    tagKeys: v.pipe(
      v.array(tagKey, 'must be a list'),
      v.minLength(1, 'must name at least one tag'),
      v.maxLength(TAG_KEYS_MAX, `must name at most ${TAG_KEYS_MAX} tags`),
    ),
  }),
  ListTagsForResource: v.object({ resourceArn }),
  GetWorkloadAccessToken: v.object({ workloadName }),
  GetWorkloadAccessTokenForJWT: v.object({ workloadName, userToken }),
  GetWorkloadAccessTokenForUserId: v.object({
    workloadName,
    userId: text(1, 128, { pattern: /^[^\p{C}]*$/u, expected: 'text without control characters' }),
  }),
  GetResourcePaymentToken: v.object({
    workloadIdentityToken: text(1, WORKLOAD_TOKEN_MAX_CHARS),
    resourceCredentialProviderName: providerName,
    paymentTokenRequest: v.pipe(
      v.object({
        coinbaseCdpTokenRequest: v.optional(
          v.object({
            requestMethod: v.picklist(
              ['GET', 'POST', 'PUT', 'DELETE', 'PATCH'],
              'must be GET, POST, PUT, DELETE or PATCH',
            ),
            requestHost,
            requestPath,
            includeWalletAuthToken: v.optional(v.boolean('must be true or false'), false),
            requestBody: v.optional(requestBody),
          }),
        ),
        stripePrivyTokenRequest: v.optional(
          v.object({
            requestHost,
            requestPath,
            requestBody,
            includeAuthorizationSignature: v.optional(v.boolean('must be true or false'), false),
          }),
        ),
      }),
      oneMember(['coinbaseCdpTokenRequest', 'stripePrivyTokenRequest']),
    ),
  }),
} as const;
