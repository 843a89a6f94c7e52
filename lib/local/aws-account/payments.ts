import {
  errorAnswer,
  forward,
  parseRequestPath,
  type Deployment,
  type ForwardedAnswer,
  type ForwardingCredentials,
} from '../../sigv4/forwarding.ts';
import type { SignedRequest } from '../../sigv4/verification.ts';
import type { LocalInfo } from '../info.ts';
import { operationOfRequest, roleOfRequest } from '../operation-roles.ts';
import type { AccountRoles } from './roles.ts';
import type { AccountCaller } from './sessions.ts';

export interface PaymentsOptions {
  readonly deployment: Deployment & {
    readonly credentials: Readonly<Record<keyof LocalInfo['credentials'], ForwardingCredentials>>;
  };
  readonly roles: AccountRoles;
}

/** The prefix of AWS's own names for what a caller may do. */
const ACTIONS = 'bedrock-agentcore';

/**
 * Hands a request for AWS's service to the deployment, signed as the role that its operation is open to. The developer may
 * do everything; in a role that the account has, a caller may do what its policies say in AWS's names.
 */
export async function answerPayments(
  { deployment, roles }: PaymentsOptions,
  caller: AccountCaller,
  request: SignedRequest,
): Promise<ForwardedAnswer> {
  const asked = parseRequestPath(request.target);
  const line = asked === null ? null : { method: request.method, path: asked.path };
  const operation = line === null ? null : operationOfRequest(line);
  if (asked === null || line === null || operation === null) {
    return errorAnswer(
      404,
      'UnknownOperationException',
      'The local stack has the operations of payments, and this is none',
    );
  }
  if (caller.roleName !== null) {
    const action = `${ACTIONS}:${operation}`;
    const role = roles.find(caller.roleName);
    if (role === null || !(await roles.mayDo(role, action))) {
      const message = `User: ${caller.arn} is not authorized to perform: ${action} because no policy of the role allows it, or one denies it`;
      return errorAnswer(403, 'AccessDeniedException', message);
    }
  }
  return forward(deployment, request, asked, deployment.credentials[roleOfRequest(line)]);
}
