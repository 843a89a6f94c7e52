import type { Stack } from 'aws-cdk-lib';
import type { BursarConfig } from './config/config.ts';
import type { SecretRoles } from './constructs/keys/secrets-key.ts';
import type { DeployedFunctionName } from './function-names.ts';

/** Roles that policies of keys name, which outlive them. */
export type StableRole =
  | Extract<
      DeployedFunctionName,
      'process-payment' | 'manage-instruments' | 'manage-connectors' | 'manage-identities' | 'issue-tokens'
    >
  | 'backup';

/**
 * Keys name roles in their policies for as long as there is money behind them, so these roles keep their names through any
 * redeployment. IAM's names hold for all regions, hence the region in them.
 */
export function stableRoleName({ region }: Stack, { stackPrefix }: BursarConfig, role: StableRole): string {
  return `${stackPrefix}-${region}-${role}`;
}

export function stableRoleArn(stack: Stack, config: BursarConfig, role: StableRole): string {
  const resourceName = stableRoleName(stack, config, role);
  return stack.formatArn({ service: 'iam', region: '', resource: 'role', resourceName });
}

/** How the names of a deployment's secrets begin. */
export function secretNamePrefix({ stackPrefix }: BursarConfig): string {
  return `bursar/${stackPrefix}`;
}

/** Functions that read and write secrets as their work. */
export function workingRoles(stack: Stack, config: BursarConfig): string[] {
  const roles = ['process-payment', 'issue-tokens', 'manage-connectors', 'manage-identities'] as const;
  return roles.map((role) => stableRoleArn(stack, config, role));
}

/** Who stores and who reads secrets. */
export function secretRoles(stack: Stack, config: BursarConfig): SecretRoles {
  const arns = (...roles: StableRole[]) => roles.map((role) => stableRoleArn(stack, config, role));
  return {
    storing: arns('manage-connectors', 'manage-identities', 'backup'),
    readingSeeds: arns('process-payment', 'backup'),
    readingCredentials: arns('issue-tokens', 'manage-instruments', 'process-payment'),
  };
}
