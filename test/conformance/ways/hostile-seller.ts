import { createServer } from 'node:http';
import { LOOPBACK } from '../../../lib/domain/loopback.ts';
import { close, listen } from '../../../lib/local/loopback/server.ts';
import type { Ask } from './way.ts';

/** A seller that asks for whatever it is told to, and takes every proof. */
export interface HostileSeller {
  readonly url: string;
  askFor(ask: Ask): void;
  /** The headers of the requests that came with a proof since the last time. */
  takeProofs(): readonly Headers[];
  close(): Promise<void>;
}

const PROOF_HEADERS = ['payment-signature', 'x-payment', 'authorization', 'payment-authorization'];

export async function startHostileSeller(): Promise<HostileSeller> {
  let current: Ask = { headers: {}, body: '' };
  let proofs: Headers[] = [];
  const server = createServer((request, response) => {
    const headers = new Headers(request.headers as Record<string, string>);
    if (PROOF_HEADERS.some((name) => headers.has(name))) {
      proofs.push(headers);
      response.end('the goods');
      return;
    }
    response.writeHead(402, current.headers).end(current.body);
  });
  const port = await listen(server, 0);
  return {
    url: `http://${LOOPBACK}:${port}/goods`,
    askFor: (ask) => {
      current = ask;
    },
    takeProofs: () => {
      const taken = proofs;
      proofs = [];
      return taken;
    },
    close: () => close(server),
  };
}
