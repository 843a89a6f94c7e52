import { ApiError } from './api-error.ts';
import type { EndUser, Project } from './project.ts';

const ACCOUNT_NAME = /^[A-Za-z0-9][A-Za-z0-9-]{0,34}[A-Za-z0-9]$/;

/** The end user whom a path names. */
export function findUser({
  project,
  names,
}: {
  readonly project: Project;
  readonly names: Readonly<Record<string, string>>;
}): EndUser {
  const user = project.users().find(({ userId }) => userId === names['userId']);
  if (user === undefined) throw new ApiError(404, 'not_found', 'there is no such end user');
  return user;
}

/** What an account of the project may be called, or nothing. */
export function isAccountName(name: unknown): name is string | null {
  return name === null || (typeof name === 'string' && ACCOUNT_NAME.test(name));
}
