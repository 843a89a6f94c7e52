import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { recoverTypedDataAddress, type Hex } from 'viem';
import { NETWORKS } from '../../../lib/domain/assets.ts';
import { PAY_TO, requirementOf } from '../challenge.ts';
import { TRANSFER_TYPES, domainOf } from '../transfer-types.ts';
import { PRICE } from './schedule.ts';

export const NETWORK = NETWORKS.find(({ id }) => id === 'eip155:84532')!;

/** A seller that delivers for every proof that is valid, and knows what they are worth together. */
export interface CountingSeller {
  readonly url: string;
  /** Of distinct authorizations with a valid signature, in the token's smallest unit: what their holder can settle. */
  received(): bigint;
  close(): Promise<void>;
}

interface Proof {
  readonly payload: { readonly signature: Hex; readonly authorization: Readonly<Record<string, string>> };
}

export async function startSeller(): Promise<CountingSeller> {
  const received = new Map<string, bigint>();
  const server = createServer((request, response) => {
    answer(request, response, `http://${request.headers.host}/report`, received).catch((error: unknown) => {
      response.writeHead(400).end(String(error));
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/report`,
    received: () => [...received.values()].reduce((sum, value) => sum + value, 0n),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}

async function answer(
  { headers }: IncomingMessage,
  response: ServerResponse,
  url: string,
  received: Map<string, bigint>,
): Promise<void> {
  const header = headers['payment-signature'];
  if (typeof header !== 'string') {
    const accepts = [requirementOf(NETWORK, `${PRICE}`, PAY_TO)];
    const resource = { url, description: 'A report', mimeType: 'application/json' };
    const required = { x402Version: 2, error: 'payment required', resource, accepts };
    response.writeHead(402, { 'PAYMENT-REQUIRED': toBase64(required) }).end('{}');
    return;
  }
  const { payload } = JSON.parse(Buffer.from(header, 'base64').toString('utf8')) as Proof;
  const { from, to, value, validAfter, validBefore, nonce } = payload.authorization;
  const payer = await recoverTypedDataAddress({
    domain: domainOf(NETWORK),
    types: TRANSFER_TYPES,
    primaryType: 'TransferWithAuthorization',
    message: {
      from: from as Hex,
      to: to as Hex,
      value: BigInt(value ?? ''),
      validAfter: BigInt(validAfter ?? ''),
      validBefore: BigInt(validBefore ?? ''),
      nonce: nonce as Hex,
    },
    signature: payload.signature,
  });
  if (payer !== from || to !== PAY_TO) throw new Error('the proof does not verify');
  received.set(nonce!, BigInt(value!));
  const settled = { success: true, transaction: nonce, network: NETWORK.id, payer };
  const head = { 'Content-Type': 'application/json', 'PAYMENT-RESPONSE': toBase64(settled) };
  response.writeHead(200, head).end('{"report":"sunny"}');
}

function toBase64(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64');
}
