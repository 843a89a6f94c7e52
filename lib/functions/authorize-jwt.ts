import { createJwtAuthorizer } from '../api/jwt-authorizer.ts';
import { mayTrust } from '../domain/tenants/jwt-authorizer.ts';
import { STORE_ATTEMPTS_MAX } from '../domain/limits.ts';
import { createTokenVerifier } from '../jwt/token-verifier.ts';
import { createStoreClient } from '../ledger/dynamodb/store/sdk-client.ts';
import { createIssuerIndex } from '../ledger/dynamodb/registry/issuer-index.ts';
import { createWalletLinks } from '../ledger/dynamodb/wallet-links/wallet-link-store.ts';
import { findWalletPage } from '../service/tenants/wallet-links.ts';
import { readJudgingConfig } from './runtime/config.ts';
import { composeFetchJson } from './runtime/issuer-fetch.ts';
import { reportDroppedKeys, systemClock, writeLog } from './runtime/runtime.ts';

/**
 * Lets tokens of trusted issuers in under `/oauth`, and the pages of wallets to what they may call there. Reads which issuers and
 * which sessions of pages there are, and nothing else.
 */
export function composeAuthorizeJwt(env: NodeJS.ProcessEnv) {
  const config = readJudgingConfig(env);
  const client = createStoreClient({ maxAttempts: STORE_ATTEMPTS_MAX });
  const registryTable = { tableName: config.registryTable, client };
  const issuers = createIssuerIndex(registryTable);
  const walletLinks = createWalletLinks(registryTable);
  const verifier = createTokenVerifier({
    clock: systemClock,
    fetchJson: composeFetchJson(env, config.issuerRanges),
    reportDroppedKeys,
    findDiscoveryUrl: async (issuerKey) =>
      mayTrust(config.trustedIssuers, issuerKey) ? issuers.findDiscoveryUrl(issuerKey) : null,
  });
  return createJwtAuthorizer({
    verifier,
    findWalletPage: (token) => findWalletPage(walletLinks, token, systemClock.now()),
    deployment: config.deployment,
    clock: systemClock,
    log: writeLog,
  });
}
