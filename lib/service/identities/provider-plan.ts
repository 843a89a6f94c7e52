import type { ProviderSecretName } from '../../wallets/secret-problem.ts';
import type { Deployment } from '../../domain/ids.ts';
import type { FieldProblem } from '../../domain/refusal.ts';
import type { ProviderConfiguration, SecretLocation } from '../../domain/tenants/resources.ts';
import type { Vendor } from '../../domain/tenants/wallet-shapes.ts';
import { ok, refuse, type Result } from '../../domain/result.ts';

/** What a request says of one secret. */
export interface RequestedSecret {
  readonly value: string | undefined;
  readonly source: SecretLocation['source'] | undefined;
  /** Where a secret of the deployer's own lies. */
  readonly reference: { readonly secretId: string; readonly jsonKey: string } | undefined;
}

/** The configuration that a request asks for, of one vendor. */
export type RequestedConfiguration =
  | {
      readonly vendor: 'CoinbaseCDP';
      readonly apiKeyId: string;
      readonly apiKeySecret: RequestedSecret;
      readonly walletSecret: RequestedSecret;
    }
  | {
      readonly vendor: 'StripePrivy';
      readonly appId: string;
      readonly authorizationId: string;
      readonly appSecret: RequestedSecret;
      readonly authorizationPrivateKey: RequestedSecret;
    };

/** How the members of a refusal are called: as in the request. */
const PATHS = {
  CoinbaseCDP: 'providerConfigurationInput.coinbaseCdpConfiguration',
  StripePrivy: 'providerConfigurationInput.stripePrivyConfiguration',
} as const satisfies Record<Vendor, string>;

/** What is to be done about one secret. */
export type SecretPlan =
  /** It lies where it lay, or where somebody else keeps it. */
  | { readonly kind: 'leave'; readonly location: SecretLocation }
  /** It is given: kept in a new version of the secret that held it before, or in a new secret. */
  | { readonly kind: 'keep'; readonly value: string; readonly stored: SecretLocation | null };

/** A configuration with the plans for its secrets in their places. */
export type ConfigurationPlan =
  | {
      readonly vendor: 'CoinbaseCDP';
      readonly apiKeyId: string;
      readonly apiKeySecret: SecretPlan;
      readonly walletSecret: SecretPlan | null;
    }
  | {
      readonly vendor: 'StripePrivy';
      readonly appId: string;
      readonly appSecret: SecretPlan;
      readonly authorizationId: string;
      readonly authorizationPrivateKey: SecretPlan;
    };

export interface PlanContext {
  readonly deployment: Deployment;
  /** What is wrong with a secret's form, without a word of it; `null` for a good one. */
  readonly checkSecret: (name: ProviderSecretName, value: string) => string | null;
  /** The configuration that is replaced: a secret that the request leaves out stays as it is. */
  readonly stored: ProviderConfiguration | null;
}

/** Says what a requested configuration means for each secret. Reports everything that is wrong with it, quoting no secret. */
export function planConfiguration(
  context: PlanContext,
  vendor: Vendor,
  input: RequestedConfiguration,
): Result<ConfigurationPlan, readonly FieldProblem[]> {
  if (vendor !== input.vendor) {
    const name = 'providerConfigurationInput';
    return refuse([{ name, message: `${name} must be the configuration of a provider of credentialProviderVendor` }]);
  }
  const { stored } = context;
  const problems: FieldProblem[] = [];
  const plan = (
    name: ProviderSecretName,
    requested: RequestedSecret,
    before: SecretLocation | null,
    isOptional = false,
  ) => {
    const request = { path: `${PATHS[vendor]}.${name}`, ...requested };
    const planned = planSecret(context, name, request, before, isOptional);
    if (planned.ok) return planned.value;
    problems.push(...planned.error);
    return null;
  };
  const finish = (configuration: ConfigurationPlan | null) =>
    problems.length > 0 || configuration === null ? refuse(problems) : ok(configuration);

  switch (input.vendor) {
    case 'CoinbaseCDP': {
      const before = stored?.vendor === input.vendor ? stored : null;
      const apiKeySecret = plan('apiKeySecret', input.apiKeySecret, before?.apiKeySecret ?? null);
      const walletSecret = plan('walletSecret', input.walletSecret, before?.walletSecret ?? null, true);
      return finish(apiKeySecret && { vendor: input.vendor, apiKeyId: input.apiKeyId, apiKeySecret, walletSecret });
    }
    case 'StripePrivy': {
      const before = stored?.vendor === input.vendor ? stored : null;
      const appSecret = plan('appSecret', input.appSecret, before?.appSecret ?? null);
      const authorizationPrivateKey = plan(
        'authorizationPrivateKey',
        input.authorizationPrivateKey,
        before?.authorizationPrivateKey ?? null,
      );
      const { appId, authorizationId } = input;
      return finish(
        appSecret &&
          authorizationPrivateKey && {
            vendor: input.vendor,
            appId,
            authorizationId,
            appSecret,
            authorizationPrivateKey,
          },
      );
    }
  }
}

interface SecretRequest extends RequestedSecret {
  readonly path: string;
}

type Planned = Result<SecretPlan | null, readonly FieldProblem[]>;

function planSecret(
  context: PlanContext,
  name: ProviderSecretName,
  request: SecretRequest,
  stored: SecretLocation | null,
  isOptional: boolean,
): Planned {
  const { path, value, source, reference } = request;
  if (source === 'EXTERNAL') return planExternal(context.deployment, request);
  if (reference !== undefined) return wrong(`${path}Config`, `is for a secret whose ${name}Source is EXTERNAL`);
  if (value !== undefined) {
    const expected = context.checkSecret(name, value);
    return expected === null ? ok({ kind: 'keep', value, stored }) : wrong(path, expected);
  }
  if (stored !== null && (source === undefined || stored.source === source)) {
    return ok({ kind: 'leave', location: stored });
  }
  if (isOptional && source === undefined) return ok(null);
  return wrong(path, `is required where ${name}Source is MANAGED, as it is by default`);
}

const SECRET_NAME = /^[A-Za-z0-9/_+=.@!-]{1,512}$/;

function planExternal({ partition, region }: Deployment, { path, value, reference }: SecretRequest): Planned {
  const name = path.slice(path.lastIndexOf('.') + 1);
  const problems: FieldProblem[] = [];
  if (value !== undefined) problems.push(problem(path, `must be left out where ${name}Source is EXTERNAL`));
  if (reference === undefined) problems.push(problem(`${path}Config`, `is required where ${name}Source is EXTERNAL`));
  if (problems.length > 0 || reference === undefined) return refuse(problems);
  const { secretId, jsonKey } = reference;
  const prefix = `arn:${partition}:secretsmanager:${region}:`;
  const isArn = secretId.startsWith(prefix) && /^[0-9]{12}:secret:.+$/.test(secretId.slice(prefix.length));
  if (!isArn && !SECRET_NAME.test(secretId)) {
    return wrong(`${path}Config.secretId`, `must be the name or the ARN of a secret in ${region}`);
  }
  return ok({ kind: 'leave', location: { source: 'EXTERNAL', secretArn: secretId, jsonKey } });
}

function problem(name: string, message: string): FieldProblem {
  return { name, message: `${name} ${message}` };
}

function wrong(name: string, message: string): { readonly ok: false; readonly error: readonly FieldProblem[] } {
  return refuse([problem(name, message)]);
}
