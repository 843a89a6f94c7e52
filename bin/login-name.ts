import { userInfo } from 'node:os';

const FALLBACK = 'user';

/** The name of whoever is logged in, as a user of the API may be called. */
export function loginName(): string {
  try {
    return userInfo().username.replaceAll(/[^A-Za-z0-9._-]/g, '') || FALLBACK;
  } catch {
    return FALLBACK;
  }
}
