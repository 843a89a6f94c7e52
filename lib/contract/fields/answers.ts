import * as v from 'valibot';
import { NETWORKS } from '../../domain/assets.ts';
import { SOLANA_NETWORKS } from '../../domain/tenants/solana.ts';

// What answers are made of. Strict: a member that is not described here is a mistake of ours.

/** A schema with a sentence for its reader. */
export function said<S extends v.GenericSchema>(schema: S, text: string) {
  return v.pipe(schema, v.description<v.InferOutput<S>, string>(text));
}

/** The answer of an operation that says nothing but its status. */
export const nothing = v.null();

export const instant = v.pipe(
  v.string(),
  v.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
  v.description('RFC 3339, UTC, with milliseconds'),
);
/** AgentCore's identity resources have their times so, unlike its payments resources. */
export const epochSeconds = said(v.number(), 'seconds since 1970, with milliseconds as decimals');

export const usdText = v.pipe(
  v.string(),
  v.regex(/^(0|[1-9][0-9]{0,17})\.[0-9]{2,6}$/),
  v.description('US dollars with two to six decimals'),
);
export const usdAmount = v.strictObject({ value: usdText, currency: v.literal('USD') });

export const digits = v.pipe(v.string(), v.regex(/^(0|[1-9][0-9]*)$/));
export const tokenAmount = said(digits, "whole number in the token's smallest unit, as text");

/** Text that begins with `0x`, as the pattern says; the type of a pattern is plain text. */
function hexText(pattern: RegExp, text: string) {
  return v.pipe(v.string(), v.regex(pattern), v.description(text)) as unknown as v.GenericSchema<`0x${string}`>;
}

export const address = hexText(/^0x[0-9a-fA-F]{40}$/, 'with its EIP-55 checksum');
/** Of a wallet, whose family of chains says in which form. */
export const walletAddress = v.pipe(
  v.string(),
  v.regex(/^(0x[0-9a-fA-F]{40}|[1-9A-HJ-NP-Za-km-z]{32,44})$/),
  v.description('with its EIP-55 checksum, and of Solana in base58'),
);
export const hex32 = hexText(/^0x[0-9a-f]{64}$/, '32 bytes');
export const signature = hexText(/^0x[0-9a-f]{130}$/, '65 bytes r, s, v. A bearer instrument: keep it out of logs');

export const network = said(v.picklist(NETWORKS.map(({ id }) => id)), 'CAIP-2 id of a chain');

/** One that a wallet is funded on. */
export const fundedNetwork = said(
  v.picklist([...NETWORKS, ...SOLANA_NETWORKS].map(({ id }) => id)),
  'CAIP-2 id of a chain',
);

export const tagSet = v.record(v.string(), v.string());
export const nextToken = v.optional(said(v.string(), 'where the next page begins; left out on the last one'));
