// One door to the signer: an HTTP server. Before it stands what ends TLS, unless all of it is on one machine.
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { BODY_MAX_BYTES, createSigner, type Answer, type SignerOptions } from './signer.ts';

export function createSignerServer(options: SignerOptions): Server {
  const sign = createSigner(options);
  const answer = async (request: IncomingMessage): Promise<Answer> => {
    if (request.method !== 'POST') return { status: 405, body: { message: 'POST only' } };
    const body = await readBody(request);
    return sign({ headers: request.headers as Record<string, string | undefined>, body });
  };
  const serve: RequestListener = (request, response) => {
    const respond = async (): Promise<void> => {
      const { status, body } = await answer(request);
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    respond().catch(() => response.writeHead(500).end());
  };
  return createServer(serve);
}

/** Of a body that is too long, as much as shows that it is. */
async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    if (bytes <= BODY_MAX_BYTES) chunks.push(chunk);
    bytes += chunk.length;
  }
  return Buffer.concat(chunks);
}
