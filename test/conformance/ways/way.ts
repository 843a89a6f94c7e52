import type { Hex, TypedDataDefinition } from 'viem';

/** A 402 as a seller sends it. */
export interface Ask {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What a seller decides of a payment. */
export interface Asked {
  readonly amount: string;
  readonly payTo: string;
  /** Where one decides how much is taken. */
  readonly facilitator?: string;
}

/** What the buyer decides. */
export interface BuyerTerms {
  readonly from: Hex;
  readonly nonce: Hex;
  readonly validAfter: bigint;
  readonly validBefore: bigint;
}

/** What stands in a proof. */
export interface ReadProof extends BuyerTerms {
  readonly signature: Hex;
}

/** A challenge that a hostile seller sends. */
export interface HostileChallenge {
  readonly what: string;
  readonly ask: Ask;
  /** The code by which it is refused, without `bursar:`. `null`: what is wrong with it is never signed, and it is paid as the clean one. */
  readonly code: string | null;
}

/** The members of a challenge by their paths; `undefined` leaves one out. */
export type Members = Readonly<Record<string, unknown>>;

/** One way to pay, as its sellers ask for it. */
export interface Way {
  /** The members by which a seller says what it wants, with what they are in a clean challenge. */
  readonly members: Members;
  /** Where these stand among the members. */
  readonly paths: { readonly amount: string; readonly payTo: string; readonly facilitator?: string };
  /** A clean challenge with some members replaced. */
  ask(changes?: Members): Ask;
  /** What has to be signed for a clean challenge, made of the specification alone. */
  typedData(asked: Asked, terms: BuyerTerms): TypedDataDefinition;
  /** A proof as the seller gets it. Throws on one of another way. */
  readProof(headers: Headers): ReadProof;
  /** The hostile challenges of this way. */
  readonly hostile: readonly HostileChallenge[];
}

/** What a clean challenge asks for. */
export function askedBy({ members, paths }: Way): Asked {
  const at = (path: string) => String(members[path]);
  const { amount, payTo, facilitator } = paths;
  return {
    amount: at(amount),
    payTo: at(payTo),
    ...(facilitator === undefined ? {} : { facilitator: at(facilitator) }),
  };
}

/** An object made of members by their paths; one of a path that is `undefined` is left out. */
export function nest(members: Members): Record<string, unknown> {
  const root: Record<string, unknown> = {};
  for (const [path, value] of Object.entries(members)) {
    if (value === undefined) continue;
    const names = path.split('.');
    const last = names.pop()!;
    let at = root;
    for (const name of names) at = (at[name] ??= {}) as Record<string, unknown>;
    at[last] = value;
  }
  return root;
}
