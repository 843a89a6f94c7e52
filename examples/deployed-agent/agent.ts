import { fromTemporaryCredentials } from '@aws-sdk/credential-providers';
import { BursarError, createBursarClient, createPayingFetch, type BursarClient } from '../../lib/client/index.ts';
import { research, type Finding } from '../research-assistant/agent.ts';

/** What the application hands over: whose money it is, out of which session and wallet, and what to read. */
interface Research {
  readonly task: 'research';
  readonly userId: string;
  readonly paymentSessionId: string;
  readonly paymentInstrumentId: string;
  readonly sources: readonly string[];
}

/** What no agent may do, to see that it cannot. */
interface Overreach {
  readonly task: 'open_session';
  readonly userId: string;
}

type Outcome = { readonly findings: readonly Finding[] } | { readonly opened: string } | { readonly refused: string };

/** An agent as a function of Lambda. Its own role may do nothing but assume ProcessPaymentRole. */
export async function handler(event: Research | Overreach): Promise<Outcome> {
  const paymentManagerArn = setting('PAYMENT_MANAGER_ARN');
  const client = createAgentClient(event.userId);
  if (event.task === 'open_session') return openSession(client, paymentManagerArn, event.userId);
  const { userId, paymentSessionId, paymentInstrumentId, sources } = event;
  const fetchPaid = createPayingFetch({
    client,
    session: { paymentManagerArn, paymentSessionId, userId },
    instrument: { paymentInstrumentId },
    agentName: 'deployed-agent',
    maxPriceUsd: '2.00',
  });
  return { findings: await research(fetchPaid, sources) };
}

function createAgentClient(userId: string): BursarClient {
  const region = setting('AWS_REGION');
  return createBursarClient({
    endpoint: setting('BURSAR_ENDPOINT'),
    region,
    credentials: fromTemporaryCredentials({
      // A deployment may bind users to the names of role sessions.
      params: { RoleArn: setting('PROCESS_PAYMENT_ROLE_ARN'), RoleSessionName: userId },
      clientConfig: { region },
    }),
  });
}

async function openSession(client: BursarClient, paymentManagerArn: string, userId: string): Promise<Outcome> {
  const limits = { maxSpendAmount: { value: '1000.00', currency: 'USD' } } as const;
  try {
    const asked = { paymentManagerArn, expiryTimeInMinutes: 60, limits };
    const { paymentSession } = await client.call('CreatePaymentSession', asked, { userId });
    return { opened: paymentSession.paymentSessionId };
  } catch (error) {
    if (error instanceof BursarError) return { refused: error.errorName };
    throw error;
  }
}

function setting(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`the function has no variable ${name}`);
  return value;
}
