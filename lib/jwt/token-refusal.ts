import { refuse } from '../domain/result.ts';

/** Why a token proves nothing. `detail` is for the log and the answer; it quotes nothing of the token. */
export interface TokenRefusal {
  readonly reason:
    | 'malformed'
    | 'algorithm'
    | 'unknown_issuer'
    | 'unknown_key'
    | 'signature'
    | 'expired'
    | 'not_yet_valid'
    | 'claims';
  readonly detail: string;
  /** The issuer that the token names, where that has the form of one; for the log and the answer as well. */
  readonly issuer?: string;
}

export function refuseToken(reason: TokenRefusal['reason'], detail: string): { ok: false; error: TokenRefusal } {
  return refuse({ reason, detail });
}
