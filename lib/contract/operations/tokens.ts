import * as v from 'valibot';
import {
  TOKEN_BODY_MAX_CHARS,
  URL_MAX_CHARS,
  USER_TOKEN_MAX_CHARS,
  WORKLOAD_TOKEN_MAX_CHARS,
} from '../../domain/limits.ts';
import { providerName, workloadName } from '../fields/names.ts';
import { oneMember, text } from '../fields/text.ts';
import { define } from '../define.ts';
import type { FamilyDocument } from '../document.ts';
import { said } from '../fields/answers.ts';
import { MANAGER_ID, USER_ID } from '../fields/examples.ts';
import type { OperationTable } from '../route.ts';

const issuer = ['TokenRole'] as const;

/** Tokens of workloads, and of wallet providers for them. */
export const TOKEN_ROUTES = {
  GetWorkloadAccessToken: {
    method: 'POST',
    path: '/identities/GetWorkloadAccessToken',
    successStatus: 200,
    function: 'issue-tokens',
    roles: issuer,
    user: 'none',
    oauth: null,
    hasSecrets: true,
  },
  GetWorkloadAccessTokenForJWT: {
    method: 'POST',
    path: '/identities/GetWorkloadAccessTokenForJWT',
    successStatus: 200,
    function: 'issue-tokens',
    roles: issuer,
    user: 'none',
    oauth: null,
    hasSecrets: true,
  },
  GetWorkloadAccessTokenForUserId: {
    method: 'POST',
    path: '/identities/GetWorkloadAccessTokenForUserId',
    successStatus: 200,
    function: 'issue-tokens',
    roles: issuer,
    user: 'none',
    oauth: null,
    hasSecrets: true,
  },
  GetResourcePaymentToken: {
    method: 'POST',
    path: '/identities/payment/token',
    successStatus: 200,
    function: 'issue-tokens',
    roles: issuer,
    user: 'none',
    oauth: null,
    hasSecrets: true,
  },
} as const satisfies OperationTable;

export const TOKEN_REQUESTS = /* @__PURE__ */ define(() => {
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
  return {
    GetWorkloadAccessToken: v.object({ workloadName }),
    GetWorkloadAccessTokenForJWT: v.object({
      workloadName,
      userToken: text(1, USER_TOKEN_MAX_CHARS, {
        pattern: /^[A-Za-z0-9_=-]+\.[A-Za-z0-9_=-]+\.[A-Za-z0-9_=-]+$/,
        expected: 'a signed JSON Web Token',
      }),
    }),
    GetWorkloadAccessTokenForUserId: v.object({
      workloadName,
      userId: text(1, 128, { pattern: /^[^\p{C}]*$/u, expected: 'text without control characters' }),
    }),
    GetResourcePaymentToken: v.pipe(
      v.object({
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
          // One of the two is there: the check before this says so.
          v.transform(({ coinbaseCdpTokenRequest: coinbase, stripePrivyTokenRequest: privy }) =>
            coinbase === undefined
              ? { vendor: 'StripePrivy' as const, request: privy! }
              : { vendor: 'CoinbaseCDP' as const, request: coinbase },
          ),
        ),
      }),
      v.transform((members) => ({
        workloadToken: members.workloadIdentityToken,
        providerName: members.resourceCredentialProviderName,
        wanted: members.paymentTokenRequest,
      })),
    ),
  } as const;
});

export const TOKEN_ANSWERS = /* @__PURE__ */ define(() => {
  const workloadToken = v.strictObject({
    workloadAccessToken: said(v.string(), 'can be used once, within fifteen minutes'),
  });
  return {
    GetWorkloadAccessToken: workloadToken,
    GetWorkloadAccessTokenForJWT: workloadToken,
    GetWorkloadAccessTokenForUserId: workloadToken,
    GetResourcePaymentToken: v.strictObject({
      paymentTokenResponse: v.union([
        v.strictObject({
          coinbaseCdpTokenResponse: v.strictObject({
            bearerToken: said(v.string(), 'for the header Authorization: Bearer'),
            walletAuthToken: v.optional(said(v.string(), 'for the header X-Wallet-Auth')),
          }),
        }),
        v.strictObject({
          stripePrivyTokenResponse: v.strictObject({
            appId: said(v.string(), 'for the header privy-app-id'),
            basicAuthToken: said(v.string(), 'for the header Authorization: Basic'),
            authorizationSignature: v.optional(said(v.string(), 'for the header privy-authorization-signature')),
            requestExpiry: v.optional(
              said(v.number(), 'for the header privy-request-expiry, which the signature covers; epoch milliseconds'),
            ),
          }),
        }),
      ]),
    }),
  } as const;
});

export const TOKEN_DOCUMENT = {
  tag: 'Tokens',
  description: 'Tokens of workloads, and the API tokens of wallet providers that they are exchanged for.',
  operations: {
    GetWorkloadAccessToken: {
      summary: 'Issues a one-time token of a workload.',
      request: { workloadName: MANAGER_ID },
      answer: { workloadAccessToken: 'bwt_example' },
    },
    GetWorkloadAccessTokenForJWT: {
      summary: 'Issues a one-time token of a workload for the user of a JWT.',
      request: { workloadName: MANAGER_ID, userToken: 'header.payload.signature' },
      answer: { workloadAccessToken: 'bwt_example' },
    },
    GetWorkloadAccessTokenForUserId: {
      summary: 'Issues a one-time token of a workload for a user.',
      request: { workloadName: MANAGER_ID, userId: USER_ID },
      answer: { workloadAccessToken: 'bwt_example' },
    },
    GetResourcePaymentToken: {
      summary: 'Mints a provider’s API token for one request. It can sign payments, and no budget bounds them.',
      request: {
        workloadIdentityToken: 'bwt_example',
        resourceCredentialProviderName: 'coinbase',
        paymentTokenRequest: {
          coinbaseCdpTokenRequest: { requestMethod: 'GET', requestPath: '/platform/v2/evm/accounts' },
        },
      },
      answer: { paymentTokenResponse: { coinbaseCdpTokenResponse: { bearerToken: 'header.payload.signature' } } },
    },
  },
} as const satisfies FamilyDocument<typeof TOKEN_ROUTES, typeof TOKEN_REQUESTS, typeof TOKEN_ANSWERS>;
