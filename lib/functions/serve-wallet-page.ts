import { createWalletPageFunction } from '../api/wallet-page/page-function.ts';
import { STORE_ATTEMPTS_MAX } from '../domain/limits.ts';
import { createStoreClient } from '../ledger/dynamodb/store/sdk-client.ts';
import { createWalletLinks } from '../ledger/dynamodb/wallet-links/wallet-link-store.ts';
import { closeWalletPage, openWalletPage } from '../service/tenants/wallet-links.ts';
import { createRegistry } from '../ledger/dynamodb/registry/registry.ts';
import { createSignInReader } from '../jwt/sign-in.ts';
import { findSignIn } from '../service/tenants/wallet-sign-in.ts';
import { readJudgingConfig } from './runtime/config.ts';
import { composeFetchJson } from './runtime/issuer-fetch.ts';
import { systemClock, systemRandom, writeLog } from './runtime/runtime.ts';
import { PAGE_ASSETS } from './wallet-page/wallet-page-assets.ts';

/** Serves the page of wallets, and opens it to who has a link. Anybody may ask it; it reads no wallet and no secret. */
export function composeServeWalletPage(env: NodeJS.ProcessEnv) {
  const config = readJudgingConfig(env);
  const client = createStoreClient({ maxAttempts: STORE_ATTEMPTS_MAX });
  const registryTable = { tableName: config.registryTable, client };
  const walletLinks = createWalletLinks(registryTable);
  const signIn = {
    registry: createRegistry(registryTable),
    endpointsOf: createSignInReader({ fetchJson: composeFetchJson(env, config.issuerRanges), clock: systemClock }),
    trustedIssuers: config.trustedIssuers,
    deployment: config.deployment,
  };
  return createWalletPageFunction({
    assets: PAGE_ASSETS,
    openPage: (secret) => openWalletPage({ walletLinks, clock: systemClock, random: systemRandom }, secret),
    closePage: (token) => closeWalletPage(walletLinks, token),
    findSignIn: (managerId) => findSignIn(signIn, managerId),
    deployment: config.deployment,
    clock: systemClock,
    log: writeLog,
  });
}
