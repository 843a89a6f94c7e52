import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { toEpochMs } from '../../../lib/domain/time.ts';
import { createFunctionFetch } from '../../../lib/wallets/external-signer/function-fetch.ts';

export const FUNCTION_ARN = 'arn:aws:lambda:eu-west-1:111122223333:function:signer:live';
export const KEY = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG', sessionToken: 'token' };

/** What a function is handed. */
export interface FunctionEvent {
  readonly version: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly requestContext: { readonly http: { readonly method: string } };
  readonly isBase64Encoded: boolean;
}

export interface AnswerOfLambda {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** What Lambda answers to an invocation, over HTTP, as its API describes it; said by each test. */
export interface PlayedLambda {
  answer: (event: FunctionEvent, request: IncomingMessage) => AnswerOfLambda | Promise<AnswerOfLambda>;
  readonly asked: FunctionEvent[];
  readonly requests: IncomingMessage[];
  readonly url: string;
  readonly fetch: ReturnType<typeof createFunctionFetch>;
  close(): void;
}

export async function startLambda(): Promise<PlayedLambda> {
  const asked: FunctionEvent[] = [];
  const requests: IncomingMessage[] = [];
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const event = JSON.parse(await text(request)) as FunctionEvent;
    asked.push(event);
    requests.push(request);
    const { status = 200, headers = {}, body = '' } = await lambda.answer(event, request);
    response.writeHead(status, headers).end(body);
  };
  const server: Server = createServer((request, response) => {
    serve(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const lambda: PlayedLambda = {
    answer: () => ({}),
    asked,
    requests,
    url,
    fetch: createFunctionFetch({
      fetch,
      credentials: () => KEY,
      endpointOf: () => new URL(url),
      clock: { now: () => toEpochMs(Date.now()) },
    }),
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
  return lambda;
}

/** The answer of a function that was run. */
export function answered(payload: unknown): AnswerOfLambda {
  return { headers: { 'x-amz-executed-version': '1' }, body: JSON.stringify(payload) };
}

/** An answer of Lambda's own: nothing was run. */
export function refused(status: number, name: string): AnswerOfLambda {
  return { status, headers: { 'x-amzn-errortype': name }, body: JSON.stringify({ Message: 'a message of Lambda’s' }) };
}
