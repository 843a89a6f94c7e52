import { createPrivateKey, sign } from 'node:crypto';
import canonicalize from 'canonicalize';
import {
  startStripePrivy,
  type Exchange,
  type StripePrivy,
} from '../../../../lib/local/providers/stripe-privy/index.ts';

export interface Sent {
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly body?: object;
  /** Private keys in base64 of PKCS #8, each of which signs the request. */
  readonly keys?: readonly string[];
  readonly idempotencyKey?: string;
  /** @default in a minute */
  readonly expiryMs?: number | string | null;
  /** Changes what is sent after it was signed. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answered {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** A stand-in with a clock of its own, and what asks it: headers and signatures as the provider documents them. */
export interface TestApp {
  readonly privy: StripePrivy;
  readonly exchanges: Exchange[];
  nowMs: number;
  send(path: string, sent?: Sent): Promise<Answered>;
  headersOf(path: string, sent: Sent): Readonly<Record<string, string>>;
}

const MINUTE_MS = 60_000;

export async function startApp(dataDir: string | null = null): Promise<TestApp> {
  const exchanges: Exchange[] = [];
  const privy = await startStripePrivy({
    dataDir,
    now: () => app.nowMs,
    onExchange: (exchange) => exchanges.push(exchange),
  });
  const app: TestApp = {
    privy,
    exchanges,
    nowMs: 1_790_000_000_000,
    headersOf: (path, { method = 'GET', body = {}, keys = [], idempotencyKey, expiryMs = app.nowMs + MINUTE_MS }) => {
      const { appId, appSecret } = privy.app.credentials();
      const signed = {
        'privy-app-id': appId,
        ...(idempotencyKey === undefined ? {} : { 'privy-idempotency-key': idempotencyKey }),
        ...(expiryMs === null ? {} : { 'privy-request-expiry': String(expiryMs) }),
      };
      const payload = {
        version: 1,
        method,
        url: `${privy.url}${path}`,
        body: Object.keys(body).length === 0 ? '' : body,
        headers: signed,
      };
      const signatures = keys.map((key) => signPayload(key, payload));
      return {
        authorization: `Basic ${Buffer.from(`${appId}:${appSecret}`).toString('base64')}`,
        'content-type': 'application/json',
        ...signed,
        ...(keys.length === 0 ? {} : { 'privy-authorization-signature': signatures.join(',') }),
      };
    },
    send: async (path, sent = {}) => {
      const { method = 'GET', body } = sent;
      const response = await fetch(`${privy.url}${path}`, {
        method,
        headers: { ...app.headersOf(path, sent), ...sent.headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return { status: response.status, body: (await response.json()) as Answered['body'] };
    },
  };
  return app;
}

export function signPayload(key: string, payload: object): string {
  const privateKey = createPrivateKey({
    key: Buffer.from(key.replace('wallet-auth:', ''), 'base64'),
    format: 'der',
    type: 'pkcs8',
  });
  return sign('sha256', Buffer.from(canonicalize(payload)!), { key: privateKey, dsaEncoding: 'der' }).toString(
    'base64',
  );
}

/** A user with an email address, and the key of whoever is signed in as that user. */
export async function createUser(app: TestApp, address = 'ada@example.com') {
  const { body } = await app.send('/v1/users', {
    method: 'POST',
    body: { linked_accounts: [{ type: 'email', address }] },
  });
  const id = String(body['id']);
  return { id, key: app.privy.app.users.find((user) => user.id === id)!.key.privateKey };
}

export async function createWallet(app: TestApp, members: object = {}) {
  const body = { chain_type: 'ethereum', ...members };
  const answer = await app.send('/v1/wallets', { method: 'POST', body });
  const { id, address } = answer.body as { readonly id: string; readonly address: `0x${string}` };
  return { id, address };
}

const DOMAIN = {
  name: 'USDC',
  version: '2',
  chainId: 84_532,
  verifyingContract: '0x036CbD53842c5426634e7929541eC2318f3dCF7e',
};

/** Typed data as the API takes it. */
export function transferOf(value: string, to = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8') {
  return {
    method: 'eth_signTypedData_v4',
    params: {
      typed_data: {
        domain: DOMAIN,
        types: {
          EIP712Domain: [
            { name: 'name', type: 'string' },
            { name: 'version', type: 'string' },
            { name: 'chainId', type: 'uint256' },
            { name: 'verifyingContract', type: 'address' },
          ],
          Transfer: [
            { name: 'to', type: 'address' },
            { name: 'value', type: 'uint256' },
          ],
        },
        primary_type: 'Transfer',
        message: { to, value },
      },
    },
  };
}
