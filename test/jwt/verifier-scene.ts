import { afterEach, beforeAll, beforeEach, vi } from 'vitest';
import { toEpochMs, type Clock, type EpochMs } from '../../lib/domain/time.ts';
import { createFetchJson, type FetchJson } from '../../lib/jwt/fetch-json.ts';
import type { ReportDroppedKeys } from '../../lib/jwt/issuers.ts';
import { createTokenVerifier, type TokenVerifier } from '../../lib/jwt/token-verifier.ts';
import { createKey, signToken, startIssuer, type TestIssuer, type TestKey } from './issuer.ts';

export const START = toEpochMs(1_790_000_000_000);

// The library judges times by the machine's clock, so the machine's clock is what these tests set.
export const clock: Clock = { now: () => toEpochMs(Date.now()), sleep: () => Promise.resolve() };
export const setTime = (at: EpochMs) => void vi.setSystemTime(at);

/** Made anew for each test. */
interface Made {
  /** The key that the issuer has from the start, and one that it has not yet. */
  ec: TestKey;
  later: TestKey;
  issuer: TestIssuer;
  /** Discovery URLs by the keys of the issuers that some manager trusts, and the keys that were looked up. */
  trusted: Map<string, string>;
  lookups: string[];
  reports: Parameters<ReportDroppedKeys>[0][];
  verifier: TokenVerifier;
}

interface Tools {
  createVerifier(fetchJson?: FetchJson): TokenVerifier;
  claimsOf(change?: Record<string, unknown>): Record<string, unknown>;
  tokenBy(key: TestKey, change?: Record<string, unknown>): Promise<string>;
  /** The user of a token, or why it is refused. */
  judge(token: string): Promise<string>;
}

export type VerifierScene = Made & Tools;

/** For each test an issuer on a free port, a verifier that knows nothing yet, and the clock at {@link START}. */
export function withVerifier(): VerifierScene {
  const scene: VerifierScene = Object.assign({} as Made, {
    createVerifier: (fetchJson: FetchJson = createFetchJson({ timeoutMs: 1_000, maxBytes: 64 * 1024 })) =>
      createTokenVerifier({
        clock,
        fetchJson,
        reportDroppedKeys: (report) => void scene.reports.push(report),
        findDiscoveryUrl: (key) => {
          scene.lookups.push(key);
          return Promise.resolve(scene.trusted.get(key) ?? null);
        },
      }),
    claimsOf: (change: Record<string, unknown> = {}) => ({
      iss: scene.issuer.issuer,
      sub: 'alice',
      exp: START / 1000 + 86_400,
      ...change,
    }),
    tokenBy: (key: TestKey, change?: Record<string, unknown>) => signToken(key, scene.claimsOf(change)),
    judge: async (token: string) => {
      const verified = await scene.verifier.verify(token);
      return verified.ok ? verified.value.sub : verified.error.reason;
    },
  } satisfies Tools);

  beforeAll(async () => {
    [scene.ec, scene.later] = await Promise.all([createKey('first', 'ES256'), createKey('later', 'ES256')]);
  });
  beforeEach(async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: START });
    scene.reports = [];
    scene.lookups = [];
    scene.issuer = await startIssuer([scene.ec]);
    scene.trusted = new Map([[scene.issuer.issuer, scene.issuer.discoveryUrl]]);
    scene.verifier = scene.createVerifier();
  });
  afterEach(async () => {
    vi.useRealTimers();
    await scene.issuer.close();
  });
  return scene;
}
