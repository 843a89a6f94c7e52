declare const paymentId: unique symbol;

/** A UUID (version 8) made from the tenant, the user and the client token: the idempotency key of a payment. */
export type PaymentId = string & { readonly [paymentId]: true };

export const MANAGER_ID = /^[0-9a-z](?:[0-9a-z-]{0,198}[0-9a-z])?-[0-9a-z]{10}$/;
export const CONNECTOR_ID = /^[0-9a-z](?:[0-9a-z_-]{0,198}[0-9a-z_])?-[0-9a-z]{10}$/;
export const INSTRUMENT_ID = /^payment-instrument-[0-9a-zA-Z-]{15}$/;
export const SESSION_ID = /^payment-session-[0-9a-zA-Z-]{15}$/;
/** The session that a withdrawal has to itself. No request can name one: it is not of the form of a session's id. */
const WITHDRAWAL_SESSION_ID = /^withdrawal-[0-9a-zA-Z]{15}$/;
const UUID_V8 = /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const BASE36 = '0123456789abcdefghijklmnopqrstuvwxyz';

/** Prints the low digits of the entropy in the given alphabet; 16 bytes give 15 base-62 characters (89 bits). */
function formatDigits(entropy: Uint8Array, alphabet: string, length: number): string {
  let rest = entropy.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  const base = BigInt(alphabet.length);
  let text = '';
  for (let i = 0; i < length; i += 1) {
    text += alphabet[Number(rest % base)];
    rest /= base;
  }
  return text;
}

/** @param entropy at least 16 bytes, random or a digest */
export function formatSessionId(entropy: Uint8Array): string {
  return `payment-session-${formatDigits(entropy, BASE62, 15)}`;
}

/** @param digest of the withdrawal's client token and its scope, at least 16 bytes */
export function formatWithdrawalSessionId(digest: Uint8Array): string {
  return `withdrawal-${formatDigits(digest, BASE62, 15)}`;
}

/** Whether what is paid within this session is a withdrawal: money that goes to its owner's own address, on nobody's budget. */
export function isWithdrawal({ sessionId }: { readonly sessionId: string }): boolean {
  return WITHDRAWAL_SESSION_ID.test(sessionId);
}

/** @param entropy at least 16 bytes, random or a digest */
export function formatInstrumentId(entropy: Uint8Array): string {
  return `payment-instrument-${formatDigits(entropy, BASE62, 15)}`;
}

/** AgentCore's form of manager and connector ids: the name in lower case and ten random characters. */
export function formatNamedId(name: string, entropy: Uint8Array): string {
  return `${name.toLowerCase()}-${formatDigits(entropy, BASE36, 10)}`;
}

/** @param digest at least 16 bytes of a cryptographic hash */
export function formatPaymentId(digest: Uint8Array): PaymentId {
  const bytes = Uint8Array.from(digest.subarray(0, 16));
  bytes[6] = (bytes[6]! & 0x0f) | 0x80;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join(
    '-',
  ) as PaymentId;
}

/** The payment id that a text holds, or `null`. */
export function parsePaymentId(text: string): PaymentId | null {
  return UUID_V8.test(text) ? (text as PaymentId) : null;
}

/** Where a deployment lives; part of every ARN that it accepts. */
export interface Deployment {
  readonly partition: string;
  readonly region: string;
  readonly account: string;
}

export function formatManagerArn(deployment: Deployment, managerId: string): string {
  const { partition, region, account } = deployment;
  return `arn:${partition}:bedrock-agentcore:${region}:${account}:payment-manager/${managerId}`;
}

/** The manager that an ARN of this deployment names, or `null` for any other ARN. */
export function parseManagerArn(deployment: Deployment, arn: string): string | null {
  const prefix = formatManagerArn(deployment, '');
  if (!arn.startsWith(prefix)) return null;
  const managerId = arn.slice(prefix.length);
  return MANAGER_ID.test(managerId) ? managerId : null;
}

export const PROVIDER_NAME = /^[a-zA-Z0-9_-]{1,128}$/;
export const WORKLOAD_NAME = /^[A-Za-z0-9_.-]{3,255}$/;

export function formatProviderArn(deployment: Deployment, name: string): string {
  return formatProviderPrefix(deployment, 'bedrock-agentcore') + name;
}

function formatProviderPrefix({ partition, region, account }: Deployment, service: string): string {
  return `arn:${partition}:${service}:${region}:${account}:token-vault/default/paymentcredentialprovider/`;
}

/** The credential provider that an ARN of this deployment names, or `null`. AgentCore's older models wrote the service as `acps`. */
export function parseProviderArn(deployment: Deployment, arn: string): string | null {
  const prefix = ['bedrock-agentcore', 'acps']
    .map((service) => formatProviderPrefix(deployment, service))
    .find((each) => arn.startsWith(each));
  const name = prefix === undefined ? '' : arn.slice(prefix.length);
  return PROVIDER_NAME.test(name) ? name : null;
}

export function formatWorkloadArn({ partition, region, account }: Deployment, name: string): string {
  const directory = 'workload-identity-directory/default/workload-identity';
  return `arn:${partition}:bedrock-agentcore:${region}:${account}:${directory}/${name}`;
}

/** The workload identity that an ARN of this deployment names, or `null`. */
export function parseWorkloadArn(deployment: Deployment, arn: string): string | null {
  const prefix = formatWorkloadArn(deployment, '');
  const name = arn.startsWith(prefix) ? arn.slice(prefix.length) : '';
  return WORKLOAD_NAME.test(name) ? name : null;
}
