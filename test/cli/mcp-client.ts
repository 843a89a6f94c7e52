import { PassThrough } from 'node:stream';
import { StdioServerTransport } from '@modelcontextprotocol/server/stdio';
import { afterEach, expect } from 'vitest';
import type { McpTransport } from '../../lib/client/mcp/index.ts';
import { proof } from './market.ts';
import { awsError, createReadyWorld, type WorldOptions } from './world.ts';

/** As AWS's own service answers. */
const unknown = () => awsError(404, 'UnknownOperationException', 'no such operation');

const opened: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of opened.splice(0).toReversed()) await end();
});

/** Ends something after the test. */
export function afterTest(end: () => Promise<unknown>): void {
  opened.push(end);
}

/** `bursar mcp ...`, run within this process: with its pipes, and what it asked Bursar to pay. */
export function start(argv: readonly string[], { routes = {}, ...options }: WorldOptions = {}) {
  const pipes = { input: new PassThrough(), output: new PassThrough() };
  const bursar = { '/payChallenge': unknown, '/processPayment': proof, ...routes };
  const world = createReadyWorld({ routes: bursar, ...options });
  const { fetch: scripted } = world.deps;
  const own = ['bedrock', 'execute-api'];
  Object.assign(world.deps, {
    pipes,
    fetch: (input: string | URL | Request, init?: RequestInit) => {
      const { url } = new Request(input, init);
      return own.some((word) => url.includes(word)) ? scripted(input, init) : fetch(input, init);
    },
  });
  const ended = world.run('mcp', ...argv);
  afterTest(async () => {
    world.stop.abort();
    await ended;
  });
  // It reads what the command writes, and the other way about.
  const transport = new StdioServerTransport(pipes.output, pipes.input) as McpTransport;
  const paid = () => world.seen.filter(({ path }) => path.endsWith('/processPayment'));
  return { ...world, ended, transport, pipes, paid };
}

export async function printedUrl(cli: ReturnType<typeof start>): Promise<string> {
  await expect.poll(cli.out).toContain('http://');
  return (JSON.parse(cli.out()) as { readonly url: string }).url;
}
