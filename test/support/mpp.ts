import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { BASE_SEPOLIA } from './payments.ts';

export const MPP_PAYEE = '0x209693Bc6afc0C5328bA36FaF03C514EF312287C';

/** What a seller asks for by MPP. */
export const MPP_REQUEST = {
  amount: '500000',
  currency: BASE_SEPOLIA.usdc.address,
  recipient: MPP_PAYEE,
  methodDetails: { chainId: BASE_SEPOLIA.chainId, credentialTypes: ['authorization'], decimals: 6 },
};

export interface MppParams {
  readonly [name: string]: string | undefined;
}

/** The `request` of a challenge, canonical and in base64url. */
export function encodeRequest(request: unknown): string {
  return Buffer.from(canonicalize(request) ?? '').toString('base64url');
}

/** The value of a `WWW-Authenticate` header with one challenge; `undefined` leaves a parameter out. */
export function mppHeader(params: MppParams = {}): string {
  const all: Record<string, string | undefined> = {
    id: createHash('sha256').update(JSON.stringify(params)).digest('base64url'),
    realm: 'api.example.com',
    method: 'evm',
    intent: 'charge',
    request: encodeRequest(MPP_REQUEST),
    ...params,
  };
  const written = Object.entries(all).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}="${value.replace(/[\\"]/g, String.raw`\$&`)}"`],
  );
  return `Payment ${written.join(', ')}`;
}

/** The members of ProcessPayment that say what is to be paid. */
export function mppPayment(header: string) {
  return { paymentType: 'MPP', paymentInput: { mpp: { version: '1', wwwAuthenticateHeaders: [header] } } };
}

/** What a credential holds. */
export function readCredential(credential: string) {
  return JSON.parse(Buffer.from(credential.replace(/^Payment /, ''), 'base64url').toString()) as {
    readonly challenge: Readonly<Record<string, string>>;
    readonly payload: Readonly<Record<string, string>>;
    readonly source: string;
  };
}
