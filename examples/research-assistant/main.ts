// The research assistant as a program, against the local stack of `npm run local`: `node examples/research-assistant/main.ts`.
// What it needs of an application, a wallet and a session, `npx bursar init`, `faucet` and `session create` have made.
import { readFileSync } from 'node:fs';
import { createBursarClient, createPayingFetch } from '../../lib/client/index.ts';
import { research } from './agent.ts';

interface Stack {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { readonly processPayment: { readonly accessKeyId: string; readonly secretAccessKey: string } };
  readonly sellers: readonly { readonly name: string; readonly url: string }[];
}

interface Context {
  readonly paymentManagerArn: string;
  readonly userId: string;
  readonly paymentSessionId: string | null;
  readonly paymentInstrumentId: string | null;
}

function read<T>(name: string, hint: string): T {
  try {
    return JSON.parse(readFileSync(name, 'utf8')) as T;
  } catch {
    console.error(`${name} cannot be read: ${hint}`);
    process.exit(1);
  }
}

const stack = read<Stack>('.bursar/local.json', 'start the local stack with `npm run local`, in another terminal');
const context = read<Context>('.bursar/context.json', 'run `npx bursar init` and `npx bursar faucet` first');
const { paymentManagerArn, userId, paymentSessionId, paymentInstrumentId } = context;
if (paymentSessionId === null || paymentInstrumentId === null) {
  console.error('there is no session: `npx bursar session create --budget 10.00` opens one');
  process.exit(1);
}

const fetchPaid = createPayingFetch({
  // Only the agent's own key: it may pay within a session, and not open one.
  client: createBursarClient({ ...stack, credentials: stack.credentials.processPayment }),
  session: { paymentManagerArn, paymentSessionId, userId },
  instrument: { paymentInstrumentId },
  agentName: 'research-assistant',
  maxPriceUsd: '2.00',
});
const wanted = process.argv.slice(2);
const urls = wanted.length > 0 ? wanted : stack.sellers.slice(0, 3).map(({ url }) => url);
try {
  for (const finding of await research(fetchPaid, urls)) {
    console.log(`${finding.url}  USD ${finding.paidUsd ?? '0.00'}`);
    console.log(JSON.stringify(finding.content).slice(0, 200));
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
