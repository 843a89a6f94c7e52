import type { SigningKey } from '../../lib/local/providers/stripe-privy/app.ts';
import type { StripePrivy } from '../../lib/local/providers/stripe-privy/index.ts';
import { signPayload } from '../local/providers/stripe-privy/client.ts';

/** The app at the stand-in, with what people do there. */
export type PrivyApp = Pick<StripePrivy, 'url' | 'app'>;

async function ask({ url, app }: PrivyApp, path: string, body?: object): Promise<{ status: number; body: unknown }> {
  const { appId, appSecret } = app.credentials();
  const response = await fetch(`${url}/v1/intents/${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`${appId}:${appSecret}`).toString('base64')}`,
      'privy-app-id': appId,
      'content-type': 'application/json',
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: await response.json() };
}

/** What a member of a quorum does: signs for the intent as it is shown. */
export async function approve(privy: PrivyApp, intentId: string, { privateKey }: SigningKey, nowMs = Date.now()) {
  const { body: intent } = await ask(privy, intentId);
  const { request_details, custom_expiry, expires_at } = intent as {
    readonly request_details: object;
    readonly custom_expiry: boolean;
    readonly expires_at: number;
  };
  const headers = {
    'privy-app-id': privy.app.appId,
    ...(custom_expiry ? { 'privy-request-expiry': String(expires_at) } : {}),
  };
  const said = { version: 1, ...request_details, headers, timestamp: nowMs, intent_id: intentId };
  return sendSignature(privy, intentId, { signature: signPayload(privateKey, said), timestamp: nowMs });
}

export function sendSignature(privy: PrivyApp, intentId: string, signed: { signature: string; timestamp: number }) {
  return ask(privy, `${intentId}/authorize`, signed);
}

export function reject(privy: PrivyApp, intentId: string) {
  return ask(privy, `${intentId}/reject`, {});
}

/** The intents of the app, the oldest first. */
export function intentsOf({ app }: PrivyApp) {
  return app.intents.toSorted((a, b) => a.createdAtMs - b.createdAtMs);
}

/** Has every wallet of the authorization key ask for so many signatures, of it and of people. */
export function askForMore({ app }: PrivyApp, people: readonly SigningKey[], threshold: number): void {
  const quorum = app.quorums.find(({ id }) => id === app.authorizationId)!;
  const publicKeys = [...quorum.publicKeys, ...people.map(({ publicKey }) => publicKey)];
  app.put('quorums', { ...quorum, publicKeys, threshold });
}
