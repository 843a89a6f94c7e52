import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { keepInfo } from '../lib/local/info-file.ts';
import { startStack, type LocalStack } from '../lib/local/stack.ts';
import { createSay, formatNext, formatReady } from './local-display.ts';
import { loginName } from './login-name.ts';
import { formatSummary } from './story-summary.ts';
import { playStory } from './story.ts';

const USAGE = `usage: npm run local -- [--port PORT] [--data DIR] [--fresh] [--trace] [--json]

  --port PORT  where the API listens, on 127.0.0.1 (default 8402); the sellers
               listen 2 above it, the faucet 3, what AWS's tutorials take
               for an account 4; 0 takes free ones
  --data DIR   where books, keys and chain are kept (default .bursar/data). One
               in memory, such as /dev/shm/bursar, saves the wait for the disk
               at each write, outlives any kill, and is gone with the machine's
               next start
  --fresh      forget what is kept there and begin anew
  --trace      trace every request, and write its spans to traces.jsonl there
  --signer FILE  a module that exports the handler of a signer of your own, which
               connectors may name as a Lambda function; it is given the
               variables that begin with SIGNER_
  --story      play the research assistant's story once, then stay up
  --protocol P by what its sellers are paid: eip3009 (default), permit2, upto or
               mpp
  --json       print what a program reads: BURSAR_READY and a JSON document with
               every URL and key, as where the output is no terminal`;

/** Where tools look for the stack. */
const INFO_FILE = join('.bursar', 'local.json');
const NODE_MAJOR_MIN = 22;
const PAID_BY = ['eip3009', 'permit2', 'upto', 'mpp'] as const;
/** The sellers and the faucet listen above the API; the port between is the default of `bursar proxy`. */
const SELLERS_ABOVE = 2;
const FAUCET_ABOVE = 3;
const AWS_ACCOUNT_ABOVE = 4;
const PORT_MAX = 65_535 - AWS_ACCOUNT_ABOVE;

const say = createSay(process.stdout.isTTY ? process.stdout.columns : null);

function fail(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

function readArguments() {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '8402' },
      data: { type: 'string', default: join('.bursar', 'data') },
      fresh: { type: 'boolean', default: false },
      trace: { type: 'boolean', default: false },
      signer: { type: 'string' },
      story: { type: 'boolean', default: false },
      protocol: { type: 'string', default: 'eip3009' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    say(USAGE);
    process.exit(0);
  }
  const port = /^[0-9]{1,5}$/.test(values.port) ? Number(values.port) : -1;
  if (port < 0 || port > PORT_MAX)
    throw new Error(`--port must be a number from 0 to ${PORT_MAX}. Received: ${values.port}`);
  const paidBy = PAID_BY.find((way) => way === values.protocol);
  if (paidBy === undefined) throw new Error(`--protocol must be ${PAID_BY.join(', ')}. Received: ${values.protocol}`);
  return { ...values, port, paidBy };
}

async function main(): Promise<void> {
  if (Number(process.versions.node.split('.')[0]) < NODE_MAJOR_MIN) {
    fail(
      `the local stack needs Node ${NODE_MAJOR_MIN} or newer, this is ${process.versions.node}; npm run local brings a Node of its own`,
    );
  }
  let options: ReturnType<typeof readArguments>;
  try {
    options = readArguments();
  } catch (error) {
    fail(`${(error as Error).message}\n\n${USAGE}`);
  }
  const stack = await startStack({
    port: options.port,
    ...(options.port === 0
      ? {}
      : {
          sellersPort: options.port + SELLERS_ABOVE,
          faucetPort: options.port + FAUCET_ABOVE,
          awsAccountPort: options.port + AWS_ACCOUNT_ABOVE,
        }),
    dataDir: options.data,
    fresh: options.fresh ? 'fresh' : 'keep',
    traces: options.trace ? 'all' : null,
    ...(options.signer === undefined ? {} : { signerFunction: { file: options.signer, env: process.env } }),
    progress: (step) => say(`local      ${step}`),
  }).catch((error: unknown) => fail(`the local stack did not start: ${(error as Error).message}`));
  closeOnSignals(stack);
  const { ours } = keepInfo(INFO_FILE, stack.info);
  if (!ours)
    say(`local      ${INFO_FILE} stays that of the stack that runs already; it will be this one's when that ends`);
  const toPeople = Boolean(process.stdout.isTTY) && !options.json;
  // One line whatever its length: programs are written against it.
  if (toPeople) say(formatReady(stack.info));
  else process.stdout.write(`BURSAR_READY ${JSON.stringify(stack.info)}\n`);
  if (options.story) {
    say('');
    say(formatSummary(await playStory(stack, { say, userId: loginName(), paidBy: options.paidBy })));
  }
  if (toPeople) say(formatNext({ info: stack.info, dataDir: options.data }));
  else if (options.story) {
    say('');
    say(`The stack stays up at ${stack.info.endpoint}; ${INFO_FILE} has its keys. Ctrl-C ends it.`);
  }
}

function closeOnSignals(stack: LocalStack): void {
  let closing = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (closing) return;
      closing = true;
      say('local      shutting down');
      void stack.close().then(
        () => process.exit(0),
        (error: unknown) => fail(`the local stack did not shut down cleanly: ${String(error)}`),
      );
    });
  }
}

await main();
