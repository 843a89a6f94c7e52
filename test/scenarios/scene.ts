import { randomUUID } from 'node:crypto';
import { Sha256 } from '@aws-crypto/sha256-js';
import { ListTablesCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { SignatureV4 } from '@smithy/signature-v4';
import { afterAll, beforeAll } from 'vitest';
import { createBursarClient, type BursarClient, type ProcessPaymentOutput } from '../../lib/client/index.ts';
import { createDatabaseClient } from '../../lib/local/database/client.ts';
import type { LogLine } from '../../lib/local/runtime/log-sink.ts';
import type { LocalCredentials } from '../../lib/local/info.ts';
import type { CallerRole } from '../../lib/local/services.ts';
import { startStack, type LocalStack, type LocalStackOptions } from '../../lib/local/stack.ts';
import {
  buildPaymentHeader,
  parsePaymentRequired,
  parseSettlement,
  type ChosenOffer,
  type PaymentChallenge,
} from '../../lib/protocols/x402/payment-required.ts';
import { chooseOffer } from '../support/x402.ts';

// A stack whose bundles have to be made first takes a while where much else runs.
const STACK_TIMEOUT_MS = 180_000;
const USER_HEADER = 'x-amzn-bedrock-agentcore-payments-user-id';

export type Address = `0x${string}`;

/** One local stack for a whole file; it is there once the tests run. */
export interface Scene {
  readonly stack: LocalStack;
  /** Every line that a function has printed. */
  readonly logs: readonly LogLine[];
}

export interface Wallet {
  readonly connector: 'SeedVault' | 'AwsKms' | 'StripePrivy';
  readonly instrumentId: string;
  readonly address: Address;
}

/** A seller's 402 and the entry that is paid. */
export interface Terms {
  readonly url: string;
  readonly challenge: PaymentChallenge;
  readonly chosen: ChosenOffer;
}

/** Starts a stack before the file's tests, and ends it after them. `null` keeps nothing. */
export function withStack(
  dataDir: string | null = null,
  options: Pick<StackChoices, 'traces' | 'browserOrigins' | 'signerFunction'> = {},
): Scene {
  let stack: LocalStack | null = null;
  const logs: LogLine[] = [];
  beforeAll(async () => {
    stack = await startQuietly(dataDir, { ...options, onLog: (entry) => logs.push(entry) });
  }, STACK_TIMEOUT_MS);
  afterAll(async () => {
    await stack?.close();
  }, STACK_TIMEOUT_MS);
  return {
    get stack() {
      if (stack === null) throw new Error('the stack is there only while tests run');
      return stack;
    },
    logs,
  };
}

interface StackChoices {
  readonly port?: number;
  readonly traces?: 'all';
  readonly browserOrigins?: readonly string[];
  readonly signerFunction?: NonNullable<LocalStackOptions['signerFunction']>;
  readonly onLog?: (entry: LogLine) => void;
}

/** A stack without its own timers, so that nothing happens that a test did not ask for. */
export function startQuietly(dataDir: string | null, options: StackChoices = {}): Promise<LocalStack> {
  return startStack({ port: 0, dataDir, fresh: 'keep', progress: () => undefined, timers: null, ...options });
}

export function newToken(): string {
  return randomUUID();
}

export function newUser(): string {
  return `user-${randomUUID()}`;
}

/** A client of one role that asks once, so that no answer is hidden by a repetition. */
export function clientOf(
  { info }: LocalStack,
  role: CallerRole,
  overrides: { readonly attemptsMax?: number; readonly timeoutMs?: number } = {},
): BursarClient {
  const { endpoint, region, credentials } = info;
  return createBursarClient({ endpoint, region, credentials: credentials[role], attemptsMax: 1, ...overrides });
}

export async function openWallet(stack: LocalStack, userId: string, connector: Wallet['connector']): Promise<Wallet> {
  const input = {
    paymentManagerArn: stack.info.paymentManagerArn,
    paymentConnectorId: stack.info.paymentConnectorIds[connector],
    paymentInstrumentType: 'EMBEDDED_CRYPTO_WALLET',
    paymentInstrumentDetails: { embeddedCryptoWallet: { network: 'ETHEREUM', linkedAccounts: [] } },
  } as const;
  const { paymentInstrument } = await clientOf(stack, 'management').call('CreatePaymentInstrument', input, { userId });
  const { paymentInstrumentId, paymentInstrumentDetails } = paymentInstrument;
  return {
    connector,
    instrumentId: paymentInstrumentId,
    address: paymentInstrumentDetails.embeddedCryptoWallet.walletAddress as Address,
  };
}

export async function openSession(stack: LocalStack, userId: string, limitUsd: string): Promise<string> {
  const input = {
    paymentManagerArn: stack.info.paymentManagerArn,
    expiryTimeInMinutes: 60,
    limits: { maxSpendAmount: { value: limitUsd, currency: 'USD' } },
  } as const;
  const { paymentSession } = await clientOf(stack, 'management').call('CreatePaymentSession', input, { userId });
  return paymentSession.paymentSessionId;
}

/** Makes a session as old as it would be in an hour and more: nobody else can make time pass. */
export async function expireSession({ services, info }: LocalStack, paymentSessionId: string): Promise<void> {
  const database = createDatabaseClient(services.databaseEndpoint);
  const { TableNames = [] } = await database.send(new ListTablesCommand({}));
  const managerId = info.paymentManagerArn.split('/').at(-1);
  await database.send(
    new UpdateItemCommand({
      TableName: TableNames.find((name) => name.includes('Books')),
      Key: { pk: { S: `SES#${managerId}#${paymentSessionId}` } },
      UpdateExpression: 'SET ex = :past',
      ConditionExpression: 'attribute_exists(ex)',
      ExpressionAttributeValues: { ':past': { N: `${Date.now() - 1_000}` } },
    }),
  );
  database.destroy();
}

/** Spent, reserved and left, as the API says. */
export async function booksOf(stack: LocalStack, userId: string, paymentSessionId: string) {
  const input = { paymentManagerArn: stack.info.paymentManagerArn, paymentSessionId };
  const { paymentSession } = await clientOf(stack, 'management').call('GetPaymentSession', input, { userId });
  return {
    spent: paymentSession.spentAmount.value,
    reserved: paymentSession.reservedAmount.value,
    available: paymentSession.availableLimits?.availableSpendAmount.value,
  };
}

export function sellerOf({ sellers }: LocalStack, name: string) {
  const seller = sellers.find((each) => each.name === name);
  if (seller === undefined) throw new Error(`the local stack has no seller ${name}`);
  return seller;
}

/** Asks a real seller for its price. */
export async function askSeller(stack: LocalStack, name: string): Promise<Terms> {
  const { url } = sellerOf(stack, name);
  const response = await fetch(url);
  const challenge = parsePaymentRequired({ headers: response.headers, body: await response.text() });
  if (response.status !== 402 || !challenge.ok || challenge.value === null) throw new Error(`${url} asks for nothing`);
  const chosen = chooseOffer(challenge.value, { requestedUrl: url });
  if (!chosen.ok) throw new Error(chosen.error.message);
  return { url, challenge: challenge.value, chosen: chosen.value };
}

/** Sends a proof by hand, and reads what the seller says of the settlement. */
export async function sendProof({ url, challenge, chosen }: Terms, payload: object) {
  const header = await buildPaymentHeader(challenge, chosen, payload);
  const response = await fetch(url, { headers: { [header.name]: header.value } });
  const settlement = parseSettlement(response.headers);
  return {
    status: response.status,
    content: await response.json(),
    settlement: settlement.ok ? settlement.value : null,
  };
}

/** The members of a ProcessPayment request besides manager, user and token. */
export function paymentOf(wallet: Wallet, paymentSessionId: string, { chosen }: Pick<Terms, 'chosen'>) {
  return {
    paymentSessionId,
    paymentInstrumentId: wallet.instrumentId,
    paymentType: 'CRYPTO_X402' as const,
    paymentInput: { cryptoX402: { version: chosen.offer.version, payload: chosen.entry } },
  };
}

/** An answer as it came over the wire. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Sends any bytes as a signed request: what no client would let through. */
export async function sendSigned(
  { info }: LocalStack,
  credentials: LocalCredentials,
  request: {
    /** @default 'POST' */
    readonly method?: 'GET' | 'POST';
    /** With its query. */
    readonly path: string;
    readonly body?: string;
    readonly userId?: string;
    /** Sent besides, without being signed. */
    readonly headers?: Readonly<Record<string, string>>;
  },
): Promise<RawAnswer> {
  const { method = 'POST', body } = request;
  const url = new URL(info.endpoint + request.path);
  const signer = new SignatureV4({ service: 'execute-api', region: info.region, credentials, sha256: Sha256 });
  const signed = await signer.sign({
    method,
    protocol: url.protocol,
    hostname: url.hostname,
    port: Number(url.port),
    path: url.pathname,
    query: Object.fromEntries(url.searchParams),
    headers: {
      host: url.host,
      'content-type': 'application/json',
      ...(request.userId === undefined ? {} : { [USER_HEADER]: request.userId }),
    },
    ...(body === undefined ? {} : { body }),
  });
  const { host: _host, ...headers } = signed.headers;
  return readAnswer(
    await fetch(url, { method, headers: { ...headers, ...request.headers }, ...(body === undefined ? {} : { body }) }),
  );
}

export async function readAnswer(response: Response): Promise<RawAnswer> {
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: JSON.parse(text) };
}

/** A ProcessPayment request, members as given. */
export function sendPayment(stack: LocalStack, userId: string, body: object | string): Promise<RawAnswer> {
  return sendSigned(stack, stack.info.credentials.processPayment, {
    path: '/payments/processPayment',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    userId,
  });
}

/** The signature inside a proof: what must never be logged. */
export function signatureOf(output: Pick<ProcessPaymentOutput, 'paymentOutput'>): string {
  const { signature } = output.paymentOutput.cryptoX402!.payload;
  if (typeof signature !== 'string') throw new Error('the proof has no signature');
  return signature;
}
