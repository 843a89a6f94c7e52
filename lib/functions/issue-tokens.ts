import { OPERATIONS } from '../contract/operations.ts';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { REQUESTS } from '../contract/requests.ts';
import { answerWith, createFunction } from '../api/function.ts';
import { toMintedTokenView, toWorkloadTokenView } from '../api/views/identities.ts';
import { SIGNER_ATTEMPTS_MAX, SIGNER_TIMEOUT_MS, STORE_ATTEMPTS_MAX } from '../domain/limits.ts';
import { createTokenVerifier } from '../jwt/token-verifier.ts';
import { createStoreClient } from '../ledger/dynamodb/store/sdk-client.ts';
import { createIdentityStore } from '../ledger/dynamodb/registry/identity-store.ts';
import { createIssuerIndex } from '../ledger/dynamodb/registry/issuer-index.ts';
import { createWorkloadTokens } from '../ledger/dynamodb/registry/workload-tokens.ts';
import { readJudgingConfig } from './runtime/config.ts';
import { createCredentialReader } from '../service/identities/credential-reader.ts';
import { createSdkReadSecret } from '../wallets/seed-vault/sdk-secret.ts';
import { mintPaymentToken } from '../service/identities/payment-tokens.ts';
import {
  issueWorkloadToken,
  issueWorkloadTokenForJwt,
  redeemWorkloadToken,
} from '../service/identities/workload-tokens.ts';
import { mayTrust } from '../domain/tenants/jwt-authorizer.ts';
import { composeFetchJson } from './runtime/issuer-fetch.ts';
import { awsClientOptions, composeServing, reportDroppedKeys, systemClock, systemRandom } from './runtime/runtime.ts';

/** Issues workloads' tokens, and mints wallet providers' tokens for them. Reads credentials; keeps none of what it hands out. */
export function composeIssueTokens(env: NodeJS.ProcessEnv) {
  const config = readJudgingConfig(env);
  const client = createStoreClient({ maxAttempts: STORE_ATTEMPTS_MAX });
  const table = { tableName: config.registryTable, client };
  const secretsClient = new SecretsManagerClient(awsClientOptions(SIGNER_TIMEOUT_MS, SIGNER_ATTEMPTS_MAX));
  const issuers = createIssuerIndex(table);
  const deps = {
    identities: createIdentityStore(table),
    workloadTokens: createWorkloadTokens(table),
    readCredential: createCredentialReader(createSdkReadSecret(secretsClient)),
    redeem: (token: string) => redeemWorkloadToken(deps, token),
    verifier: createTokenVerifier({
      clock: systemClock,
      fetchJson: composeFetchJson(env, config.issuerRanges),
      reportDroppedKeys,
      findDiscoveryUrl: async (issuerKey) =>
        mayTrust(config.trustedIssuers, issuerKey) ? issuers.findDiscoveryUrl(issuerKey) : null,
    }),
    clock: systemClock,
    random: systemRandom,
  };
  return createFunction(
    'issue-tokens',
    {
      GetWorkloadAccessToken: async ({ input }) =>
        answerWith(await issueWorkloadToken(deps, input.workloadName, null), toWorkloadTokenView),
      GetWorkloadAccessTokenForUserId: async ({ input }) =>
        answerWith(await issueWorkloadToken(deps, input.workloadName, input.userId), toWorkloadTokenView),
      GetWorkloadAccessTokenForJWT: async ({ input }) =>
        answerWith(await issueWorkloadTokenForJwt(deps, input.workloadName, input.userToken), toWorkloadTokenView),
      GetResourcePaymentToken: async ({ input }) => answerWith(await mintPaymentToken(deps, input), toMintedTokenView),
    },
    { ...composeServing(env), routes: OPERATIONS, requests: REQUESTS },
  );
}
