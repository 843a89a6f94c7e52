import { OPERATIONS, type OperationName, type OperationRoute, type RoleName } from '../contract/operations.ts';
import type { LocalInfo } from './info.ts';

type LocalRole = keyof LocalInfo['credentials'];

interface RequestLine {
  readonly method: string;
  /** Without a stage. */
  readonly path: string;
}

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
export function roleOfRequest(request: RequestLine): LocalRole {
  const operation = operationOfRequest(request);
  const route: OperationRoute | null = operation === null ? null : OPERATIONS[operation];
  const roles = route?.roles.flatMap((name) => LOCAL_ROLES[name] ?? []) ?? [];
  return roles[0] ?? OTHERWISE;
}

/** The operation that a request asks for; `null` where it is none. */
export function operationOfRequest({ method, path }: RequestLine): OperationName | null {
  const routes = Object.entries(OPERATIONS) as [OperationName, OperationRoute][];
  const found = routes.find(([, route]) => route.method === method && isPathOf(route.path, path));
  return found?.[0] ?? null;
}

function isPathOf(template: string, path: string): boolean {
  const wanted = template.split('/');
  const given = path.split('/');
  return wanted.length === given.length && wanted.every((part, at) => part.startsWith('{') || part === given[at]);
}
