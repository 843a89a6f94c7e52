import { OPERATIONS, type OperationName, type OperationRoute } from '../../contract/operations.ts';
import type { BursarCall, Caller } from './bursar-call.ts';

/** The request that an operation's members make: each stands where its route has it. */
export function toRequest(operation: OperationName, input: object, caller: Caller): BursarCall {
  const { method, path, query = {} }: OperationRoute = OPERATIONS[operation];
  const members = new Map<string, unknown>(Object.entries(input));
  const take = (name: string): unknown => {
    const value = members.get(name);
    members.delete(name);
    return value;
  };
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(take(name))));
  const inQuery = Object.keys(query).flatMap((name) => {
    const value = take(name);
    if (value === undefined) return [];
    return [[name, Array.isArray(value) ? value.map(String) : String(value)] as const];
  });
  return {
    method,
    path: filled,
    ...caller,
    query: Object.fromEntries(inQuery),
    ...(method === 'GET' || method === 'DELETE' ? {} : { body: Object.fromEntries(members) }),
  };
}
