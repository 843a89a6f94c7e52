import { createBursarClient, createPayingFetch, UnpayableError, type Payer } from 'bursar';
import { createFetchTool, type AgentTool } from 'bursar/agent';
import { payOverCdp, type CdpSession, type PayingPages } from 'bursar/browser';

// The same without Node's types: tokens in place of AWS's credentials.

export async function readPaid(url: string, token: () => Promise<string>): Promise<string> {
  const client = createBursarClient({ endpoint: 'https://bursar.example/v1/oauth', token });
  const session = { paymentManagerArn: 'arn', paymentSessionId: 'session', userId: 'user' };
  const fetchPaid = createPayingFetch({ client, session, instrument: { paymentInstrumentId: 'instrument' } });
  try {
    const response = await fetchPaid(url, { headers: { accept: 'text/plain' } });
    return await response.text();
  } catch (error) {
    if (error instanceof UnpayableError) return error.message;
    throw error;
  }
}

export function makeTool(token: () => Promise<string>, fetch: typeof globalThis.fetch): AgentTool {
  const client = createBursarClient({ endpoint: 'https://bursar.example/v1/oauth', token });
  const session = { paymentManagerArn: 'arn', paymentSessionId: 'session', userId: 'user' };
  return createFetchTool({ client, session, instrument: { paymentInstrumentId: 'instrument' }, fetch });
}

/** Neither Playwright nor Puppeteer is installed, and the types do not ask for them. */
export async function payPages(session: CdpSession, payer: Payer): Promise<PayingPages> {
  return payOverCdp(session, { payer, origins: ['https://news.example'] });
}
