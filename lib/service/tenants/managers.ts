import { formatNamedId, parseManagerArn, type Deployment } from '../../domain/ids.ts';
import type { Page, PageRequest, Randomness } from '../../domain/ports/services.ts';
import type { ClientTokens, ManagerStore } from '../../domain/ports/registry.ts';
import { issuerKeyOfDiscoveryUrl, mayTrust, type TrustedIssuers } from '../../domain/tenants/jwt-authorizer.ts';
import type { Access, Principal } from '../../domain/tenants/principal.ts';
import type { Refusal } from '../../domain/refusal.ts';
import type { Authorizer, PaymentManager, Tags } from '../../domain/tenants/resources.ts';
import { ok, refuse, type Result } from '../../domain/result.ts';
import type { Clock } from '../../domain/time.ts';
import { admitCaller } from './admission.ts';
import { toAuthorizer, type AuthorizerConfiguration } from './authorizer-configuration.ts';
import { changeOnce } from './change-once.ts';
import { idEntropy } from './create-once.ts';
import { toCreatedManager, toUpdatedManager } from '../../api/views/managers.ts';

export interface ManagersDeps {
  readonly registry: ManagerStore;
  readonly tokens: ClientTokens;
  readonly deployment: Deployment;
  readonly trustedIssuers: TrustedIssuers;
  readonly clock: Clock;
  readonly random: Randomness;
}

const missing = refuse({ reason: 'not_found', resource: 'manager' } as const);

/** Creates a manager and its workload identity. It is ready at once. Answers AgentCore's shape. */
export async function createManager(
  deps: ManagersDeps,
  input: {
    readonly name: string;
    readonly roleArn: string;
    readonly authorizerType: Authorizer['type'];
    readonly authorizerConfiguration?: AuthorizerConfiguration | undefined;
    readonly description?: string | undefined;
    readonly tags?: Tags | undefined;
    readonly clientToken?: string | undefined;
  },
): Promise<Result<object, Refusal>> {
  const scope = ['CreatePaymentManager'];
  return changeOnce(deps, { scope, input }, async () => {
    const untrusted = distrust(deps, input.authorizerConfiguration);
    if (untrusted !== null) return untrusted;
    const now = deps.clock.now();
    // Random even under a token: the token finds the manager that it made, and a name that is taken is tried again.
    const managerId = formatNamedId(input.name, idEntropy(deps.random, scope, undefined));
    const manager: PaymentManager = {
      managerId,
      name: input.name,
      description: input.description ?? null,
      authorizer: toAuthorizer(input.authorizerType, input.authorizerConfiguration),
      roleArn: input.roleArn,
      tags: input.tags ?? null,
      workloadName: managerId,
      status: 'READY',
      createdAt: now,
      updatedAt: now,
      revision: 1,
    };
    return ok({
      answer: toCreatedManager(deps.deployment, manager),
      write: (remembered) => deps.registry.createManager(manager, remembered),
    });
  });
}

export async function getManager(
  deps: { readonly registry: Pick<ManagerStore, 'readManager'> },
  managerId: string,
): Promise<Result<PaymentManager, Refusal>> {
  const manager = await deps.registry.readManager(managerId);
  return manager === null ? missing : ok(manager);
}

export function listManagers(deps: Pick<ManagersDeps, 'registry'>, page: PageRequest): Promise<Page<PaymentManager>> {
  return deps.registry.listManagers(page);
}

/** Changes what the request names and leaves the rest. Sessions that are open go on under the new authorizer. */
export async function updateManager(
  deps: ManagersDeps,
  input: {
    readonly paymentManagerId: string;
    readonly description?: string | undefined;
    readonly roleArn?: string | undefined;
    readonly authorizerType?: Authorizer['type'] | undefined;
    readonly authorizerConfiguration?: AuthorizerConfiguration | undefined;
    readonly clientToken?: string | undefined;
  },
): Promise<Result<object, Refusal>> {
  const scope = ['UpdatePaymentManager', input.paymentManagerId];
  return changeOnce(deps, { scope, input }, async () => {
    const found = await getManager(deps, input.paymentManagerId);
    if (!found.ok) return found;
    const manager = found.value;
    const untrusted = distrust(deps, input.authorizerConfiguration);
    if (untrusted !== null) return untrusted;
    const authorizer = nextAuthorizer(manager, input);
    if (!authorizer.ok) return authorizer;
    const next: PaymentManager = {
      ...manager,
      description: input.description ?? manager.description,
      roleArn: input.roleArn ?? manager.roleArn,
      authorizer: authorizer.value,
      updatedAt: deps.clock.now(),
      revision: manager.revision + 1,
    };
    return ok({
      answer: toUpdatedManager(deps.deployment, next),
      write: (remembered) => deps.registry.replaceManager(next, manager, remembered),
    });
  });
}

function nextAuthorizer(
  { authorizer }: PaymentManager,
  input: {
    readonly authorizerType?: Authorizer['type'] | undefined;
    readonly authorizerConfiguration?: AuthorizerConfiguration | undefined;
  },
): Result<Authorizer, Refusal> {
  const type = input.authorizerType ?? authorizer.type;
  const configuration = input.authorizerConfiguration;
  if (configuration !== undefined && type === 'AWS_IAM') {
    return refuseConfiguration('authorizerConfiguration must be given for CUSTOM_JWT only');
  }
  if (configuration !== undefined || type === 'AWS_IAM') return ok(toAuthorizer(type, configuration));
  if (authorizer.type === 'CUSTOM_JWT') return ok(authorizer);
  return refuseConfiguration('authorizerConfiguration is required to change a manager to CUSTOM_JWT');
}

/** The refusal of an issuer that the deployment does not let managers trust; `null` if there is nothing to refuse. */
function distrust(
  { trustedIssuers }: Pick<ManagersDeps, 'trustedIssuers'>,
  configuration: AuthorizerConfiguration | undefined,
): Result<never, Refusal> | null {
  if (trustedIssuers === null || configuration === undefined) return null;
  if (mayTrust(trustedIssuers, issuerKeyOfDiscoveryUrl(configuration.customJWTAuthorizer.discoveryUrl))) return null;
  const trusted = trustedIssuers.size === 0 ? 'takes no tokens' : `trusts ${[...trustedIssuers].join(', ')} only`;
  const name = 'authorizerConfiguration.customJWTAuthorizer.discoveryUrl';
  const message = `${name} names an issuer that is not trusted: this deployment ${trusted} (jwtIssuers)`;
  return refuse({ reason: 'invalid_request', problems: [{ name, message }] });
}

function refuseConfiguration(message: string): Result<never, Refusal> {
  return refuse({ reason: 'invalid_request', problems: [{ name: 'authorizerConfiguration', message }] });
}

/** Deletes a manager that has no connectors any more. Its sessions can pay no longer. */
export async function deleteManager(
  deps: ManagersDeps,
  input: { readonly paymentManagerId: string; readonly clientToken?: string | undefined },
): Promise<Result<object, Refusal>> {
  const scope = ['DeletePaymentManager', input.paymentManagerId];
  return changeOnce(deps, { scope, input }, async () => {
    const found = await getManager(deps, input.paymentManagerId);
    if (!found.ok) return found;
    const message = 'The payment manager has connectors: delete them first';
    return ok({
      answer: { status: 'DELETING', paymentManagerId: input.paymentManagerId },
      write: (remembered) => deps.registry.deleteManager(found.value, remembered, deps.clock.now()),
      inUse: { reason: 'conflict', message },
    });
  });
}

export interface FindManagerDeps {
  readonly registry: Pick<ManagerStore, 'readManager'>;
  readonly deployment: Deployment;
  readonly clock: Clock;
}

/**
 * The manager that an ARN names, if it lets the caller in. One of another deployment, or none at all, is "not found"; to the
 * holder of a token so is one that does not take the token.
 */
export async function findManager(
  deps: FindManagerDeps,
  principal: Principal,
  access: Access,
  arn: string,
): Promise<Result<PaymentManager, Refusal>> {
  const managerId = parseManagerArn(deps.deployment, arn);
  const manager = managerId === null ? null : await deps.registry.readManager(managerId);
  if (manager === null) return noManager(principal);
  const admitted = admitCaller(manager.authorizer, principal, access, deps.clock.now());
  return admitted.ok ? ok(manager) : admitted;
}

/** What a caller hears of a manager that does not exist. */
export function noManager({ claims }: Principal): Result<never, Refusal> {
  return claims === null ? missing : refuse({ reason: 'token_not_admitted', check: 'missing' });
}
