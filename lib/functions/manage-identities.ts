import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { createFunction, describeFailure, type HandlersOf } from '../api/function.ts';
import { findSecretProblem } from '../wallets/secret-problem.ts';
import type { Deployment } from '../domain/ids.ts';
import {
  IDENTITY_PAGE_SIZE_DEFAULT,
  PROVISION_ATTEMPTS_MAX,
  PROVISION_TIMEOUT_MS,
  STORE_ATTEMPTS_MAX,
} from '../domain/limits.ts';
import type { IdentityStore } from '../domain/ports/registry.ts';
import type { Refusal } from '../domain/refusal.ts';
import { ok, type Result } from '../domain/result.ts';
import { createStoreClient } from '../ledger/dynamodb/store/sdk-client.ts';
import { createIdentityStore } from '../ledger/dynamodb/registry/identity-store.ts';
import { createTagStore } from '../ledger/dynamodb/registry/tag-store.ts';
import { readIdentitiesConfig } from './config.ts';
import {
  createProvider,
  deleteProvider,
  getProvider,
  updateProvider,
  type ProvidersDeps,
  type ReportLeftSecret,
} from '../service/identities/credential-providers.ts';
import {
  toCreatedProviderView,
  toCreatedWorkloadView,
  toProviderSummary,
  toProviderView,
  toUpdatedProviderView,
  toWorkloadSummary,
  toWorkloadView,
} from '../api/views/identities.ts';
import { pageBody, pageOf } from '../service/tenants/pages.ts';
import { createProviderSecrets } from '../service/identities/provider-secrets.ts';
import { addTags, listTags, removeTags, type TagsDeps } from '../service/tenants/tags.ts';
import {
  createWorkload,
  deleteWorkload,
  getWorkload,
  updateWorkload,
} from '../service/identities/workload-identities.ts';
import { formatLogLine } from '../telemetry/log-line.ts';
import { awsClientOptions, composeTracing, systemClock, systemRandom, writeLog } from './runtime.ts';

/** Credential providers, workload identities and tags. May make, renew and delete credentials' secrets, and read none. */
export function composeManageIdentities(env: NodeJS.ProcessEnv) {
  const config = readIdentitiesConfig(env);
  const { deployment } = config;
  const client = createStoreClient({ maxAttempts: STORE_ATTEMPTS_MAX });
  const table = { tableName: config.registryTable, client };
  const identities = createIdentityStore(table);
  const secretsClient = new SecretsManagerClient(awsClientOptions(PROVISION_TIMEOUT_MS, PROVISION_ATTEMPTS_MAX));
  const deps: ProvidersDeps & { readonly identities: IdentityStore } = {
    identities,
    secrets: createProviderSecrets(secretsClient),
    secretNamePrefix: config.credentialNamePrefix,
    deployment,
    checkSecret: findSecretProblem,
    clock: systemClock,
    random: systemRandom,
    reportLeftSecret: logLeftSecret,
  };
  const handlers = {
    ...providerHandlers(deps),
    ...workloadHandlers(deployment, deps),
    ...tagHandlers({ tagStore: createTagStore(table), deployment, clock: systemClock }),
  };
  return createFunction('manage-identities', handlers, {
    clock: systemClock,
    log: writeLog,
    tracing: composeTracing(env),
  });
}

const logLeftSecret: ReportLeftSecret = ({ secretArn, failure }) => {
  const event = { event: 'credential.secret_left', level: 'WARN', at: systemClock.now() } as const;
  writeLog(formatLogLine(event, { secretArn, failure: describeFailure(failure) }));
};

type Handlers<N extends keyof HandlersOf<'manage-identities'>> = Pick<HandlersOf<'manage-identities'>, N>;

function answer<T>(result: Result<T, Refusal>, view: (value: T) => object | null) {
  return result.ok ? ok({ body: view(result.value) }) : result;
}
const nothing = () => null;

function providerHandlers(
  deps: ProvidersDeps & { readonly identities: IdentityStore },
): Handlers<
  | 'CreatePaymentCredentialProvider'
  | 'GetPaymentCredentialProvider'
  | 'UpdatePaymentCredentialProvider'
  | 'DeletePaymentCredentialProvider'
  | 'ListPaymentCredentialProviders'
> {
  const { deployment, identities } = deps;
  return {
    CreatePaymentCredentialProvider: async ({ input }) =>
      answer(await createProvider(deps, input), (made) => toCreatedProviderView(deployment, made)),
    GetPaymentCredentialProvider: async ({ input }) =>
      answer(await getProvider(deps, input.name), (found) => toProviderView(deployment, found)),
    UpdatePaymentCredentialProvider: async ({ input }) =>
      answer(await updateProvider(deps, input), (updated) => toUpdatedProviderView(deployment, updated)),
    DeletePaymentCredentialProvider: async ({ input }) => answer(await deleteProvider(deps, input.name), nothing),
    ListPaymentCredentialProviders: async ({ input }) => {
      const page = await identities.listProviders(pageOf(input, IDENTITY_PAGE_SIZE_DEFAULT));
      return ok({ body: pageBody('credentialProviders', page, (each) => toProviderSummary(deployment, each)) });
    },
  };
}

function workloadHandlers(
  deployment: Deployment,
  deps: { readonly identities: IdentityStore; readonly clock: typeof systemClock },
): Handlers<
  | 'CreateWorkloadIdentity'
  | 'GetWorkloadIdentity'
  | 'UpdateWorkloadIdentity'
  | 'DeleteWorkloadIdentity'
  | 'ListWorkloadIdentities'
> {
  return {
    CreateWorkloadIdentity: async ({ input }) =>
      answer(await createWorkload(deps, input), (made) => toCreatedWorkloadView(deployment, made)),
    GetWorkloadIdentity: async ({ input }) =>
      answer(await getWorkload(deps, input.name), (found) => toWorkloadView(deployment, found)),
    UpdateWorkloadIdentity: async ({ input }) =>
      answer(await updateWorkload(deps, input), (updated) => toWorkloadView(deployment, updated)),
    DeleteWorkloadIdentity: async ({ input }) => answer(await deleteWorkload(deps, input.name), nothing),
    ListWorkloadIdentities: async ({ input }) => {
      const page = await deps.identities.listWorkloads(pageOf(input, IDENTITY_PAGE_SIZE_DEFAULT));
      return ok({ body: pageBody('workloadIdentities', page, (each) => toWorkloadSummary(deployment, each)) });
    },
  };
}

function tagHandlers(deps: TagsDeps): Handlers<'TagResource' | 'UntagResource' | 'ListTagsForResource'> {
  return {
    TagResource: async ({ input }) => answer(await addTags(deps, input.resourceArn, input.tags), nothing),
    UntagResource: async ({ input }) => answer(await removeTags(deps, input.resourceArn, input.tagKeys), nothing),
    ListTagsForResource: async ({ input }) => answer(await listTags(deps, input.resourceArn), (tags) => ({ tags })),
  };
}
