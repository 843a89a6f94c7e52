import { OPERATIONS } from '../contract/operations.ts';
import { REQUESTS } from '../contract/requests.ts';
import { answerWith, createFunction, describeFailure, type HandlersOf } from '../api/function.ts';
import { findSecretProblem } from '../wallets/secret-problem.ts';
import type { Deployment } from '../domain/ids.ts';
import { PROVISION_ATTEMPTS_MAX, PROVISION_TIMEOUT_MS, STORE_ATTEMPTS_MAX } from '../domain/limits.ts';
import type { IdentityStore } from '../domain/ports/registry.ts';
import { ok } from '../domain/result.ts';
import { createStoreClient } from '../ledger/dynamodb/store/sdk-client.ts';
import { createIdentityStore } from '../ledger/dynamodb/registry/identity-store.ts';
import { createTagStore } from '../ledger/dynamodb/registry/tag-store.ts';
import { readIdentitiesConfig, readSecretsKeyArn } from './runtime/config.ts';
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
import { toPageView } from '../api/views/pages.ts';
import { createProviderSecrets } from '../service/identities/provider-secrets.ts';
import { addTags, listTags, removeTags, type TagsDeps } from '../service/tenants/tags.ts';
import {
  createWorkload,
  deleteWorkload,
  getWorkload,
  updateWorkload,
} from '../service/identities/workload-identities.ts';
import { formatLogLine } from '../telemetry/log-line.ts';
import { awsClientOptions, composeServing, systemClock, systemRandom, writeLog } from './runtime/runtime.ts';
import { createSecretsClient } from './runtime/secrets-client.ts';

/** Credential providers, workload identities and tags. May make, renew and delete credentials' secrets, and read none. */
export function composeManageIdentities(env: NodeJS.ProcessEnv) {
  const config = readIdentitiesConfig(env);
  const { deployment } = config;
  const client = createStoreClient({ maxAttempts: STORE_ATTEMPTS_MAX });
  const table = { tableName: config.registryTable, client };
  const identities = createIdentityStore(table);
  const secretsClient = createSecretsClient(
    awsClientOptions(PROVISION_TIMEOUT_MS, PROVISION_ATTEMPTS_MAX),
    readSecretsKeyArn(env),
  );
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
    ...composeServing(env),
    routes: OPERATIONS,
    requests: REQUESTS,
  });
}

const logLeftSecret: ReportLeftSecret = ({ secretArn, failure }) => {
  const event = { event: 'credential.secret_left', level: 'WARN', at: systemClock.now() } as const;
  writeLog(formatLogLine(event, { secretArn, failure: describeFailure(failure) }));
};

type Handlers<N extends keyof HandlersOf<'manage-identities'>> = Pick<HandlersOf<'manage-identities'>, N>;

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
      answerWith(await createProvider(deps, input), (made) => toCreatedProviderView(deployment, made)),
    GetPaymentCredentialProvider: async ({ input }) =>
      answerWith(await getProvider(deps, input), (found) => toProviderView(deployment, found)),
    UpdatePaymentCredentialProvider: async ({ input }) =>
      answerWith(await updateProvider(deps, input), (updated) => toUpdatedProviderView(deployment, updated)),
    DeletePaymentCredentialProvider: async ({ input }) => answerWith(await deleteProvider(deps, input), nothing),
    ListPaymentCredentialProviders: async ({ input }) => {
      const page = await identities.listProviders(input.page);
      return ok({ body: toPageView('credentialProviders', page, (each) => toProviderSummary(deployment, each)) });
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
      answerWith(await createWorkload(deps, input), (made) => toCreatedWorkloadView(deployment, made)),
    GetWorkloadIdentity: async ({ input }) =>
      answerWith(await getWorkload(deps, input), (found) => toWorkloadView(deployment, found)),
    UpdateWorkloadIdentity: async ({ input }) =>
      answerWith(await updateWorkload(deps, input), (updated) => toWorkloadView(deployment, updated)),
    DeleteWorkloadIdentity: async ({ input }) => answerWith(await deleteWorkload(deps, input), nothing),
    ListWorkloadIdentities: async ({ input }) => {
      const page = await deps.identities.listWorkloads(input.page);
      return ok({ body: toPageView('workloadIdentities', page, (each) => toWorkloadSummary(deployment, each)) });
    },
  };
}

function tagHandlers(deps: TagsDeps): Handlers<'TagResource' | 'UntagResource' | 'ListTagsForResource'> {
  return {
    TagResource: async ({ input }) => answerWith(await addTags(deps, input), nothing),
    UntagResource: async ({ input }) => answerWith(await removeTags(deps, input), nothing),
    ListTagsForResource: async ({ input }) => answerWith(await listTags(deps, input), (tags) => ({ tags })),
  };
}
