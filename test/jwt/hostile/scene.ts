import type { KeyObject } from 'node:crypto';
import type { CryptoKey } from 'jose';
import type { AdmissionRefusal } from '../../../lib/jwt/admission.ts';
import type { TokenRefusal } from '../../../lib/jwt/token-refusal.ts';
import { signToken, type TestIssuer, type TestKey } from '../issuer.ts';

/** What an attacker has: tokens of their own, every public key, and the issuer's signature on claims of some other user. */
export interface Scene {
  readonly issuer: TestIssuer;
  /** Trusted by some other manager. */
  readonly neighbour: TestIssuer;
  readonly rsa: TestKey;
  readonly ec: TestKey;
  readonly ed: TestKey;
  readonly neighbourKey: TestKey;
  /** In the issuer's set, but not for signatures. */
  readonly encryptionKey: TestKey;
  /** In the issuer's set, with 1024 bits. */
  readonly weakKey: { readonly id: string; readonly privateKey: KeyObject };
  /** In the issuer's set without an `alg` of its own. */
  readonly openKey: TestKey;
  readonly nowSeconds: number;
  readonly claims: Readonly<Record<string, unknown>>;
}

export type Make = (scene: Scene) => string | Promise<string>;

export type HostileToken = readonly [
  name: string,
  reason: TokenRefusal['reason'] | `admission: ${AdmissionRefusal['reason']}`,
  make: Make,
];

export function encode(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return Buffer.from(text).toString('base64url');
}

/** Signs whatever text stands in header and claims, as an issuer would that looks at neither. */
export function signText(
  { ec }: Scene,
  header: unknown,
  claims: unknown,
  key: CryptoKey = ec.privateKey,
): Promise<string> {
  return signBytes(`${encode(header)}.${encode(claims)}`, key);
}

async function signBytes(input: string, key: CryptoKey): Promise<string> {
  const signature = await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, key, Buffer.from(input));
  return `${input}.${Buffer.from(signature).toString('base64url')}`;
}

/** A token that would be good but for its header. */
export function withHeader(change: Record<string, unknown>): Make {
  return (scene) => signText(scene, { alg: 'ES256', kid: scene.ec.id, ...change }, scene.claims);
}

/** A token that would be good but for its claims. */
export function withClaims(change: (scene: Scene) => Record<string, unknown>): Make {
  return (scene) => signText(scene, { alg: 'ES256', kid: scene.ec.id }, { ...scene.claims, ...change(scene) });
}

/** A token that would be good but for the spelling of its claims. */
export function withClaimsText(change: (json: string, scene: Scene) => unknown): Make {
  return (scene) => signText(scene, { alg: 'ES256', kid: scene.ec.id }, change(JSON.stringify(scene.claims), scene));
}

/** A good token whose text was changed afterwards. */
export function tampered(change: (parts: [string, string, string], scene: Scene) => string): Make {
  return async (scene) => {
    const parts = (await signToken(scene.ec, scene.claims)).split('.') as [string, string, string];
    return change(parts, scene);
  };
}

export function rawClaims(toBytes: (json: string) => Buffer): Make {
  return ({ ec, claims }) => {
    const bytes = toBytes(JSON.stringify(claims)).toString('base64url');
    return signBytes(`${encode({ alg: 'ES256', kid: ec.id })}.${bytes}`, ec.privateKey);
  };
}
