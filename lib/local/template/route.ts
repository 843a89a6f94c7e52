import type { FunctionArn } from './integration.ts';

export interface RouteDefinition {
  readonly method: string;
  /** With `{name}` for a path parameter. */
  readonly path: string;
  readonly authorization: RouteAuthorization;
  readonly functionName: string;
  /** With the alias, if the integration names one. */
  readonly functionArn: string;
}

/** Whom a route admits: callers with a signature and a policy for it, everybody, or those that an authorizer function admits. */
export type RouteAuthorization =
  | { readonly type: 'AWS_IAM' | 'NONE' }
  | { readonly type: 'CUSTOM'; readonly authorizer: FunctionArn };
