import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { base64, makeEntry } from '../script.ts';

/** A request as the site got it. */
export interface Visit {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
  /** The proof, in the header of either version of x402. */
  readonly proof: string | null;
}

export interface Site {
  readonly origin: string;
  readonly visits: readonly Visit[];
  /** To which path, with a proof or without. */
  readonly paths: () => readonly string[];
  close(): Promise<void>;
}

type Answer = (visit: Visit, response: ServerResponse, origin: string) => void;

/** A site on loopback, with an answer for each path; `*` answers all others. */
export async function openSite(answers: Readonly<Record<string, Answer>>): Promise<Site> {
  const visits: Visit[] = [];
  let origin = '';
  const server = createServer((request, response) => {
    void read(request).then((visit) => {
      // A browser asks for it on its own account.
      if (visit.path === '/favicon.ico') return response.writeHead(404).end();
      visits.push(visit);
      const answer = answers[visit.path] ?? answers['*'];
      if (answer === undefined) return response.writeHead(404).end('nothing here');
      return answer(visit, response, origin);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    visits,
    paths: () => visits.map(({ path, proof }) => (proof === null ? path : `${path} with a proof`)),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function read(request: IncomingMessage): Promise<Visit> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const { method = '', url = '', headers } = request;
  const proof = headers['payment-signature'] ?? headers['x-payment'] ?? null;
  return { method, path: url, headers, body: Buffer.concat(chunks).toString(), proof: proof as string | null };
}

export const html = (title: string, body = ''): string => `<!doctype html><title>${title}</title>${body}`;

export const page =
  (title: string, body = ''): Answer =>
  (_visit, response) =>
    void response.writeHead(200, { 'content-type': 'text/html' }).end(html(title, body));

interface Asking {
  /** What is answered to the proof. */
  readonly paid: Answer;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Asks for half a dollar as sellers of version 2 do: in a header, beside a page for people. */
export const sell =
  ({ paid, headers = {} }: Asking): Answer =>
  (visit, response, origin) => {
    if (visit.proof !== null) return paid(visit, response, origin);
    const document = { x402Version: 2, accepts: [makeEntry(2)], resource: { url: `${origin}${visit.path}` } };
    const asked = { 'payment-required': base64(document), 'content-type': 'text/html', ...headers };
    response.writeHead(402, asked).end(html('Please pay'));
  };

/** The same in version 1, in a body of JSON; for those who look like people, a page instead where that is wanted. */
export const sellInVersion1 =
  ({ paid, toPeople }: { readonly paid: Answer; readonly toPeople: 'json' | 'page' }): Answer =>
  (visit, response, origin) => {
    if (visit.proof !== null) return paid(visit, response, origin);
    const isPerson =
      /text\/html/.test(`${visit.headers['accept']}`) && /Mozilla/.test(`${visit.headers['user-agent']}`);
    if (isPerson && toPeople === 'page') {
      response.writeHead(402, { 'content-type': 'text/html' }).end(html('Please pay'));
      return;
    }
    const accepts = [makeEntry(1, { resource: `${origin}${visit.path}` })];
    const document = { x402Version: 1, error: 'X-PAYMENT header is required', accepts };
    response.writeHead(402, { 'content-type': 'application/json' }).end(JSON.stringify(document));
  };

export const redirect =
  (to: (origin: string) => string, status = 302): Answer =>
  (_visit, response, origin) =>
    void response.writeHead(status, { location: to(origin) }).end();
