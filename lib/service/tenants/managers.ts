import { formatNamedId } from '../../domain/drawn-ids.ts';
import { resourceIn, type Arn, type Deployment } from '../../domain/ids.ts';
import type { Page, PageRequest, Randomness } from '../../domain/ports/services.ts';
import type { ClientTokens, ManagerStore } from '../../domain/ports/registry.ts';
import {
  issuerKeyOfDiscoveryUrl,
  mayTrust,
  type JwtAuthorizer,
  type TrustedIssuers,
} from '../../domain/tenants/jwt-authorizer.ts';
import type { Access, Principal } from '../../domain/tenants/principal.ts';
import type { Refusal } from '../../domain/refusal.ts';
import type { Authorizer, PaymentManager, Tags } from '../../domain/tenants/resources.ts';
import { ok, refuse, type Result } from '../../domain/result.ts';
import type { Clock } from '../../domain/time.ts';
import { admitCaller, noManager } from './admission.ts';
import { changeOnce, type Render } from './change-once.ts';
import { idEntropy } from './create-once.ts';

export interface ManagersDeps {
  readonly registry: ManagerStore;
  readonly tokens: ClientTokens;
  readonly deployment: Deployment;
  readonly trustedIssuers: TrustedIssuers;
  readonly clock: Clock;
  readonly random: Randomness;
}

const missing = refuse({ reason: 'not_found', resource: 'manager' } as const);

/** Creates a manager and its workload identity. It is ready at once. */
export async function createManager<A extends object>(
  deps: ManagersDeps,
  input: {
    readonly name: string;
    readonly roleArn: string;
    readonly authorizer: Authorizer;
    readonly description?: string | undefined;
    readonly tags?: Tags | undefined;
    readonly clientToken?: string | undefined;
  },
  render: Render<PaymentManager, A>,
): Promise<Result<A, Refusal>> {
  const scope = ['CreatePaymentManager'];
  return changeOnce(deps, { scope, input }, render, async () => {
    const untrusted = input.authorizer.type === 'AWS_IAM' ? null : distrust(deps, input.authorizer.jwt);
    if (untrusted !== null) return untrusted;
    const now = deps.clock.now();
    // Random even under a token: the token finds the manager that it made, and a name that is taken is tried again.
    const managerId = formatNamedId(input.name, idEntropy(deps.random, scope, undefined));
    const manager: PaymentManager = {
      managerId,
      name: input.name,
      description: input.description ?? null,
      authorizer: input.authorizer,
      roleArn: input.roleArn,
      tags: input.tags ?? null,
      workloadName: managerId,
      status: 'READY',
      createdAt: now,
      updatedAt: now,
      revision: 1,
    };
    return ok({
      changed: manager,
      write: (remembered) => deps.registry.createManager(manager, remembered),
    });
  });
}

export async function getManager(
  deps: { readonly registry: Pick<ManagerStore, 'readManager'> },
  { managerId }: { readonly managerId: string },
): Promise<Result<PaymentManager, Refusal>> {
  const manager = await deps.registry.readManager(managerId);
  return manager === null ? missing : ok(manager);
}

export function listManagers(deps: Pick<ManagersDeps, 'registry'>, page: PageRequest): Promise<Page<PaymentManager>> {
  return deps.registry.listManagers(page);
}

/** Changes what the request names and leaves the rest. Sessions that are open go on under the new authorizer. */
export async function updateManager<A extends object>(
  deps: ManagersDeps,
  input: {
    readonly managerId: string;
    readonly description?: string | undefined;
    readonly roleArn?: string | undefined;
    readonly authorizerType?: Authorizer['type'] | undefined;
    readonly jwt?: JwtAuthorizer | undefined;
    readonly clientToken?: string | undefined;
  },
  render: Render<PaymentManager, A>,
): Promise<Result<A, Refusal>> {
  const scope = ['UpdatePaymentManager', input.managerId];
  return changeOnce(deps, { scope, input }, render, async () => {
    const found = await getManager(deps, input);
    if (!found.ok) return found;
    const manager = found.value;
    const untrusted = input.jwt === undefined ? null : distrust(deps, input.jwt);
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
      changed: next,
      write: (remembered) => deps.registry.replaceManager(next, manager, remembered),
    });
  });
}

function nextAuthorizer(
  { authorizer }: PaymentManager,
  input: {
    readonly authorizerType?: Authorizer['type'] | undefined;
    readonly jwt?: JwtAuthorizer | undefined;
  },
): Result<Authorizer, Refusal> {
  const type = input.authorizerType ?? authorizer.type;
  const { jwt } = input;
  if (type === 'AWS_IAM') {
    if (jwt === undefined) return ok({ type });
    return refuseConfiguration('authorizerConfiguration must be given for CUSTOM_JWT only');
  }
  if (jwt !== undefined) return ok({ type, jwt });
  if (authorizer.type === 'CUSTOM_JWT') return ok(authorizer);
  return refuseConfiguration('authorizerConfiguration is required to change a manager to CUSTOM_JWT');
}

/** The refusal of an issuer that the deployment does not let managers trust; `null` if there is nothing to refuse. */
function distrust(
  { trustedIssuers }: Pick<ManagersDeps, 'trustedIssuers'>,
  { discoveryUrl }: JwtAuthorizer,
): Result<never, Refusal> | null {
  if (trustedIssuers === null || mayTrust(trustedIssuers, issuerKeyOfDiscoveryUrl(discoveryUrl))) return null;
  const trusted = trustedIssuers.size === 0 ? 'takes no tokens' : `trusts ${[...trustedIssuers].join(', ')} only`;
  const name = 'authorizerConfiguration.customJWTAuthorizer.discoveryUrl';
  const message = `${name} names an issuer that is not trusted: this deployment ${trusted} (jwtIssuers)`;
  return refuse({ reason: 'invalid_request', problems: [{ name, message }] });
}

function refuseConfiguration(message: string): Result<never, Refusal> {
  return refuse({ reason: 'invalid_request', problems: [{ name: 'authorizerConfiguration', message }] });
}

/** Deletes a manager that has no connectors any more. Its sessions can pay no longer. */
export async function deleteManager<A extends object>(
  deps: ManagersDeps,
  input: { readonly managerId: string; readonly clientToken?: string | undefined },
  render: Render<PaymentManager, A>,
): Promise<Result<A, Refusal>> {
  const scope = ['DeletePaymentManager', input.managerId];
  return changeOnce(deps, { scope, input }, render, async () => {
    const found = await getManager(deps, input);
    if (!found.ok) return found;
    const message = 'The payment manager has connectors: delete them first';
    return ok({
      changed: found.value,
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
  arn: Arn<string> | null,
): Promise<Result<PaymentManager, Refusal>> {
  const managerId = resourceIn(deps.deployment, arn);
  const manager = managerId === null ? null : await deps.registry.readManager(managerId);
  if (manager === null) return noManager(principal);
  const admitted = admitCaller(manager.authorizer, principal, access, deps.clock.now());
  return admitted.ok ? ok(manager) : admitted;
}
