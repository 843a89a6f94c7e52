import type { Deployment } from '../../domain/ids.ts';
import { ABANDONED_SECRET_RECOVERY_DAYS, SECRET_RECOVERY_DAYS } from '../../domain/limits.ts';
import type { Randomness } from '../../domain/ports/services.ts';
import type { IdentityStore } from '../../domain/ports/registry.ts';
import type { Refusal } from '../../domain/refusal.ts';
import type {
  CredentialProvider,
  ProviderConfiguration,
  SecretLocation,
  Tags,
} from '../../domain/tenants/resources.ts';
import type { Vendor } from '../../domain/tenants/wallet-shapes.ts';
import { ok, refuse, type Result } from '../../domain/result.ts';
import type { Clock } from '../../domain/time.ts';
import { planConfiguration, type PlanContext, type RequestedConfiguration } from './provider-plan.ts';
import type { ProviderSecrets } from './provider-secrets.ts';
import { secretsOf, storeConfiguration } from './provider-storage.ts';
import { repeatOvertaken } from '../tenants/overtaken-change.ts';

/** A secret that is left behind, with what kept it from being deleted. Carries no secret text. */
export type ReportLeftSecret = (left: { readonly secretArn: string; readonly failure: unknown }) => void;

export interface ProvidersDeps {
  readonly identities: Pick<IdentityStore, 'readProvider' | 'createProvider' | 'replaceProvider' | 'deleteProvider'>;
  readonly secrets: ProviderSecrets;
  readonly secretNamePrefix: string;
  readonly deployment: Deployment;
  readonly checkSecret: PlanContext['checkSecret'];
  readonly clock: Clock;
  readonly random: Randomness;
  readonly reportLeftSecret: ReportLeftSecret;
}

export interface ProviderInput {
  readonly name: string;
  readonly vendor: Vendor;
  readonly configuration: RequestedConfiguration;
}

const NOT_FOUND = { reason: 'not_found', resource: 'credential provider' } as const satisfies Refusal;
const TAKEN: Refusal = { reason: 'conflict', message: 'There is a credential provider of this name already' };
const OVERTAKEN: Refusal = {
  reason: 'conflict',
  message: 'The credential provider was changed by somebody else at the same time: read it, and update it again',
};

/**
 * Creates a credential provider and a secret for each credential that is given. Secrets first: a provider never points at
 * nothing, and what is made for a provider that does not come to be is deleted again, or reported where that fails.
 */
export async function createProvider(
  deps: ProvidersDeps,
  input: ProviderInput & { readonly tags?: Tags | undefined },
): Promise<Result<CredentialProvider, Refusal>> {
  const { name, vendor } = input;
  const context = { deployment: deps.deployment, checkSecret: deps.checkSecret, stored: null };
  const plan = planConfiguration(context, vendor, input.configuration);
  if (!plan.ok) return refuse({ reason: 'invalid_request', problems: plan.error });
  if ((await deps.identities.readProvider(name)) !== null) return refuse(TAKEN);

  const now = deps.clock.now();
  return withNewSecrets(deps, async (made) => {
    const configuration = await storeConfiguration(deps, name, plan.value, made);
    const provider: CredentialProvider = {
      name,
      configuration,
      tags: input.tags ?? null,
      createdAt: now,
      updatedAt: now,
      revision: 1,
    };
    const outcome = await writeProvider(deps, made, () => deps.identities.createProvider(provider));
    return outcome === 'changed' ? ok(provider) : refuse(TAKEN);
  });
}

export async function getProvider(
  { identities }: Pick<ProvidersDeps, 'identities'>,
  { name }: { readonly name: string },
): Promise<Result<CredentialProvider, Refusal>> {
  const provider = await identities.readProvider(name);
  return provider === null ? refuse(NOT_FOUND) : ok(provider);
}

/**
 * Replaces a provider's configuration. A credential that the request leaves out stays as it is, the optional wallet secret
 * too. A new value of a secret that Bursar keeps takes effect at once, before the rest of the configuration does; a secret of
 * Bursar's that gives way to one of the deployer's own is deleted, with a month to recover it.
 */
export async function updateProvider(
  deps: ProvidersDeps,
  input: ProviderInput,
): Promise<Result<CredentialProvider, Refusal>> {
  const { name, vendor } = input;
  const previous = await deps.identities.readProvider(name);
  if (previous === null) return refuse(NOT_FOUND);
  const { configuration: stored } = previous;
  if (stored.vendor !== vendor) {
    const message = `credentialProviderVendor cannot be changed: expected ${stored.vendor}`;
    return refuse({ reason: 'invalid_request', problems: [{ name: 'credentialProviderVendor', message }] });
  }
  const context = { deployment: deps.deployment, checkSecret: deps.checkSecret, stored };
  const plan = planConfiguration(context, vendor, input.configuration);
  if (!plan.ok) return refuse({ reason: 'invalid_request', problems: plan.error });

  const updated = await withNewSecrets(deps, async (made): Promise<Result<CredentialProvider, Refusal>> => {
    const configuration = await storeConfiguration(deps, name, plan.value, made);
    const revision = previous.revision + 1;
    const next: CredentialProvider = { ...previous, configuration, updatedAt: deps.clock.now(), revision };
    const outcome = await writeProvider(deps, made, () => deps.identities.replaceProvider(next, previous));
    if (outcome === 'changed') return ok(next);
    return refuse((await deps.identities.readProvider(name)) === null ? NOT_FOUND : OVERTAKEN);
  });
  if (updated.ok) await removeReplaced(deps, stored, updated.value.configuration);
  return updated;
}

/** Deletes a provider that no connector uses, then the secrets that Bursar keeps for it; a month is left to recover those. */
export async function deleteProvider(
  deps: Pick<ProvidersDeps, 'identities' | 'secrets' | 'reportLeftSecret'>,
  { name }: { readonly name: string },
): Promise<Result<'deleted', Refusal>> {
  return repeatOvertaken(async () => {
    const provider = await deps.identities.readProvider(name);
    if (provider === null) return refuse(NOT_FOUND);
    const outcome = await deps.identities.deleteProvider(provider);
    if (outcome === 'changed') {
      await removeSecrets(deps, managedArns(provider.configuration), SECRET_RECOVERY_DAYS);
      return ok('deleted');
    }
    if (outcome === 'in_use') {
      const message =
        'The credential provider is used by a payment connector: delete the connector, or let it use another';
      return refuse({ reason: 'resource_conflict', message });
    }
    return 'overtaken';
  });
}

/** Runs a change that makes secrets, and deletes those again where it is refused or fails. */
async function withNewSecrets<T>(
  deps: ProvidersDeps,
  change: (made: Set<string>) => Promise<Result<T, Refusal>>,
): Promise<Result<T, Refusal>> {
  const made = new Set<string>();
  let kept = false;
  try {
    const outcome = await change(made);
    kept = outcome.ok;
    return outcome;
  } finally {
    if (!kept) await removeSecrets(deps, [...made], ABANDONED_SECRET_RECOVERY_DAYS);
  }
}

/** A write that fails may have taken effect all the same: then its secrets may be in use, and are left and reported. */
async function writeProvider<T>(
  { reportLeftSecret }: Pick<ProvidersDeps, 'reportLeftSecret'>,
  made: Set<string>,
  write: () => Promise<T>,
): Promise<T> {
  try {
    return await write();
  } catch (failure) {
    for (const secretArn of made) reportLeftSecret({ secretArn, failure });
    made.clear();
    throw failure;
  }
}

async function removeReplaced(
  deps: ProvidersDeps,
  before: ProviderConfiguration,
  after: ProviderConfiguration,
): Promise<void> {
  const used = new Set(managedArns(after));
  await removeSecrets(
    deps,
    managedArns(before).filter((arn) => !used.has(arn)),
    SECRET_RECOVERY_DAYS,
  );
}

async function removeSecrets(
  { secrets, reportLeftSecret }: Pick<ProvidersDeps, 'secrets' | 'reportLeftSecret'>,
  arns: readonly string[],
  recoveryDays: number,
): Promise<void> {
  for (const secretArn of arns) {
    try {
      await secrets.remove(secretArn, recoveryDays);
    } catch (failure) {
      reportLeftSecret({ secretArn, failure });
    }
  }
}

const isManaged = ({ source }: SecretLocation) => source === 'MANAGED';

function managedArns(configuration: ProviderConfiguration): string[] {
  return secretsOf(configuration)
    .filter(isManaged)
    .map(({ secretArn }) => secretArn);
}
