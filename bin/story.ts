import {
  PurchaseError,
  createBursarClient,
  createPayingFetch,
  type BursarClient,
  type PayingFetchEvent,
} from '../lib/client/index.ts';
import type { Answer } from '../lib/contract/client-types.ts';
import type { Seller } from '../lib/local/sellers/index.ts';
import type { LocalStack } from '../lib/local/stack.ts';
import { research, type Finding } from '../examples/research-assistant/agent.ts';

const AGENT = 'research-assistant';
const BUDGET_USD = '10.00';
/** Where sources cost a few cents, so that the last purchase is still too dear. */
const SMALL_BUDGET_USD = '5.00';
const FUNDS_USD = '25.00';
/** What is bought, by the way in which it is paid. */
const SOURCES = {
  eip3009: ['market-data', 'research-papers', 'analyst-report'],
  permit2: ['forecast-permit2'],
  upto: ['forecast-upto'],
  mpp: ['forecast-mpp'],
} as const;
/** How much Permit2 may take of the wallet, where sellers are paid by it. */
const ALLOWANCE_USD = '0.10';
const TOO_EXPENSIVE = 'full-archive';

/** What the story came to, which `npm run demo` and the tests check. */
export interface StoryOutcome {
  readonly findings: readonly Finding[];
  readonly spentUsd: string;
  readonly availableUsd: string;
  readonly receipts: readonly Receipt[];
  readonly refusal: PurchaseError | null;
  readonly transfers: readonly { readonly hash: string; readonly to: string; readonly amount: bigint }[];
  /** USDC base units before and after, by name: the wallet and each seller. */
  readonly balances: ReadonlyMap<string, { readonly before: bigint; readonly after: bigint }>;
}

type Receipt = Answer<'GetPayment'>['payment'];
type Session = Answer<'GetPaymentSession'>['paymentSession'];

type Say = (line: string) => void;

interface Teller {
  readonly say: Say;
  /** In whose name the application acts: who looks at payments as the same user finds those of the story. */
  readonly userId: string;
  /** By what the sellers are paid. @default 'eip3009' */
  readonly paidBy?: Seller['paidBy'];
}

/**
 * The research assistant's story against a running stack: an application opens a session with a budget, an agent buys three
 * sources from real sellers, and a fourth purchase does not fit. Tells what happens as it happens.
 */
export async function playStory(stack: LocalStack, { say, userId, paidBy = 'eip3009' }: Teller): Promise<StoryOutcome> {
  const clients = createClients(stack);
  const wallet = await openWallet(stack, clients.backend, { say, userId });
  if (paidBy === 'permit2' || paidBy === 'upto') {
    await stack.chain.approvePermit2(wallet.address, usdcUnits(ALLOWANCE_USD));
    say(`wallet     lets Permit2 take ${ALLOWANCE_USD} of it`);
  }
  const session = await openSession(stack, clients.backend, { say, userId, paidBy });
  const parties = partiesOf(stack, wallet.address, SOURCES[paidBy]);
  const before = await balancesOf(stack, parties);

  const fetchPaid = createPayingFetch({
    client: clients.agent,
    session: {
      paymentManagerArn: stack.info.paymentManagerArn,
      paymentSessionId: session.paymentSessionId,
      userId,
    },
    instrument: { paymentInstrumentId: wallet.instrumentId },
    agentName: AGENT,
    // The story shows what the budget refuses, so that the client lets everything pass.
    maxPriceUsd: BUDGET_USD,
    onEvent: (event) => tell(event, say),
  });
  const findings: Finding[] = [];
  for (const name of SOURCES[paidBy]) {
    say('');
    say(`agent      GET ${urlOf(stack, name)}`);
    findings.push(...(await research(fetchPaid, [urlOf(stack, name)])));
    const { availableLimits } = await readSession(stack, clients.agent, session);
    say(`budget     USD ${availableLimits?.availableSpendAmount.value} left`);
  }
  const refusal = await tryTooMuch(stack, fetchPaid, say);
  if (paidBy === 'upto') await trueUp(stack, say);

  const { availableLimits, spentAmount } = await readSession(stack, clients.agent, session);
  const after = await balancesOf(stack, parties);
  return {
    findings,
    spentUsd: spentAmount.value,
    availableUsd: availableLimits?.availableSpendAmount.value ?? 'unlimited',
    receipts: await readReceipts(stack, clients.backend, session),
    refusal,
    transfers: await transfersOf(stack, findings),
    balances: new Map([...before].map(([name, amount]) => [name, { before: amount, after: after.get(name) ?? 0n }])),
  };
}

/** What was not taken of a ceiling comes back to the budget, once the chain says so for good: by the same functions as elsewhere. */
async function trueUp({ chain, services }: LocalStack, say: Say): Promise<void> {
  say('');
  say('budget     counts the ceiling until the chain has said for good what was taken: half a minute');
  await chain.finalize();
  for (const name of ['sweep-reservations', 'true-up']) await services.runSchedule(name);
}

function createClients({ info }: LocalStack): { backend: BursarClient; agent: BursarClient } {
  const { endpoint, region, credentials } = info;
  return {
    backend: createBursarClient({ endpoint, region, credentials: credentials.management }),
    agent: createBursarClient({ endpoint, region, credentials: credentials.processPayment }),
  };
}

async function openWallet({ info, chain }: LocalStack, backend: BursarClient, { say, userId }: Teller) {
  const { paymentManagerArn } = info;
  const paymentConnectorId = info.paymentConnectorIds.SeedVault;
  const listed = await backend.call('ListPaymentInstruments', { paymentManagerArn, paymentConnectorId }, { userId });
  // The wallet of an earlier start, which is also the one that `bursar init` finds.
  const known = listed.paymentInstruments.find(({ status }) => status === 'ACTIVE');
  const { paymentInstrument } =
    known === undefined
      ? await backend.call(
          'CreatePaymentInstrument',
          {
            paymentManagerArn,
            paymentConnectorId,
            paymentInstrumentType: 'EMBEDDED_CRYPTO_WALLET',
            paymentInstrumentDetails: { embeddedCryptoWallet: { network: 'ETHEREUM', linkedAccounts: [] } },
          },
          { userId },
        )
      : await backend.call(
          'GetPaymentInstrument',
          { paymentManagerArn, paymentInstrumentId: known.paymentInstrumentId },
          { userId },
        );
  const address = paymentInstrument.paymentInstrumentDetails.embeddedCryptoWallet.walletAddress;
  if (address === undefined || !isHex(address)) throw new Error('the wallet has no address');
  say(`wallet     ${address} (seed vault; the agent never sees its key)`);
  await chain.mint(address, usdcUnits(FUNDS_USD));
  say(`wallet     funded with ${FUNDS_USD} USDC on the local chain`);
  return { instrumentId: paymentInstrument.paymentInstrumentId, address };
}

async function openSession(
  { info }: LocalStack,
  backend: BursarClient,
  { say, userId, paidBy = 'eip3009' }: Teller,
): Promise<Session> {
  const budget = paidBy === 'eip3009' ? BUDGET_USD : SMALL_BUDGET_USD;
  const input = {
    paymentManagerArn: info.paymentManagerArn,
    expiryTimeInMinutes: 60,
    limits: { maxSpendAmount: { value: budget, currency: 'USD' } },
  } as const;
  const { paymentSession } = await backend.call('CreatePaymentSession', input, { userId });
  say(`session    ${paymentSession.paymentSessionId}, budget USD ${budget}, until ${paymentSession.expiresAt}`);
  return paymentSession;
}

async function readSession(
  { info }: LocalStack,
  client: BursarClient,
  { paymentSessionId, userId }: Session,
): Promise<Session> {
  const input = { paymentManagerArn: info.paymentManagerArn, paymentSessionId };
  const { paymentSession } = await client.call('GetPaymentSession', input, { userId });
  return paymentSession;
}

async function readReceipts(
  { info }: LocalStack,
  client: BursarClient,
  { paymentSessionId, userId }: Session,
): Promise<readonly Receipt[]> {
  const input = { paymentManagerArn: info.paymentManagerArn };
  const { payments } = await client.call('ListPayments', input, { userId });
  return payments.filter((receipt) => receipt.paymentSessionId === paymentSessionId).toReversed();
}

async function tryTooMuch(
  stack: LocalStack,
  fetchPaid: ReturnType<typeof createPayingFetch>,
  say: Say,
): Promise<PurchaseError | null> {
  say('');
  say(`agent      GET ${urlOf(stack, TOO_EXPENSIVE)}`);
  try {
    await fetchPaid(urlOf(stack, TOO_EXPENSIVE));
    return null;
  } catch (error) {
    if (!(error instanceof PurchaseError)) throw error;
    say(`bursar     refused (${error.code}): ${error.message.replace('clientToken', 'purchaseId')}`);
    return error;
  }
}

function tell(event: PayingFetchEvent, say: Say): void {
  switch (event.type) {
    case 'payment_required':
      return say(
        `seller     402, asks USD ${event.offer.amountUsd} (${formatProtocol(event.offer)}, ${event.offer.network})`,
      );
    case 'proof_received':
      return say(`bursar     approved and signed, payment ${event.processPaymentId}`);
    case 'settled':
      return say(`seller     settled on chain, transaction ${event.settlement.transaction}`);
    case 'not_accepted':
      return say(
        `seller     ${event.status}, did not take the payment: ${event.remedy ?? event.reason ?? 'no reason given'}`,
      );
  }
}

function formatProtocol({ protocol, version }: { readonly protocol: string; readonly version: string }): string {
  return protocol === 'mpp' ? 'MPP' : `x402 version ${version}`;
}

function urlOf({ info }: LocalStack, name: string): string {
  const seller = info.sellers.find((each) => each.name === name);
  if (seller === undefined) throw new Error(`the local stack has no seller ${name}`);
  return seller.url;
}

/** `25.00` as base units of USDC, which has six decimals. */
function usdcUnits(usd: string): bigint {
  const [whole = '0', fraction = ''] = usd.split('.');
  return BigInt(whole + fraction.padEnd(6, '0'));
}

type Parties = ReadonlyMap<string, `0x${string}`>;

function partiesOf(stack: LocalStack, wallet: `0x${string}`, sources: readonly string[]): Parties {
  const sellers = stack.sellers.filter(({ name }) => [...sources, TOO_EXPENSIVE].includes(name));
  return new Map([['wallet', wallet] as const, ...sellers.map(({ name, payTo }) => [name, payTo] as const)]);
}

async function balancesOf({ chain }: LocalStack, parties: Parties): Promise<ReadonlyMap<string, bigint>> {
  return new Map(
    await Promise.all([...parties].map(async ([name, address]) => [name, await chain.balanceOf(address)] as const)),
  );
}

async function transfersOf({ chain }: LocalStack, findings: readonly Finding[]): Promise<StoryOutcome['transfers']> {
  const found = await Promise.all(
    findings.map(async ({ transaction }) => {
      const hash = (transaction ?? '0x') as `0x${string}`;
      return (await chain.transfersOf(hash)).map(({ to, amount }) => ({ hash, to, amount }));
    }),
  );
  return found.flat();
}

/** A wallet of an EVM chain has such an address. */
function isHex(text: string): text is `0x${string}` {
  return text.startsWith('0x');
}
