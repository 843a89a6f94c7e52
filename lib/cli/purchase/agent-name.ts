import { AGENT_NAME_MAX_CHARS } from '../../domain/limits.ts';
import type { Options } from '../terminal/options.ts';
import { usageError } from '../terminal/outcome.ts';

const AGENT_NAME = /^[\x20-\x7e]+$/;

/** Who buys, for policies and receipts. Throws `CliError` for what the API would not take. */
export function agentNameOf(options: Options): string {
  const name = options.text('agent') ?? 'bursar-cli';
  if (AGENT_NAME.test(name) && name.length <= AGENT_NAME_MAX_CHARS) return name;
  throw usageError(`--agent must be 1 to ${AGENT_NAME_MAX_CHARS} printable ASCII characters. Received: ${name}`);
}
