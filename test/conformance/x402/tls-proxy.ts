import { request as httpRequest } from 'node:http';
import { createServer, request as httpsRequest } from 'node:https';
import { Readable } from 'node:stream';
import { generate } from 'selfsigned';
import { LOOPBACK } from '../../../lib/domain/loopback.ts';
import { close, listen } from '../../../lib/local/loopback/server.ts';

/** What a proxy tells the server behind it of the host that was asked. */
export type HostRule = 'kept' | 'replaced';

export interface TlsProxy {
  /** A `fetch` for which the proxy is the host of a public name. */
  readonly fetch: typeof fetch;
  close(): Promise<void>;
}

/** Ends TLS for a public name before a server on loopback, as load balancers do. */
export async function startTlsProxy(publicHost: string, port: number, host: HostRule): Promise<TlsProxy> {
  const { cert, private: key } = await generate([{ name: 'commonName', value: publicHost }], {
    keyType: 'ec',
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: publicHost }] }],
  });
  const proxy = createServer({ cert, key }, (incoming, outgoing) => {
    const { host: asked, ...headers } = incoming.headers;
    const behind = httpRequest(
      {
        host: LOOPBACK,
        port,
        method: incoming.method,
        path: incoming.url,
        headers: {
          ...headers,
          host: host === 'kept' ? asked : `${LOOPBACK}:${port}`,
          'x-forwarded-proto': 'https',
          'x-forwarded-host': asked,
        },
      },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      },
    );
    behind.on('error', () => outgoing.writeHead(502).end());
    incoming.pipe(behind);
  });
  const proxyPort = await listen(proxy, 0);
  const send = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const request = new Request(input, init);
    const { pathname, search, hostname } = new URL(request.url);
    if (hostname !== publicHost) throw new TypeError(`nobody answers for ${hostname}`);
    const body = Buffer.from(await request.arrayBuffer());
    return new Promise((resolve, reject) => {
      const asked = httpsRequest(
        {
          host: LOOPBACK,
          port: proxyPort,
          servername: publicHost,
          ca: cert,
          method: request.method,
          path: `${pathname}${search}`,
          headers: { ...Object.fromEntries(request.headers), host: publicHost, 'content-length': body.length },
        },
        (answer) => {
          const headers = Object.entries(answer.headers).flatMap(([name, value]) =>
            [value ?? []].flat().map((each): [string, string] => [name, each]),
          );
          const stream = answer.statusCode === 204 ? null : (Readable.toWeb(answer) as ReadableStream);
          resolve(new Response(stream, { status: answer.statusCode ?? 0, headers }));
        },
      );
      asked.on('error', reject);
      asked.end(body);
    });
  };
  return { fetch: send, close: () => close(proxy) };
}
