import { userInfo } from 'node:os';

const FALLBACK = 'user';

/** The login name of the person at the terminal, in characters that a user id of the API may have. */
export function loginName(): string {
  try {
    return userInfo().username.replaceAll(/[^A-Za-z0-9._-]/g, '') || FALLBACK;
  } catch {
    return FALLBACK;
  }
}
