import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Hex } from 'viem';
import type { Answer } from '../api-server.ts';
import { ApiError, invalid } from './api-error.ts';
import { encodeBase58 } from '../base58.ts';

/** Below the stand-in's origin: the page that an on-ramp session opens. */
export const BUY_PATH = '/buy';

export interface TestFunds {
  readonly network: string;
  readonly address: Hex;
  readonly token: string;
}

export interface OnrampSession {
  readonly destinationNetwork: string;
  readonly destinationAddress: string;
  readonly purchaseCurrency: string;
  readonly paymentAmount: string | null;
  readonly redirectUrl: string | null;
}

/** What comes into wallets from outside: test money that is sent, and pages on which some is bought. */
export interface Treasury {
  requestTestFunds(body: Readonly<Record<string, unknown>>): Promise<Answer>;
  /** On Solana's test network. Nothing is sent: no chain of Solana is on this machine. */
  requestSolanaFunds(body: Readonly<Record<string, unknown>>): Answer;
  openSession(body: Readonly<Record<string, unknown>>, origin: string): Answer;
  /** Shows the page of a session, once. */
  serveSession(request: IncomingMessage, response: ServerResponse): Promise<void>;
}

const TEST_NETWORKS = new Set(['base-sepolia', 'ethereum-sepolia', 'ethereum-hoodi']);
const TEST_TOKENS = new Set(['eth', 'usdc', 'eurc', 'cbbtc']);
const SOLANA_TEST_TOKENS = new Set(['sol', 'usdc', 'cbtusd']);
const SOLD_ON = new Set(['ethereum', 'optimism', 'polygon', 'base', 'arbitrum', 'solana']);
const ADDRESS = /^0x[0-9a-fA-F]{40}$/;
const SOLANA_ADDRESS = /^[1-9A-HJ-NP-Za-km-z]{32,44}$/;
const SIGNATURE_BYTES = 64;
const AMOUNT = /^\d{1,9}(\.\d{1,6})?$/;
const URL_FORM = /^.*:\/\/.*$/;
const URL_MAX_CHARS = 2_048;
const CLAIMS_PER_DAY_MAX = 10;
const DAY_MS = 24 * 3_600_000;
const SESSIONS_MAX = 1_000;

/** @param sendTestFunds sends what the faucet gives; answers with the transaction */
export function createTreasury({
  now,
  sendTestFunds = async () => `0x${randomBytes(32).toString('hex')}`,
}: {
  readonly now: () => number;
  readonly sendTestFunds?: ((funds: TestFunds) => Promise<Hex>) | undefined;
}): Treasury {
  let claims: { readonly of: string; readonly at: number }[] = [];
  const sessions = new Map<string, OnrampSession>();
  const claim = (of: string): void => {
    claims = claims.filter(({ at }) => now() - at < DAY_MS);
    if (claims.filter((each) => each.of === of).length >= CLAIMS_PER_DAY_MAX) {
      throw new ApiError(429, 'faucet_limit_exceeded', 'the address got as much as it may in a day');
    }
    claims.push({ of, at: now() });
  };
  return {
    requestTestFunds: async (body) => {
      const { network, address, token } = body;
      if (typeof network !== 'string' || !TEST_NETWORKS.has(network)) throw invalid('network');
      if (typeof address !== 'string' || !ADDRESS.test(address)) throw invalid('address');
      if (typeof token !== 'string' || !TEST_TOKENS.has(token)) throw invalid('token');
      claim(`${network} ${address.toLowerCase()} ${token}`);
      return {
        status: 200,
        body: { transactionHash: await sendTestFunds({ network, address: address as Hex, token }) },
      };
    },
    requestSolanaFunds: ({ address, token }) => {
      if (typeof address !== 'string' || !SOLANA_ADDRESS.test(address)) throw invalid('address');
      if (typeof token !== 'string' || !SOLANA_TEST_TOKENS.has(token)) throw invalid('token');
      claim(`solana-devnet ${address} ${token}`);
      return { status: 200, body: { transactionSignature: encodeBase58(randomBytes(SIGNATURE_BYTES)) } };
    },
    openSession: (body, origin) => {
      const token = randomBytes(16).toString('hex');
      sessions.set(token, parseSession(body));
      if (sessions.size > SESSIONS_MAX) sessions.delete(sessions.keys().next().value!);
      return { status: 201, body: { session: { onrampUrl: `${origin}${BUY_PATH}?sessionToken=${token}` } } };
    },
    serveSession: async (request, response) => {
      const token = new URL(request.url ?? '/', 'http://unused').searchParams.get('sessionToken') ?? '';
      const session = sessions.get(token);
      sessions.delete(token);
      if (session === undefined) {
        response.writeHead(410, { 'content-type': 'text/plain' }).end('the session is over, or there was none');
        return;
      }
      response
        .writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': "default-src 'none'" })
        .end(formatPage(session));
    },
  };
}

function parseSession(body: Readonly<Record<string, unknown>>): OnrampSession {
  const { destinationNetwork, destinationAddress, purchaseCurrency, paymentAmount = null, redirectUrl = null } = body;
  if (typeof destinationNetwork !== 'string' || !SOLD_ON.has(destinationNetwork)) throw invalid('destinationNetwork');
  const form = destinationNetwork === 'solana' ? SOLANA_ADDRESS : ADDRESS;
  if (typeof destinationAddress !== 'string' || !form.test(destinationAddress)) throw invalid('destinationAddress');
  if (purchaseCurrency !== 'USDC') throw invalid('purchaseCurrency');
  const isAmount = typeof paymentAmount === 'string' && AMOUNT.test(paymentAmount);
  if (paymentAmount !== null && !isAmount) throw invalid('paymentAmount');
  const isUrl = typeof redirectUrl === 'string' && redirectUrl.length <= URL_MAX_CHARS && URL_FORM.test(redirectUrl);
  if (redirectUrl !== null && !isUrl) throw invalid('redirectUrl');
  if (body['paymentCurrency'] !== undefined && body['paymentCurrency'] !== 'USD') throw invalid('paymentCurrency');
  return {
    destinationNetwork,
    destinationAddress,
    purchaseCurrency,
    paymentAmount: paymentAmount as string | null,
    redirectUrl: redirectUrl as string | null,
  };
}

/** Nothing can be bought here: no money of this machine is on a main network. */
function formatPage({ destinationNetwork, destinationAddress, paymentAmount, redirectUrl }: OnrampSession): string {
  const amount = paymentAmount === null ? 'USDC' : `USDC for USD ${paymentAmount}`;
  const back = redirectUrl === null ? '' : `<p><a href="${escapeHtml(redirectUrl)}">Back</a></p>`;
  return `<!doctype html><html lang="en"><title>On-ramp (local)</title><h1>On-ramp (local)</h1>
<p>${escapeHtml(amount)} for ${escapeHtml(destinationAddress)} on ${escapeHtml(destinationNetwork)}</p>
<p>Nothing is sold here.</p>${back}</html>`;
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
