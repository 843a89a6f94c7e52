import { OAUTH_PREFIX, ROLE_NAMES, type OperationRoute } from '../../lib/contract/operations.ts';
import { DEPLOYED_FUNCTION_NAMES } from '../../lib/infra/function-names.ts';
import { createAccessPolicies, type AccessRequest, type AccessPolicies } from '../../lib/local/iam/access-policies.ts';
import { ENVIRONMENT, synthesize } from './synthesis.ts';

export type Question = Omit<AccessRequest, 'caller'>;

const { account, region } = ENVIRONMENT;

/** A deployment that has every role and function there can be, and one secret of the deployer. */
export const app = await synthesize({
  tokenPrincipals: [`arn:aws:iam::${account}:root`],
  treasuryPrincipals: [`arn:aws:iam::${account}:root`],
  withdrawalAddresses: ['0x209693Bc6afc0C5328bA36FaF03C514EF312287C'],
  backupPrincipals: [`arn:aws:iam::${account}:root`],
  externalSecretArns: [`arn:aws:secretsmanager:${region}:${account}:secret:cdp/api-??????`],
  repeatWindowSeconds: 30,
  approvalGasPerDay: '0.002',
  facilitators: ['0x70997970C51812dc3A010C7d01b50e0d17dc79C8'],
  signerFunctions: [`arn:aws:lambda:${region}:${account}:function:signer:live`],
});
const accessPolicies = createAccessPolicies(app.deployment.roles, ENVIRONMENT);

/** Role names by function name, and by the name of a role that is handed out. */
export const roles: Readonly<Record<string, string>> = readRoleNames();

function readRoleNames(): Record<string, string> {
  const ofFunctions = new Set(app.deployment.functions.map(({ roleArn }) => roleArn));
  const names = Object.fromEntries([
    ...DEPLOYED_FUNCTION_NAMES.map((name) => {
      const construct = name.replaceAll(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase());
      const { roleArn } = app.deployment.functions.find((fn) => fn.name.includes(construct))!;
      return [name, app.deployment.roles.find(({ arn }) => arn === roleArn)!.name];
    }),
    ...[...ROLE_NAMES, 'BackupRole'].map((name) => {
      const handedOut = app.deployment.roles.filter(({ arn }) => !ofFunctions.has(arn));
      return [name, handedOut.find(({ logicalId }) => logicalId.startsWith(name))!.name];
    }),
  ]) as Record<string, string>;
  // The paying function and the agents' role have like names: they must not be taken for one another.
  if (new Set(Object.values(names)).size !== DEPLOYED_FUNCTION_NAMES.length + ROLE_NAMES.length + 1) {
    throw new Error('two of the roles were taken for one another');
  }
  return names;
}

/** Every role of ours that may do it, sorted. */
export async function whoMay(question: Question, judge = accessPolicies): Promise<string[]> {
  const answers = await Promise.all(
    Object.entries(roles).map(async ([name, roleName]) => {
      const allowed = await judge.isAllowed({ ...question, caller: { roleName, sessionName: 'test' } });
      return allowed ? [name] : [];
    }),
  );
  return answers.flat().sort();
}

/** As if somebody had granted everything to every role, so that only denials and policies of resources are left. */
export function generously(): AccessPolicies {
  const all = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] };
  const generous = app.deployment.roles.map((role) => ({
    ...role,
    policies: [...role.policies, { name: 'all', document: all }],
  }));
  return createAccessPolicies(generous, ENVIRONMENT);
}

export function table(name: 'Books' | 'Registry'): string {
  const { TableName: tableName } = app.deployment.tables.find((found) => found.TableName?.includes(name))!;
  return `arn:aws:dynamodb:${region}:${account}:table/${tableName}`;
}

export function onItem(action: string, name: 'Books' | 'Registry', key: string): Question {
  return { action: `dynamodb:${action}`, resource: table(name), context: { 'dynamodb:LeadingKeys': [key] } };
}

/** A call that is signed with IAM. */
export function onRoute(
  route: OperationRoute,
  { api = app.deployment.api!.id, stage = 'v1' }: { readonly api?: string; readonly stage?: string } = {},
): Question {
  const path = `${route.method}${route.path.replaceAll(/\{\w+\}/g, 'some-id')}`;
  return { action: 'execute-api:Invoke', resource: `arn:aws:execute-api:${region}:${account}:${api}/${stage}/${path}` };
}

/** The same with a token; IAM has no say there, and no policy should look as if it had. */
export function underOauth(route: OperationRoute): OperationRoute {
  return { ...route, path: `${OAUTH_PREFIX}${route.path}` };
}

export interface Statement {
  readonly Sid?: string;
  readonly Effect: string;
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** The statements of a policy document, with lists where it may have one text. */
export function statementsOf(document: object): Statement[] {
  const list = (value: unknown): string[] =>
    (Array.isArray(value) ? value : [value]).map((item) => (typeof item === 'string' ? item : JSON.stringify(item)));
  const { Statement: statements } = document as { Statement: readonly Statement[] };
  return statements.map((statement) => {
    if (!('Action' in statement)) throw new Error(`statement without Action: ${JSON.stringify(statement)}`);
    return { ...statement, Action: list(statement.Action), Resource: list(statement.Resource) };
  });
}
