import { createPayingFetch, type PaidResponse } from '../../client/index.ts';
import { findNetworkByChain } from '../../domain/assets.ts';
import { isSecureUrl } from '../../domain/loopback.ts';
import { secureUrlOf, usdOf } from '../program/arguments.ts';
import type { Command, Invocation } from '../program/command.ts';
import { agentNameOf } from '../purchase/agent-name.ts';
import { toDelivery } from '../purchase/delivery.ts';
import { explain } from '../purchase/failure.ts';
import { askAndPay, UNATTENDED_MAX_USD } from '../purchase/payment-door.ts';
import { note, whatItMeans, type Purchase } from '../purchase/purchase.ts';
import { readWebRequest, sellerFetch, WEB_REQUEST_OPTIONS } from '../purchase/web-request.ts';
import { ownerOf, requireSession } from '../target/ids.ts';
import { clientOf } from '../target/target.ts';
import { requireWallet } from '../target/wallet.ts';
import { tell } from '../terminal/layout.ts';
import { EXIT, usageError, type Outcome } from '../terminal/outcome.ts';

const PURCHASE_ID = /^[\x21-\x7e]{8,128}$/;

async function runPay(invocation: Invocation): Promise<Outcome> {
  const { deps, target, options, positionals } = invocation;
  const request = await readWebRequest(deps, positionals[0]!, options);
  usdOf(options, 'max-price');
  const wallet = requireWallet(target, options);
  const purchase: Purchase = {
    invocation,
    request,
    purchaseId: purchaseIdOf(invocation),
    isRepeated: options.text('purchase') !== undefined,
    sessionId: requireSession(target, options.text('session')),
    agentName: agentNameOf(options),
    wallet,
    progress: { offer: null, confirmed: null, askedBursar: false, processPaymentId: null },
  };
  const network = findNetworkByChain(wallet.chain)!.id;
  const rpcUrl = secureUrlOf(options, 'rpc-url') ?? target.local?.chains?.[network]?.rpcUrl;
  const reports: Promise<unknown>[] = [];
  const fetchPaid = createPayingFetch({
    client: {
      processPayment: (input, callOptions) => askAndPay(purchase, input, callOptions),
      reportOutcome: (input, callOptions) => {
        const report = clientOf(deps, target, 'processPayment').reportOutcome(input, callOptions);
        reports.push(report);
        return report;
      },
    },
    session: { ...ownerOf(target), paymentSessionId: purchase.sessionId },
    instrument: { paymentInstrumentId: wallet.paymentInstrumentId },
    agentName: purchase.agentName,
    networks: [network],
    // Judged where it is confirmed.
    maxPriceUsd: null,
    ...(rpcUrl === undefined ? {} : { rpcUrls: { [network]: rpcUrl } }),
    now: deps.now,
    fetch: sellerFetch(deps),
    onEvent: (event) => note(purchase, event),
  });
  if (!isSecureUrl(request.url))
    tell(deps.terminal, 'warning: http, so others on the way can read this request and its answer');
  // The place for the answer is made before anything is paid.
  const delivery = await toDelivery(invocation);
  const onInterrupt = (): void => {
    deps.terminal.err('\n');
    tell(deps.terminal, whatItMeans(purchase), 0);
  };
  deps.interrupted.addEventListener('abort', onInterrupt, { once: true });
  try {
    const response = await send(purchase, fetchPaid);
    return await delivery.deliver(response, summaryOf(purchase, response));
  } catch (error) {
    throw explain(purchase, error);
  } finally {
    deps.interrupted.removeEventListener('abort', onInterrupt);
    await delivery.close();
    // What was bought is delivered by now; the process would end before its report was sent.
    await Promise.allSettled(reports);
  }
}

function purchaseIdOf({ deps, options }: Invocation): string {
  const given = options.text('purchase');
  if (given === undefined) return Buffer.from(deps.randomBytes(16)).toString('hex');
  if (PURCHASE_ID.test(given)) return given;
  throw usageError(`--purchase must be 8 to 128 visible ASCII characters. Received: ${given}`);
}

function send({ invocation, request, purchaseId }: Purchase, fetchPaid: ReturnType<typeof createPayingFetch>) {
  const { url, method, headers, body } = request;
  return fetchPaid(url, {
    method,
    headers,
    purchaseId,
    signal: invocation.deps.interrupted,
    ...(body === null ? {} : { body }),
  });
}

function summaryOf({ purchaseId, sessionId, request }: Purchase, { status, payment }: PaidResponse) {
  return { url: request.url.href, status, purchaseId, paymentSessionId: sessionId, payment };
}

export const pay: Command = {
  name: 'pay',
  summary: 'fetches a URL and pays what it asks, within the session',
  operands: 'URL',
  operandsMin: 1,
  operandsMax: 1,
  options: {
    ...WEB_REQUEST_OPTIONS,
    'max-price': { value: 'USD', help: `pay no more than this (default with --yes ${UNATTENDED_MAX_USD})` },
    yes: { help: 'do not ask' },
    'no-balance-check': { help: 'sign even where the wallet does not hold the price' },
    output: { value: 'FILE', help: 'the answer goes there instead of stdout' },
    session: { value: 'ID', help: 'the budget (default: the session that was created last)' },
    instrument: { value: 'ID', help: 'the wallet (default: that of init)' },
    connector: { value: 'ID', help: 'the connector of that wallet' },
    chain: { value: 'CHAIN', help: 'pay on this chain only (default: that of init)' },
    agent: { value: 'NAME', help: 'who buys, for the receipts (default bursar-cli)' },
    purchase: { value: 'ID', help: 'the purchase of an earlier try: it is not paid twice' },
    'rpc-url': { value: 'URL', help: 'an endpoint of the chain, asked what became of a proof that has ended' },
  },
  role: 'ProcessPaymentRole; with a token, any without the management scope',
  examples: [
    ['bursar pay https://api.example.com/report', 'shows the price and asks'],
    ['bursar pay https://api.example.com/report --yes --max-price 0.50 --output report.pdf', 'does not ask'],
    [
      `bursar pay https://api.example.com/search --data '{"q":"tea"}' --header 'content-type: application/json'`,
      'POST',
    ],
  ],
  notes: [
    'stdout gets the body, byte for byte; the rest goes to stderr.',
    `exit code: ${EXIT.ok} delivered; ${EXIT.failed} failed, or the seller answered an error unpaid; ${EXIT.notConfirmed} not confirmed, or above --max-price; ${EXIT.refused} refused by Bursar; ${EXIT.notDelivered} signed, and the seller did not deliver.`,
  ],
  run: runPay,
};
