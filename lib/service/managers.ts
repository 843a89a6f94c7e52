import { formatNamedId, parseManagerArn, type Deployment } from '../domain/ids.ts';
import type { ClientTokens, Randomness, Registry, WalletProvisioner } from '../domain/ports.ts';
import type { Refusal } from '../domain/refusal.ts';
import type { PaymentConnector, PaymentManager, WalletType } from '../domain/resources.ts';
import { ok, refuse, type Result } from '../domain/result.ts';
import type { Clock } from '../domain/time.ts';
import { bindToken, createOnce, hashCreation, idEntropy } from './creation.ts';

export interface ManagersDeps {
  readonly registry: Pick<Registry, 'readManager' | 'createManager' | 'claimConnector' | 'completeConnector'>;
  readonly tokens: ClientTokens;
  readonly provisioners: Readonly<Record<WalletType, WalletProvisioner>>;
  readonly clock: Clock;
  readonly random: Randomness;
}

/** Creates a manager. It is ready at once. */
export async function createManager(
  deps: ManagersDeps,
  input: Pick<PaymentManager, 'name' | 'authorizerType' | 'roleArn'> & {
    readonly description?: string | undefined;
    readonly tags?: Readonly<Record<string, string>> | undefined;
    readonly clientToken?: string | undefined;
  },
): Promise<Result<PaymentManager, Refusal>> {
  const requestHash = hashCreation(input);
  const scope = ['CreatePaymentManager'];
  const bound = await bindToken(deps.tokens, scope, input.clientToken, requestHash);
  if (!bound.ok) return bound;

  const now = deps.clock.now();
  const entropy = idEntropy(deps.random, scope, input.clientToken);
  const manager: PaymentManager = {
    managerId: formatNamedId(input.name, entropy),
    name: input.name,
    description: input.description ?? null,
    authorizerType: input.authorizerType,
    roleArn: input.roleArn,
    ...(input.tags === undefined ? {} : { tags: input.tags }),
    status: 'READY',
    createdAt: now,
    updatedAt: now,
  };
  const outcome = await deps.registry.createManager(manager, requestHash);
  if (outcome.kind === 'created') return ok(manager);
  return outcome.requestHash === requestHash ? ok(outcome.resource) : refuse({ reason: 'token_reused' });
}

/** Creates a connector with whatever its wallets need: for a seed vault the seed, which nobody sees. */
export async function createConnector(
  deps: ManagersDeps,
  input: {
    readonly paymentManagerId: string;
    readonly name: string;
    readonly type: WalletType;
    readonly description?: string | undefined;
    readonly clientToken?: string | undefined;
  },
): Promise<Result<PaymentConnector, Refusal>> {
  const managerId = input.paymentManagerId;
  if ((await deps.registry.readManager(managerId)) === null)
    return refuse({ reason: 'not_found', resource: 'manager' });
  const requestHash = hashCreation(input);
  const scope = ['CreatePaymentConnector', managerId];
  const bound = await bindToken(deps.tokens, scope, input.clientToken, requestHash);
  if (!bound.ok) return bound;

  const connectorId = formatNamedId(input.name, idEntropy(deps.random, scope, input.clientToken));
  const now = deps.clock.now();
  return createOnce(deps, requestHash, {
    claim: () => deps.registry.claimConnector(managerId, connectorId, requestHash, now),
    make: async () => {
      const connector: PaymentConnector = {
        managerId,
        connectorId,
        name: input.name,
        description: input.description ?? null,
        status: 'READY',
        material: await deps.provisioners[input.type].createConnector({ managerId, connectorId }),
        createdAt: now,
        updatedAt: now,
      };
      await deps.registry.completeConnector(connector, requestHash);
      return connector;
    },
  });
}

/** The manager that an ARN names. One of another deployment, or none at all, is "not found". */
export async function findManager(
  deps: { readonly registry: Pick<Registry, 'readManager'>; readonly deployment: Deployment },
  arn: string,
): Promise<Result<PaymentManager, Refusal>> {
  const managerId = parseManagerArn(deps.deployment, arn);
  const manager = managerId === null ? null : await deps.registry.readManager(managerId);
  return manager === null ? refuse({ reason: 'not_found', resource: 'manager' }) : ok(manager);
}
