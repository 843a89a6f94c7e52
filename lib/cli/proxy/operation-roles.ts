import { OPERATIONS, type OperationRoute, type RoleName } from '../../contract/operations.ts';
import type { LocalInfo } from '../../local/info.ts';

type LocalRole = keyof LocalInfo['credentials'];

/** TreasuryRole is not among them: no client of AWS takes money out. */
const LOCAL_ROLES: Readonly<Partial<Record<RoleName, LocalRole>>> = {
  ControlPlaneRole: 'controlPlane',
  ManagementRole: 'management',
  ProcessPaymentRole: 'processPayment',
  ObserverRole: 'observer',
  TokenRole: 'token',
};

/** As the agent, which may do least, where no operation is meant. */
const OTHERWISE: LocalRole = 'processPayment';

/** The role of the local stack that may make a request: the first one that its operation is open to. */
export function roleOfRequest({ method, path }: { readonly method: string; readonly path: string }): LocalRole {
  const routes: readonly OperationRoute[] = Object.values(OPERATIONS);
  const route = routes.find((each) => each.method === method && isPathOf(each.path, path));
  const roles = route?.roles.flatMap((name) => LOCAL_ROLES[name] ?? []) ?? [];
  return roles[0] ?? OTHERWISE;
}

function isPathOf(template: string, path: string): boolean {
  const wanted = template.split('/');
  const given = path.split('/');
  return wanted.length === given.length && wanted.every((part, at) => part.startsWith('{') || part === given[at]);
}
