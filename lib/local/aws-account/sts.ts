import { AwsError, validationError } from '../aws-endpoint/aws-error.ts';
import { formatSessionArn } from '../iam/access-policies.ts';
import type { Environment } from '../template/environment.ts';
import { requireParameter, type QueryActions } from './query-protocol.ts';
import type { AccountRoles } from './roles.ts';
import { isDeveloper, type AccountCaller, type AccountSessions } from './sessions.ts';

export interface StsOptions {
  readonly environment: Environment;
  readonly roles: AccountRoles;
  readonly sessions: AccountSessions;
  readonly now: () => Date;
}

const SESSION_NAME = /^[\w+=,.@-]{2,64}$/;
const ROLE_ARN = /^arn:[a-z-]{1,20}:iam::\d{12}:role\/[\w+=,.@-]{1,64}$/;
const SECONDS_MIN = 900;
const SECONDS_MAX = 3_600;
const MS = 1_000;

/** Who one is, and becoming somebody else. */
export function createStsActions({ environment, roles, sessions, now }: StsOptions): QueryActions<AccountCaller> {
  return {
    GetCallerIdentity: ({ arn, userId }) => ({ Arn: arn, UserId: userId, Account: environment.account }),
    AssumeRole: async (caller, input) => {
      const roleArn = requireParameter(input, 'RoleArn', ROLE_ARN);
      const sessionName = requireParameter(input, 'RoleSessionName', SESSION_NAME);
      const seconds = Number(input['DurationSeconds'] ?? SECONDS_MAX);
      if (!Number.isInteger(seconds) || seconds < SECONDS_MIN || seconds > SECONDS_MAX) {
        throw validationError(`DurationSeconds must be from ${SECONDS_MIN} to ${SECONDS_MAX} here`);
      }
      const denied = (): AwsError =>
        new AwsError(
          'AccessDenied',
          `User: ${caller.arn} is not authorized to perform: sts:AssumeRole on resource: ${roleArn}`,
          403,
        );
      const name = roleArn.split('/').at(-1)!;
      const role = roles.find(name);
      // As IAM: who may not assume a role does not hear whether there is one.
      if (role === null || role.arn !== roleArn || !isDeveloper(caller) || !(await roles.mayBeAssumed(role))) {
        throw denied();
      }
      const identity = { roleName: name, sessionName };
      const assumed = {
        arn: formatSessionArn(environment, identity),
        userId: `${role.id}:${sessionName}`,
        roleName: name,
        expiresAtMs: now().getTime() + seconds * MS,
      };
      const key = sessions.issue(assumed);
      return {
        Credentials: {
          AccessKeyId: key.accessKeyId,
          SecretAccessKey: key.secretAccessKey,
          SessionToken: key.sessionToken,
          Expiration: new Date(assumed.expiresAtMs).toISOString(),
        },
        AssumedRoleUser: { AssumedRoleId: assumed.userId, Arn: assumed.arn },
      };
    },
  };
}
