import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { LOOPBACK } from '../../domain/loopback.ts';

/** Something else listens on the port. */
export class PortTaken extends Error {
  override readonly name = 'PortTaken';
}

/** As it is of HTTP servers; plain sockets have no connections of their own to keep and to cut. */
export type ClosableServer = Server & { closeAllConnections?(): void; keepAliveTimeout?: number };

/**
 * As long as API Gateway keeps a connection that nothing is asked on. After Node's own five seconds a busy client asks on one that is
 * being closed, and hears nothing.
 */
const KEEP_ALIVE_MS = 60_000;

/**
 * Listens on the loopback address.
 * @param port 0 takes a free one
 * @returns the port
 * @throws PortTaken
 */
export async function listen(server: ClosableServer, port: number): Promise<number> {
  if (server.keepAliveTimeout !== undefined) server.keepAliveTimeout = KEEP_ALIVE_MS;
  const listening = once(server, 'listening');
  server.listen(port, LOOPBACK);
  try {
    await listening;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error;
    const mend = `stop what listens on ${LOOPBACK}:${port}, or choose another port`;
    throw new PortTaken(`port ${port} is taken: ${mend}`, { cause: error });
  }
  return (server.address() as AddressInfo).port;
}

/** Stops at once: takes no more connections and cuts those that are open. */
export async function close(server: ClosableServer): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections?.();
  await closed;
}

/** Refuses a port that something listens on. What it says of a free port may be out of date at once. */
export async function checkPort(port: number): Promise<void> {
  const server = createServer();
  await listen(server, port);
  await close(server);
}

/** Below the ports that systems give to whoever asks for any, which are many while a stack runs. */
const FREE_PORTS = { from: 20_000, below: 32_768 };
const FREE_PORT_TRIES_MAX = 20;

/**
 * A port that was free a moment ago, and that nobody is given who does not ask for it by its number. Throws where all that were tried
 * are taken.
 */
export async function findFreePort(): Promise<number> {
  for (let tried = 1; ; tried += 1) {
    const port = randomInt(FREE_PORTS.from, FREE_PORTS.below);
    try {
      await checkPort(port);
      return port;
    } catch (error) {
      if (!(error instanceof PortTaken) || tried === FREE_PORT_TRIES_MAX) throw error;
    }
  }
}
