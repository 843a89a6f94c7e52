import { Reference, Stack, Token, Tokenization } from 'aws-cdk-lib';
import { CfnRole, CfnUser, ManagedPolicy, Policy, type IPrincipal, type PolicyDocument } from 'aws-cdk-lib/aws-iam';
import { Construct, type IConstruct } from 'constructs';

/** A principal that is a construct: a role, a user or a group, made or imported. */
export type PrincipalConstruct = IPrincipal & IConstruct;

/**
 * What is known at synthesis of whom a principal is. Two constructs may stand for the same one: a role, the same role
 * imported by its ARN, and that import made immutable.
 */
export interface PrincipalIdentity {
  /** What the ARN refers to: the path of the construct that makes it, or the ARN as text. */
  readonly arn: string;
  /** `role/name`, where the name is known. */
  readonly name: string | null;
  /** Where the account is known. */
  readonly account: string | null;
}

const IAM_ARN = /^arn:[^:]*:iam::(?<account>[^:]*):(?<kind>role|user|group)\/(?:.*\/)?(?<name>[^/]+)$/;
const ACCOUNT = /^[0-9]{12}$/;

/** Whether a principal is a construct, and so can have policies of its own. */
export function isPrincipalConstruct(principal: IPrincipal): principal is PrincipalConstruct {
  return Construct.isConstruct(principal);
}

/** @throws Error for a construct that is neither role nor user nor group */
export function identify(principal: PrincipalConstruct): PrincipalIdentity {
  const arn = arnOf(principal);
  const parts = IAM_ARN.exec(arn)?.groups;
  const account = parts?.['account'] ?? '';
  return {
    arn: toReference(principal, arn),
    name: parts === undefined ? physicalNameOf(principal) : `${parts['kind']}/${parts['name']}`,
    account: ACCOUNT.test(account) ? account : null,
  };
}

/** Whether two identities are, or by what is known at synthesis may be, of one principal: names are unique in an account. */
export function isSamePrincipal(a: PrincipalIdentity, b: PrincipalIdentity): boolean {
  if (a.arn === b.arn) return true;
  const accountsMayAgree = a.account === null || b.account === null || a.account === b.account;
  return a.name !== null && a.name === b.name && accountsMayAgree;
}

/**
 * Whether a statement really became part of the principal's policies. Immutable imports, which those of another account
 * are, too, take statements and drop them without a word.
 */
export function holdsStatement(principal: PrincipalConstruct, sid: string): boolean {
  return principal.node
    .findAll()
    .some(
      (child) => (child instanceof Policy || child instanceof ManagedPolicy) && sidsOf(child.document).includes(sid),
    );
}

function sidsOf(document: PolicyDocument): string[] {
  // The shape of every policy document; an empty one has none.
  const { Statement: statements = [] } = (document.toJSON() ?? {}) as { Statement?: readonly { Sid?: string }[] };
  return statements.flatMap(({ Sid: sid }) => (sid === undefined ? [] : [sid]));
}

function arnOf(principal: PrincipalConstruct): string {
  for (const member of ['roleArn', 'userArn', 'groupArn']) {
    const arn: unknown = (principal as unknown as Readonly<Record<string, unknown>>)[member];
    if (typeof arn === 'string') return arn;
  }
  throw new Error(`${principal.node.path} is neither a role nor a user nor a group`);
}

/** An ARN that is known at deployment only is told by the resource that it is read from. */
function toReference(principal: PrincipalConstruct, arn: string): string {
  if (!Token.isUnresolved(arn)) return arn;
  const { firstToken, length } = Tokenization.reverseString(arn);
  if (length === 1 && firstToken !== undefined && Reference.isReference(firstToken)) return firstToken.target.node.path;
  return JSON.stringify(Stack.of(principal).resolve(arn));
}

function physicalNameOf(principal: PrincipalConstruct): string | null {
  const resource = principal.node.defaultChild;
  if (resource instanceof CfnRole) return toName('role', resource.roleName);
  if (resource instanceof CfnUser) return toName('user', resource.userName);
  return null;
}

function toName(kind: 'role' | 'user', name: string | undefined): string | null {
  return name === undefined || Token.isUnresolved(name) ? null : `${kind}/${name}`;
}
