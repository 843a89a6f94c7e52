import { createJwtAuthorizer } from '../api/jwt-authorizer.ts';
import { mayTrust } from '../domain/tenants/jwt-authorizer.ts';
import { STORE_ATTEMPTS_MAX } from '../domain/limits.ts';
import { createTokenVerifier } from '../jwt/token-verifier.ts';
import { createStoreClient } from '../ledger/dynamodb/store/sdk-client.ts';
import { createIssuerIndex } from '../ledger/dynamodb/registry/issuer-index.ts';
import { readJudgingConfig } from './config.ts';
import { composeFetchJson } from './issuer-fetch.ts';
import { reportDroppedKeys, systemClock, writeLog } from './runtime.ts';

/** Lets tokens of trusted issuers in under `/oauth`. Reads which issuers there are, and nothing else. */
export function composeAuthorizeJwt(env: NodeJS.ProcessEnv) {
  const config = readJudgingConfig(env);
  const client = createStoreClient({ maxAttempts: STORE_ATTEMPTS_MAX });
  const issuers = createIssuerIndex({ tableName: config.registryTable, client });
  const verifier = createTokenVerifier({
    clock: systemClock,
    fetchJson: composeFetchJson(env, config.issuerRanges),
    reportDroppedKeys,
    findDiscoveryUrl: async (issuerKey) =>
      mayTrust(config.trustedIssuers, issuerKey) ? issuers.findDiscoveryUrl(issuerKey) : null,
  });
  return createJwtAuthorizer({ verifier, clock: systemClock, log: writeLog });
}
