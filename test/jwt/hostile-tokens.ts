import { CLAIMS, ISSUERS, TIMES } from './hostile/claims.ts';
import { ALGORITHMS, HEADERS, KEY_IDS } from './hostile/headers.ts';
import type { HostileToken } from './hostile/scene.ts';
import { SHAPES, SIGNATURES } from './hostile/texts.ts';

/** Tokens that must not get in, each with the reason for which it is refused. */
export const HOSTILE_TOKENS: readonly HostileToken[] = [
  ...ALGORITHMS,
  ...KEY_IDS,
  ...HEADERS,
  ...TIMES,
  ...ISSUERS,
  ...CLAIMS,
  ...SIGNATURES,
  ...SHAPES,
];
