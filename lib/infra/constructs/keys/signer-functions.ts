import { PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';

/**
 * Lets a role invoke the signers of the users' own that are Lambda functions: these, by these aliases and versions, and no other
 * function. One of another account has to allow it too.
 */
export function grantInvokeSigners(role: Role, functionArns: readonly string[]): void {
  if (functionArns.length === 0) return;
  role.addToPrincipalPolicy(
    new PolicyStatement({
      sid: 'InvokeSigners',
      actions: ['lambda:InvokeFunction'],
      resources: [...functionArns],
    }),
  );
}
