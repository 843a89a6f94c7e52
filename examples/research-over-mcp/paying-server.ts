import { join } from 'node:path';
import { getDefaultEnvironment, StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import type { LocalInfo } from '../../lib/local/info.ts';
import type { Budget } from '../workload/world.ts';

/** What `npx bursar` runs, in a checkout. */
const BURSAR = join(import.meta.dirname, '..', '..', 'bin', 'cli.ts');

/**
 * A transport to `bursar mcp serve`, which it starts: a process that spends one session from one wallet, with the keys of
 * ProcessPaymentRole. The agent at the other end has no keys at all.
 */
export function startPayingServer(
  { endpoint, region, credentials }: LocalInfo,
  { session, instrument }: Budget,
  agentName: string,
): StdioClientTransport {
  const choices = {
    endpoint,
    region,
    manager: session.paymentManagerArn,
    user: session.userId,
    session: session.paymentSessionId,
    instrument: instrument.paymentInstrumentId,
    connector: instrument.paymentConnectorId,
    agent: agentName,
    // The budget is what refuses here.
    'max-price': '10.00',
  };
  const options = Object.entries(choices).flatMap(([name, value]) => [`--${name}`, value]);
  const { accessKeyId, secretAccessKey } = credentials.processPayment;
  return new StdioClientTransport({
    command: process.execPath,
    // The sellers of the local stack are on this machine.
    args: [BURSAR, 'mcp', 'serve', '--allow-loopback', ...options],
    // Without a `.bursar`, whose contexts and keys would be another stack's.
    cwd: import.meta.dirname,
    env: { ...getDefaultEnvironment(), AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey },
    stderr: 'inherit',
  });
}
