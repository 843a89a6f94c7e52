import { OPERATIONS } from '../contract/operations.ts';
import { KMSClient } from '@aws-sdk/client-kms';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { ALLOWANCE_REQUESTS } from '../contract/operations/allowances.ts';
import { FUNDING_REQUESTS } from '../contract/operations/funding.ts';
import { INSTRUMENT_REQUESTS } from '../contract/operations/instruments.ts';
import { createFunction } from '../api/function.ts';
import {
  PROVISION_ATTEMPTS_MAX,
  PROVISION_TIMEOUT_MS,
  SIGNER_ATTEMPTS_MAX,
  SIGNER_TIMEOUT_MS,
  STORE_ATTEMPTS_MAX,
} from '../domain/limits.ts';
import { ok } from '../domain/result.ts';
import { createStoreClient } from '../ledger/dynamodb/store/sdk-client.ts';
import { createGateReader } from '../ledger/dynamodb/books/gate-item.ts';
import { createRegistry } from '../ledger/dynamodb/registry/registry.ts';
import { toAllowanceView } from '../api/views/allowances.ts';
import { PERMIT2 } from '../chains/evm/addresses.ts';
import { createAllowanceBooks } from '../ledger/dynamodb/allowances/allowance-books.ts';
import { requestAllowance, type AllowanceAskingDeps } from '../service/allowances/asking.ts';
import { readApprovalGas } from './paying/approval-gas.ts';
import { createDelegations, createFundings, createMakers, createProvisioners } from '../wallets/provisioners.ts';
import { createSdkReadSecret } from '../wallets/seed-vault/sdk-secret.ts';
import { readInstrumentsConfig } from './runtime/config.ts';
import { createInstrument, deleteInstrument, type InstrumentsDeps } from '../service/tenants/instruments.ts';
import {
  findHubUrl,
  hubUrlOf,
  getDelegatedInstrument,
  revokeDelegation,
  type DelegatedInstrument,
  type DelegationDeps,
} from '../service/tenants/delegations.ts';
import { openOnramp, requestTestFunds, type FundedInstrument, type FundingDeps } from '../service/tenants/funding.ts';
import { openCoinbaseCdp } from './providers/coinbase-cdp.ts';
import { WALLET_PAGE_REQUESTS } from '../contract/operations/wallet-pages.ts';
import { createLinkHandler } from './wallet-page/wallet-links.ts';
import { createWalletLinks } from '../ledger/dynamodb/wallet-links/wallet-link-store.ts';
import { openStripePrivy } from './providers/stripe-privy.ts';
import { toInstrumentView } from '../api/views/payments.ts';
import { awsClientOptions, composeServing, systemClock, systemRandom } from './runtime/runtime.ts';

/**
 * Makes, shows and closes wallets. Can make keys, cannot sign with them; sees that a seed is there, and not what it is. Reads the
 * credentials of wallet providers, since these make their wallets and tell what end users let them do.
 */
export function composeManageInstruments(env: NodeJS.ProcessEnv) {
  const config = readInstrumentsConfig(env);
  const client = createStoreClient({ maxAttempts: STORE_ATTEMPTS_MAX });
  const deps = openWallets(env, config, client);
  const walletLinks =
    config.walletPage === null ? null : createWalletLinks({ tableName: config.registryTable, client });
  const gasPerDay = readApprovalGas(env);
  const asking: AllowanceAskingDeps = {
    registry: deps.registry,
    books: createAllowanceBooks({ tableName: config.booksTable, client }),
    deployment: config.deployment,
    allowedNetworks: config.allowedNetworks,
    gasPerDay,
    clock: systemClock,
  };
  const toView = async ({ instrument, delegation }: DelegatedInstrument) =>
    toInstrumentView(config.deployment, instrument, {
      delegation,
      redirectUrl: await findHubUrl(deps.registry, config.walletHubUrls, instrument),
    });
  return createFunction(
    'manage-instruments',
    {
      CreatePaymentInstrument: async ({ input, principal }) => {
        const created = await createInstrument(deps, principal, input);
        if (!created.ok) return created;
        const { managerId, instrumentId } = created.value;
        const paymentInstrument = await toView({ instrument: created.value, delegation: null });
        return ok({ body: { paymentInstrument }, log: { managerId, instrumentId } });
      },
      GetPaymentInstrument: async ({ input, principal }) => {
        const found = await getDelegatedInstrument(deps, principal, input);
        return found.ok ? ok({ body: { paymentInstrument: await toView(found.value) } }) : found;
      },
      RevokeWalletDelegation: async ({ input, principal }) => {
        const revoked = await revokeDelegation(deps, principal, input);
        if (!revoked.ok) return revoked;
        const { managerId, instrumentId } = revoked.value.instrument;
        const paymentInstrument = await toView(revoked.value);
        return ok({ body: { paymentInstrument }, log: { managerId, instrumentId } });
      },
      CreateOnrampSession: async ({ input, principal }) => {
        const opened = await openOnramp(deps, principal, input);
        if (!opened.ok) return opened;
        const { managerId, instrumentId } = opened.value.instrument;
        const onrampSession = { ...toFundingView(opened.value), url: opened.value.by };
        return ok({ body: { onrampSession }, log: { managerId, instrumentId } });
      },
      RequestTestFunds: async ({ input, principal }) => {
        const sent = await requestTestFunds(deps, principal, input);
        if (!sent.ok) return sent;
        const { managerId, instrumentId } = sent.value.instrument;
        const testFunds = { ...toFundingView(sent.value), transaction: sent.value.by };
        return ok({ body: { testFunds }, log: { managerId, instrumentId } });
      },
      RequestAllowance: async ({ input, principal }) => {
        const asked = await requestAllowance(asking, principal, input);
        if (!asked.ok) return asked;
        const { managerId, instrumentId } = asked.value.allowance;
        const allowance = toAllowanceView(asked.value, { spender: PERMIT2, gasPerDay, now: systemClock.now() });
        return ok({ body: { allowance }, log: { managerId, instrumentId } });
      },
      CreateWalletLink: createLinkHandler({ ...deps, walletLinks, page: config.walletPage }),
      DeletePaymentInstrument: async ({ input, principal }) => {
        const deleted = await deleteInstrument(deps, principal, input);
        if (!deleted.ok) return deleted;
        const { managerId, instrumentId } = deleted.value;
        return ok({ body: { status: 'DELETED' as const }, log: { managerId, instrumentId } });
      },
    },
    {
      ...composeServing(env),
      routes: OPERATIONS,
      requests: { ...INSTRUMENT_REQUESTS, ...FUNDING_REQUESTS, ...ALLOWANCE_REQUESTS, ...WALLET_PAGE_REQUESTS },
      userBinding: config.userBinding,
    },
  );
}

function toFundingView({ instrument, walletAddress, network }: FundedInstrument) {
  return { paymentInstrumentId: instrument.instrumentId, walletAddress, network: network.id };
}

/** What makes wallets, closes them, and asks their providers. */
function openWallets(
  env: NodeJS.ProcessEnv,
  config: ReturnType<typeof readInstrumentsConfig>,
  client: ReturnType<typeof createStoreClient>,
): InstrumentsDeps & DelegationDeps & FundingDeps {
  const secrets = new SecretsManagerClient(awsClientOptions(PROVISION_TIMEOUT_MS, PROVISION_ATTEMPTS_MAX));
  const walletKeys = {
    client: new KMSClient(awsClientOptions(PROVISION_TIMEOUT_MS, PROVISION_ATTEMPTS_MAX)),
    clock: systemClock,
    deploymentTag: config.walletKeyTag,
    partition: config.deployment.partition,
    account: config.deployment.account,
    payingRoleArn: config.payingRoleArn,
    keyAdminRoleArn: config.keyAdminRoleArn,
  };
  const registryTable = { tableName: config.registryTable, client };
  const readSecret = createSdkReadSecret(
    new SecretsManagerClient(awsClientOptions(SIGNER_TIMEOUT_MS, SIGNER_ATTEMPTS_MAX)),
  );
  const providers = {
    callCoinbaseCdp: openCoinbaseCdp(env, registryTable, readSecret),
    callStripePrivy: openStripePrivy(env, registryTable, readSecret),
  };
  const provisioners = createProvisioners({ walletKeys, walletSecrets: { client: secrets, secretNamePrefix: null } });
  return {
    registry: createRegistry(registryTable),
    gate: createGateReader({ tableName: config.booksTable, client }),
    provisioners,
    makers: createMakers(provisioners, {
      ...providers,
      asksUsers: ({ material }) => hubUrlOf(config.walletHubUrls, material) !== null,
    }),
    delegations: createDelegations(providers),
    fundings: createFundings(providers),
    allowedNetworks: config.allowedNetworks,
    deployment: config.deployment,
    clock: systemClock,
    random: systemRandom,
  };
}
