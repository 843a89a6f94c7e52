import { createBursarClient, type BursarClient } from '../../lib/client/index.ts';
import { OPERATIONS, type OperationName } from '../../lib/contract/operations.ts';
import type { TestFunctions } from '../support/functions.ts';
import { CREDENTIALS, ENDPOINT } from './deployment.ts';

/** What a service was asked. */
export interface Asked {
  readonly operation: OperationName;
  readonly body: Record<string, unknown>;
}

export const USER = 'user-1';

const isAt = (path: string, { path: pattern }: { readonly path: string }): boolean =>
  new RegExp(`^${pattern.replaceAll(/\{[^}]+\}/g, '[^/]+')}$`).test(path);

/** A client of the functions that deploy, all calls of one user, and what it asked of them. */
export function openService({ call }: TestFunctions): {
  readonly client: BursarClient;
  readonly asked: readonly Asked[];
} {
  const asked: Asked[] = [];
  const fetchBursar: typeof fetch = async (input, init) => {
    const request = new Request(input, init);
    const { pathname, searchParams } = new URL(request.url);
    const path = pathname.replace('/v1', '');
    const operation = (Object.keys(OPERATIONS) as OperationName[]).find((name) => isAt(path, OPERATIONS[name]))!;
    const body = await request.text();
    asked.push({ operation, body: body === '' ? {} : (JSON.parse(body) as Asked['body']) });
    const query = Object.fromEntries([...searchParams.keys()].map((name) => [name, searchParams.getAll(name)]));
    const event = { multiValueQueryStringParameters: query, ...(body === '' ? {} : { body }) };
    const { status, text, headers } = await call(operation, { user: USER, event });
    return new Response(text, { status, headers });
  };
  const access = { endpoint: ENDPOINT, region: 'us-east-1', credentials: CREDENTIALS };
  return { client: createBursarClient({ ...access, fetch: fetchBursar }), asked };
}
