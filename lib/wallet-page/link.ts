import { apiBase, CallFailed, readJson, send, type Access } from './calls.ts';

const KEY = 'bursar-wallet-page';
const LINK_SECRET = /^#(bwl_[A-Za-z0-9_-]{43})$/;

/** The secret of the link that led here. It is taken out of the address at once, so that it stays in no history. */
export function takeSecret(): string | null {
  const secret = LINK_SECRET.exec(location.hash)?.[1] ?? null;
  if (location.hash !== '') history.replaceState(null, '', location.pathname + location.search);
  return secret;
}

/** Opens a session with the secret of a link, once; `null` where the link opens nothing. */
export async function openLink(secret: string): Promise<Access | null> {
  const response = await send(`${apiBase(location)}/wallet/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ secret }),
  });
  if (response.status === 403) return null;
  const access = parseAccess(await readJson(response));
  if (!response.ok || access === null)
    throw new CallFailed('refused', 'The link could not be opened. Try again in a minute');
  return access;
}

/** Ends a session that a link opened, for everybody who might have its token. */
export async function endSession({ token }: Access): Promise<void> {
  // Of an issuer's token its issuer alone can say that it is over.
  if (!token.startsWith('bwp_')) return;
  const url = `${apiBase(location)}/wallet/session`;
  await send(url, { method: 'DELETE', headers: { authorization: `Bearer ${token}` } });
}

// For this tab, so that reloading does not end what a link opened once.

export function keepAccess(access: Access): void {
  sessionStorage.setItem(KEY, JSON.stringify(access));
}

export function dropAccess(): void {
  sessionStorage.removeItem(KEY);
}

/** What an earlier load of this tab kept, while it is good. */
export function findAccess(now: number): Access | null {
  const text = sessionStorage.getItem(KEY);
  if (text === null) return null;
  const access = parseAccess(JSON.parse(text));
  return access !== null && now < Date.parse(access.expiresAt) ? access : null;
}

function parseAccess(value: unknown): Access | null {
  const members = value as Readonly<Record<string, unknown>>;
  const read = (name: string): string => (typeof members[name] === 'string' ? members[name] : '');
  const access = {
    token: read('token'),
    expiresAt: read('expiresAt'),
    paymentManagerArn: read('paymentManagerArn'),
    paymentInstrumentId: read('paymentInstrumentId'),
  };
  return Object.values(access).includes('') ? null : access;
}
