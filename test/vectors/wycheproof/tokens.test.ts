import { describe, expect, test } from 'vitest';
import { toEpochSeconds } from '../../../lib/domain/time.ts';
import type { VerifiedClaims } from '../../../lib/domain/tenants/jwt-authorizer.ts';
import { createIssuerVerifier } from '../../../lib/jwt/issuer-verifier.ts';
import { createKeySet } from '../../../lib/jwt/key-set.ts';
import { parseToken } from '../../../lib/jwt/token-text.ts';
import { readVectors } from './vectors.ts';

// The published vectors sign payloads that are no claims. What of a token is left besides these is judged as it always is.

interface TokenVector {
  readonly tcId: number;
  readonly comment: string;
  readonly jws: string;
  readonly result: 'valid' | 'invalid';
}

interface Group {
  readonly public?: unknown;
  readonly private: unknown;
  readonly tests: readonly TokenVector[];
}

const ISSUER = 'https://issuer.example';
const CLAIMS = Buffer.from('{}').toString('base64url');

const keysOf = (of: unknown): readonly unknown[] =>
  typeof of === 'object' && of !== null && 'keys' in of ? (of.keys as readonly unknown[]) : [of];

/** What becomes of a token whose issuer publishes these keys: `accepted`, or why not. */
async function judge(published: readonly unknown[], jws: string): Promise<string> {
  const parts = jws.split('.');
  const [header = '', payload = '', signature = ''] = parts;
  const isCanonical = payload !== '' && Buffer.from(payload, 'base64url').toString('base64url') === payload;
  if (parts.length !== 3 || !isCanonical) return 'malformed';
  const token = parseToken([header, CLAIMS, signature].join('.'));
  if (!token.ok) return token.error.reason;
  const keySet = createKeySet(() => Promise.resolve({ keys: published }));
  const verifier = createIssuerVerifier(ISSUER, `${ISSUER}/keys`, keySet);
  await verifier.hydrate();
  const claims: VerifiedClaims = { iss: ISSUER, sub: 'user', exp: toEpochSeconds(Math.floor(Date.now() / 1_000) + 60) };
  const judged = await verifier.judge({ ...token.value, parts: [header, payload, signature] }, claims);
  return judged.ok ? 'accepted' : judged.error.reason;
}

interface Judged extends TokenVector {
  readonly outcome: string;
}

async function judgeAll(name: string): Promise<readonly Judged[]> {
  const { testGroups, numberOfTests } = readVectors<Group>(name);
  const judged: Judged[] = [];
  for (const group of testGroups) {
    const published = keysOf(group.public ?? group.private);
    for (const each of group.tests) judged.push({ ...each, outcome: await judge(published, each.jws) });
  }
  expect(judged).toHaveLength(numberOfTests);
  return judged;
}

const judgedAs = (all: readonly Judged[], result: Judged['result'], outcome: string) =>
  all
    .filter((each) => each.result === result && each.outcome === outcome)
    .map(({ tcId, comment }) => `${tcId}: ${comment}`);

describe('wycheproof json_web_signature', () => {
  const judging = judgeAll('json_web_signature_test.json');

  test('accepts no invalid token', async () => {
    expect(judgedAs(await judging, 'invalid', 'accepted')).toEqual([]);
  });

  test('accepts the valid ones of a public key, but for algorithms and forms that no issuer here may use', async () => {
    const all = await judging;
    expect(judgedAs(all, 'valid', 'accepted')).toHaveLength(15);
    // Of a shared secret, or RSA-PSS.
    expect(judgedAs(all, 'valid', 'algorithm')).toHaveLength(21);
    // A payload that is empty holds no claims, and base64 has one spelling.
    const malformed = judgedAs(all, 'valid', 'malformed').map((each) => each.replace(/^\d+: /, ''));
    expect(new Set(malformed)).toEqual(
      new Set(['emptyPayload', 'InvalidCharacterInsertedInHeader', 'InvalidCharacterInsertedInPayload']),
    );
    // The key says that it is for ES521, which nothing is.
    expect(judgedAs(all, 'valid', 'unknown_key')).toEqual(['347: Figure27', '351: Figure27']);
    expect(judgedAs(all, 'valid', 'signature')).toEqual([]);
  });
});

test('wycheproof json_web_key: takes no unfit key, but for one whose making alone was faulty', async () => {
  const all = await judgeAll('json_web_key_test.json');
  // Its primes are those of a chip of 2017, which no reader of key sets looks for: the issuer has to.
  expect(judgedAs(all, 'invalid', 'accepted')).toEqual(['7: rejectsKeyWithRocaVulnerability']);
  expect(judgedAs(all, 'valid', 'accepted')).toHaveLength(1);
});
