import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { json as readJson } from 'node:stream/consumers';
import { BASE_SEPOLIA } from './payments.ts';
import { close, listen } from '../../lib/local/loopback/server.ts';

/** How an endpoint is at fault. */
export type RpcFault =
  | 'late'
  | 'cut'
  | 'closed'
  | 'text'
  | 'no result'
  | 'too long'
  | 'redirect'
  | 'limited'
  | 'other chain'
  | number;

export interface RpcCall {
  readonly method: string;
  readonly params: readonly unknown[];
}

/** An endpoint of Base Sepolia that tells what it is asked, and is at fault when told to be. */
export interface RpcEndpoint {
  /** With what would be a key in its path. */
  readonly url: string;
  readonly asked: RpcCall[];
  fault: RpcFault | null;
  /** The result of everything but the id of its chain, or an error of JSON-RPC. */
  answer: (call: RpcCall) => { readonly result: unknown } | { readonly error: object };
  close(): Promise<void>;
}

export const RPC_KEY = 'rpc-key-canary';
/** Where it sends on to, and answers. */
const ELSEWHERE = '/elsewhere';
const CHAIN_ID = `0x${BASE_SEPOLIA.chainId.toString(16)}`;

export const toRpcWord = (value: bigint): string => `0x${value.toString(16).padStart(64, '0')}`;

/** @param value what every call of a contract answers */
export async function startRpcEndpoint(value = 0n): Promise<RpcEndpoint> {
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method, params } = (await readJson(request)) as RpcCall;
    endpoint.asked.push({ method, params });
    const fault = request.url === ELSEWHERE ? null : endpoint.fault;
    if (fault !== null && fault !== 'other chain') return fail(response, fault);
    const chain = { result: fault === null ? CHAIN_ID : '0x1' };
    const members = method === 'eth_chainId' ? chain : endpoint.answer({ method, params });
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ jsonrpc: '2.0', id: 1, ...members }));
  };
  const server = createServer((request, response) => void answer(request, response));
  const port = await listen(server, 0);
  const endpoint: RpcEndpoint = {
    url: `http://127.0.0.1:${port}/${RPC_KEY}?key=${RPC_KEY}`,
    asked: [],
    fault: null,
    answer: () => ({ result: toRpcWord(value) }),
    close: () => close(server),
  };
  return endpoint;
}

function fail(response: ServerResponse, fault: Exclude<RpcFault, 'other chain'>): void {
  switch (fault) {
    case 'late':
      return;
    case 'closed':
      response.destroy();
      return;
    case 'cut':
      response.writeHead(200, { 'content-length': '1000' }).write('{"jsonrpc":"2.0","id":1,"result":"0x');
      response.socket?.end();
      return;
    case 'text':
      response.end('<html>');
      return;
    case 'no result':
      response.end('{"jsonrpc":"2.0","id":1}');
      return;
    case 'too long':
      response.end(`{"jsonrpc":"2.0","id":1,"result":"0x${'0'.repeat(1024 * 1024)}"}`);
      return;
    case 'redirect':
      response.writeHead(307, { location: ELSEWHERE }).end();
      return;
    case 'limited':
      response.end('{"jsonrpc":"2.0","id":1,"error":{"code":-32005,"message":"daily request count exceeded"}}');
      return;
    default:
      response.writeHead(fault).end(`{"jsonrpc":"2.0","id":1,"result":"${RPC_KEY}"}`);
  }
}
