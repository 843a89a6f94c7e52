import { PurchaseError, createBursarClient, createPayingFetch, type PaidResponse } from 'bursar';
import { createFetchTool } from 'bursar/agent';
import { createPayingTransport } from 'bursar/mcp';
import type { BursarClient } from 'bursar/client';

// What somebody writes who installs the package: a backend that opens wallet and session, and an agent that pays.

const { STACK = '{}', SELLER = '' } = process.env;
const stack = JSON.parse(STACK) as {
  endpoint: string;
  region: string;
  faucet: string;
  paymentManagerArn: string;
  paymentConnectorIds: { SeedVault: string };
  credentials: Record<'management' | 'processPayment', { accessKeyId: string; secretAccessKey: string }>;
};
const { endpoint, region, paymentManagerArn } = stack;
const userId = 'user-of-the-package';

const backend: BursarClient = createBursarClient({ endpoint, region, credentials: stack.credentials.management });
const { paymentInstrument: instrument } = await backend.call(
  'CreatePaymentInstrument',
  {
    paymentManagerArn,
    paymentConnectorId: stack.paymentConnectorIds.SeedVault,
    paymentInstrumentType: 'EMBEDDED_CRYPTO_WALLET',
    paymentInstrumentDetails: { embeddedCryptoWallet: { network: 'ETHEREUM', linkedAccounts: [] } },
  },
  { userId },
);
await fetch(stack.faucet, {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({
    address: instrument.paymentInstrumentDetails.embeddedCryptoWallet.walletAddress,
    amount: '5.00',
  }),
});
const { paymentSession: session } = await backend.call(
  'CreatePaymentSession',
  { paymentManagerArn, expiryTimeInMinutes: 60, limits: { maxSpendAmount: { value: '1.00', currency: 'USD' } } },
  { userId },
);

const client = createBursarClient({ endpoint, region, credentials: stack.credentials.processPayment });
const fetchPaid = createPayingFetch({ client, session, instrument });
const paid: (string | undefined)[] = [];
let refusal: string | null = null;
for (let purchase = 1; purchase <= 3 && refusal === null; purchase += 1) {
  try {
    const response: PaidResponse = await fetchPaid(SELLER);
    paid.push(response.ok ? response.payment?.offer.amountUsd : `status ${response.status}`);
  } catch (error) {
    if (!(error instanceof PurchaseError)) throw error;
    refusal = error.code;
  }
}
// A tool of a model does not ask this machine, where nobody allowed it.
const guarded = await createFetchTool({ client, session, instrument }).execute({ url: SELLER });
if (!('kind' in guarded) || guarded.code !== 'client:host_refused') throw new Error(JSON.stringify(guarded));
// A transport of an MCP client, of whatever SDK.
const sent: object[] = [];
const plain = {
  start: async () => undefined,
  send: async (message: object) => void sent.push(message),
  close: async () => undefined,
};
const transport = createPayingTransport(plain, { client, session, instrument, url: SELLER, tools: ['search'] });
await transport.send({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'search' } });
if (sent.length !== 1) throw new Error('the transport sent nothing');
console.log(JSON.stringify({ paid, refusal }));
