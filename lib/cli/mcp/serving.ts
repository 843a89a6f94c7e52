import { clipPrintable } from '../../json/quotation.ts';
import { wholeNumberOf } from '../program/arguments.ts';
import type { Invocation } from '../program/command.ts';
import { tell } from '../terminal/layout.ts';
import { EXIT, type Outcome } from '../terminal/outcome.ts';
import { openHttpDoor, type HttpDoorOptions } from './http-door.ts';

const PORT_MAX = 65_535;
const WARNING_MAX_CHARS = 400;

/** Of commands that serve MCP. */
export const SERVING_OPTIONS = {
  port: { value: 'N', help: 'serve streamable HTTP on 127.0.0.1 instead of stdio; 0 takes a free port' },
} as const;

/** The port of the option; `null`: over stdio. */
export function portOf({ options }: Invocation): number | null {
  return wholeNumberOf(options, 'port', 0, PORT_MAX) ?? null;
}

/** Tells a person what went wrong without ending anything. */
export function warnOf({ deps }: Invocation): (error: unknown) => void {
  return (error) => {
    const what = error instanceof Error ? error.message : String(error);
    tell(deps.terminal, `warning: ${clipPrintable(what, WARNING_MAX_CHARS)}`);
  };
}

/** Serves over HTTP until the user interrupts. Prints the URL that clients ask. */
export async function serveHttp(
  { deps, options }: Invocation,
  { port, handle }: Pick<HttpDoorOptions, 'port' | 'handle'>,
): Promise<Outcome> {
  const door = await openHttpDoor({ port, randomBytes: deps.randomBytes, handle });
  const { out } = deps.terminal;
  await out(options.flag('json') ? `${JSON.stringify({ url: door.url })}\n` : `${door.url}\n`);
  tell(
    deps.terminal,
    'A client that has this URL spends the budget of the session. The key in it is new at every start. Ctrl-C ends it.',
    0,
  );
  await whenAborted(deps.interrupted);
  await door.close();
  return { exitCode: EXIT.ok, json: undefined, text: null };
}

export function whenAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
