// Runs in a process of its own: a client of the Lambda Runtime API, as the managed Node.js runtime is one.
// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
import { Agent, request, type IncomingHttpHeaders } from 'node:http';
import { flushCompileCache } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

type Handler = (event: unknown, context: object) => unknown;

interface Reply {
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

const agent = new Agent({ keepAlive: true, maxSockets: 1 });
const [host, port] = variable('AWS_LAMBDA_RUNTIME_API').split(':');

function variable(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
}

function call(method: string, path: string, body: unknown): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ agent, host, port, method, path: `/2018-06-01/runtime/${path}` }, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('error', reject);
      incoming.on('end', () => resolve({ headers: incoming.headers, text: Buffer.concat(chunks).toString('utf8') }));
    });
    outgoing.on('error', reject);
    // What JSON has no form for, such as `undefined`, is null, as in Lambda.
    outgoing.end(method === 'POST' ? (JSON.stringify(body) ?? 'null') : undefined);
  });
}

function toFailure(error: unknown): { errorType: string; errorMessage: string; trace: string[] } {
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  return { errorType: name, errorMessage: message, trace: (stack ?? '').split('\n') };
}

async function load(): Promise<Handler> {
  const [file, name] = variable('_HANDLER').split('.') as [string, string];
  const url = pathToFileURL(join(variable('LAMBDA_TASK_ROOT'), `${file}.mjs`)).href;
  const handler = ((await import(url)) as Readonly<Record<string, unknown>>)[name];
  if (typeof handler !== 'function') throw new TypeError(`${file}.mjs exports no function ${name}`);
  return handler as Handler;
}

function toContext(headers: IncomingHttpHeaders): object {
  const deadline = Number(headers['lambda-runtime-deadline-ms']);
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: process.env['AWS_LAMBDA_FUNCTION_NAME'],
    functionVersion: process.env['AWS_LAMBDA_FUNCTION_VERSION'],
    memoryLimitInMB: process.env['AWS_LAMBDA_FUNCTION_MEMORY_SIZE'],
    logGroupName: process.env['AWS_LAMBDA_LOG_GROUP_NAME'],
    logStreamName: process.env['AWS_LAMBDA_LOG_STREAM_NAME'],
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    awsRequestId: headers['lambda-runtime-aws-request-id'],
    getRemainingTimeInMillis: () => deadline - Date.now(),
  };
}

async function main(): Promise<void> {
  let handler: Handler;
  try {
    handler = await load();
  } catch (error) {
    await call('POST', 'init/error', toFailure(error));
    process.exit(1);
  }
  // Workers end by being killed, which would leave nothing for the next one to start faster from.
  flushCompileCache();
  // Ends with the connection: the process that started this one is gone then, or is ending it.
  for (;;) {
    const { headers, text } = await call('GET', 'invocation/next', null);
    const id = String(headers['lambda-runtime-aws-request-id']);
    process.env['_X_AMZN_TRACE_ID'] = String(headers['lambda-runtime-trace-id']);
    let outcome: readonly ['response' | 'error', unknown];
    try {
      outcome = ['response', await handler(JSON.parse(text), toContext(headers))];
    } catch (error) {
      outcome = ['error', toFailure(error)];
    }
    await call('POST', `invocation/${id}/${outcome[0]}`, outcome[1]);
  }
}

main().catch(() => process.exit(1));
