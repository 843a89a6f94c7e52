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

/** Whether what is paid within this session is a withdrawal: money that goes to its owner's own address, on nobody's budget. */
export function isWithdrawal({ sessionId }: { readonly sessionId: string }): boolean {
  return WITHDRAWAL_SESSION_ID.test(sessionId);
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

/** What an ARN names, and the deployment that it says: this one or any other. */
export interface Arn<T> {
  readonly deployment: Deployment;
  readonly resource: T;
}

/** What an ARN names where it is one of this deployment; `null` for any other, and for one that names nothing of Bursar's. */
export function resourceIn<T>(deployment: Deployment, arn: Arn<T> | null): T | null {
  if (arn === null) return null;
  const { partition, region, account } = arn.deployment;
  const isHere = partition === deployment.partition && region === deployment.region && account === deployment.account;
  return isHere ? arn.resource : null;
}

const ARN = /^arn:([^:]*):([^:]*):([^:]*):([^:]*):([^/]*)\/(.*)/s;

interface ArnParts {
  readonly deployment: Deployment;
  readonly service: string;
  readonly type: string;
  readonly name: string;
}

function splitArn(arn: string): ArnParts | null {
  const match = ARN.exec(arn);
  if (match === null) return null;
  const [, partition = '', service = '', region = '', account = '', type = '', name = ''] = match;
  return { deployment: { partition, region, account }, service, type, name };
}

/** The manager that an ARN names, in whatever deployment; `null` for any other text. */
export function parseManagerArn(arn: string): Arn<string> | null {
  const parts = splitArn(arn);
  if (parts === null || parts.service !== 'bedrock-agentcore' || parts.type !== 'payment-manager') return null;
  return MANAGER_ID.test(parts.name) ? { deployment: parts.deployment, resource: parts.name } : null;
}

export const PROVIDER_NAME = /^[a-zA-Z0-9_-]{1,128}$/;
export const WORKLOAD_NAME = /^[A-Za-z0-9_.-]{3,255}$/;

const PROVIDER_PATH = 'default/paymentcredentialprovider/';
/** AgentCore's older models wrote the service as `acps`. */
const PROVIDER_SERVICES: ReadonlySet<string> = new Set(['bedrock-agentcore', 'acps']);

export function formatProviderArn({ partition, region, account }: Deployment, name: string): string {
  return `arn:${partition}:bedrock-agentcore:${region}:${account}:token-vault/${PROVIDER_PATH}${name}`;
}

/** The credential provider that an ARN names, in whatever deployment; `null` for any other text. */
export function parseProviderArn(arn: string): Arn<string> | null {
  const parts = splitArn(arn);
  if (parts === null || !PROVIDER_SERVICES.has(parts.service) || parts.type !== 'token-vault') return null;
  const name = parts.name.startsWith(PROVIDER_PATH) ? parts.name.slice(PROVIDER_PATH.length) : '';
  return PROVIDER_NAME.test(name) ? { deployment: parts.deployment, resource: name } : null;
}

const WORKLOAD_PATH = 'default/workload-identity/';

export function formatWorkloadArn({ partition, region, account }: Deployment, name: string): string {
  return `arn:${partition}:bedrock-agentcore:${region}:${account}:workload-identity-directory/${WORKLOAD_PATH}${name}`;
}

/** The workload identity that an ARN names, in whatever deployment; `null` for any other text. */
export function parseWorkloadArn(arn: string): Arn<string> | null {
  const parts = splitArn(arn);
  if (parts === null || parts.service !== 'bedrock-agentcore' || parts.type !== 'workload-identity-directory')
    return null;
  const name = parts.name.startsWith(WORKLOAD_PATH) ? parts.name.slice(WORKLOAD_PATH.length) : '';
  return WORKLOAD_NAME.test(name) ? { deployment: parts.deployment, resource: name } : null;
}
