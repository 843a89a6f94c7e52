import { toEpochSeconds, type EpochSeconds } from '../../domain/time.ts';

/** Until when a challenge is good; `null`: it does not say. Throws on what is no instant: a parser has checked it. */
export function expiryOf({ expires }: { readonly expires?: string | undefined }): EpochSeconds | null {
  return expires === undefined ? null : toEpochSeconds(Math.floor(Date.parse(expires) / 1_000));
}
