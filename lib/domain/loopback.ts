/** The address that servers of this machine alone listen on. */
export const LOOPBACK = '127.0.0.1';

const LOOPBACK_HOSTS = new Set([LOOPBACK, 'localhost', '[::1]']);

/** Whether the URL is plain http that never leaves this machine. Does not resolve the name. */
export function isLoopbackUrl({ protocol, hostname }: URL): boolean {
  return protocol === 'http:' && LOOPBACK_HOSTS.has(hostname);
}

/** Whether nobody on the way can read along, or answer in place of the host: https anywhere, or http on this machine. */
export function isSecureUrl(url: URL): boolean {
  return url.protocol === 'https:' || isLoopbackUrl(url);
}
