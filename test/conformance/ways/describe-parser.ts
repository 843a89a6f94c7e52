import fc from 'fast-check';
import { hashTypedData, type Hex } from 'viem';
import { describe, expect, test } from 'vitest';
import type { Offer } from '../../../lib/domain/payment/shapes.ts';
import { toEpochMs } from '../../../lib/domain/time.ts';
import { readChallenge } from '../../../lib/protocols/challenge.ts';
import { schemeOf } from '../../../lib/protocols/catalogue.ts';
import { listOffers, type ListedOffer } from '../../../lib/protocols/seller-offers.ts';
import { formatDigest } from '../../support/x402.ts';
import { askedBy, type Ask, type Way } from './way.ts';

const URL_OF_SELLER = 'https://api.seller.example/goods';
const WALLET = '0x1a642f0E3c3aF545E7AcBD38b07251B3990914F1';
const NOW = toEpochMs(1_900_000_000_000);
const UNIQUENESS: Hex = `0x${'5e'.repeat(32)}`;
const OUTCOMES_MIN = 20;

function read({ headers, body }: Ask): readonly ListedOffer[] | string {
  const challenge = readChallenge({ headers: new Headers(headers), body });
  if (!challenge.ok) return challenge.error.message;
  if (challenge.value === null) return '';
  return listOffers(challenge.value, { requestedUrl: URL_OF_SELLER, resource: 'related' });
}

/** The terms and the digest of a payment for an offer. */
function frozen(offer: Offer) {
  const scheme = schemeOf(offer);
  const terms = scheme.freeze({
    offer,
    from: WALLET,
    uniqueness: UNIQUENESS,
    now: NOW,
    capSeconds: 300,
    sessionExpiresAt: toEpochMs(NOW + 3_600_000),
  } as never);
  if (!terms.ok) throw new Error(`nothing was frozen: ${terms.error.reason}`);
  const [message] = scheme.messages(offer, terms.value);
  return { terms: terms.value, digest: formatDigest(message!.digest) };
}

type Edit = (text: string) => string;
const edit: fc.Arbitrary<Edit> = fc
  .tuple(
    fc.nat(400),
    fc.constantFrom('flip', 'cut', 'put', 'case'),
    fc.constantFrom(...'0123456789abcdefABCDEFx -+.e_'),
  )
  .map(([seed, kind, char]) => (text) => {
    const at = text.length === 0 ? 0 : seed % text.length;
    const [before, here, after] = [text.slice(0, at), text.slice(at, at + 1), text.slice(at + 1)];
    if (kind === 'flip') return before + char + after;
    if (kind === 'cut') return before + after;
    if (kind === 'put') return before + char + here + after;
    return here === here.toLowerCase() ? text.toLowerCase() : before + here.toLowerCase() + after;
  });

/** A member after an edit; what is no text is edited as JSON. */
function edited(value: unknown, change: Edit): unknown {
  if (typeof value === 'string') return change(value);
  const text = change(JSON.stringify(value));
  try {
    const parsed: unknown = JSON.parse(text);
    // Beyond what a number of JSON can say: a text then.
    return parsed === Infinity || parsed === -Infinity ? text : parsed;
  } catch {
    return text;
  }
}

/** What holds of a way's parser for whatever a seller writes. */
export function describeParser(name: string, way: Way): void {
  const paths = Object.keys(way.members);

  describe(`what is read of a challenge of ${name}`, () => {
    test('is an offer or a short printable refusal, whatever is in a member', () => {
      const anything = fc.oneof(fc.anything(), fc.jsonValue(), fc.string({ unit: 'binary' }), fc.bigInt().map(String));
      fc.assert(
        fc.property(fc.constantFrom(...paths), anything, (path, value) => {
          let ask: Ask;
          try {
            ask = way.ask({ [path]: value });
            // What no header and no JSON can carry never arrives.
            void new Headers(ask.headers);
          } catch {
            return;
          }
          const offers = read(ask);
          if (typeof offers === 'string') {
            expect(offers).toMatch(/^[\x20-\x7e]{0,600}$/);
            return;
          }
          for (const { flaw, priced } of offers) {
            expect(flaw === null).toBe(priced !== null);
            if (flaw !== null) expect(flaw.reason).toMatch(/^[\x20-\x7e]{1,600}$/);
          }
        }),
        { numRuns: 1_000 },
      );
    });

    test('is an offer or a refusal, whatever the header is', () => {
      const [header] = Object.keys(way.ask().headers);
      const clean = way.ask().headers[header!]!;
      const text = fc.oneof(
        fc.string({ unit: 'grapheme-ascii' }),
        fc
          .tuple(fc.nat(clean.length), fc.string({ unit: 'grapheme-ascii', maxLength: 8 }))
          .map(([at, put]) => clean.slice(0, at) + put + clean.slice(at + put.length)),
      );
      fc.assert(
        fc.property(text, (value) => {
          const offers = read({ headers: { [header!]: value }, body: '' });
          if (typeof offers === 'string') expect(offers.length).toBeLessThan(600);
          else for (const { flaw, priced } of offers) expect(flaw !== null || priced !== null).toBe(true);
        }),
        { numRuns: 1_000 },
      );
    });

    test('with one character changed is refused, or signed for exactly what it says', () => {
      const outcomes = { refused: 0, same: 0, other: 0 };
      const addresses = paths.filter((path) => String(way.members[path]).startsWith('0x'));
      const lowered = Object.fromEntries(addresses.map((path) => [path, String(way.members[path]).toLowerCase()]));
      fc.assert(
        // In lower case a changed address has no checksum that could give it away.
        fc.property(fc.constantFrom({}, lowered), fc.constantFrom(...paths), edit, (base, path, change) => {
          const members = { ...way.members, ...base };
          const after = edited(members[path], change);
          const ask = way.ask({ ...base, [path]: after });
          const offers = read(ask);
          const offer =
            typeof offers === 'string' ? null : (offers[0]?.flaw === null && offers[0].priced?.offer) || null;
          if (offer === null) {
            outcomes.refused += 1;
            return;
          }
          const { terms, digest } = frozen(offer);
          const said = askedBy({ ...way, members: { ...members, [path]: after } });
          const { payTo, amount, facilitator } = said;
          const window = { validAfter: BigInt(terms.validAfter), validBefore: BigInt(terms.validBefore) };
          const asked = {
            amount,
            payTo: payTo.toLowerCase(),
            ...(facilitator === undefined ? {} : { facilitator: facilitator.toLowerCase() }),
          };
          const { nonce } = terms as typeof terms & { readonly nonce: Hex };
          expect(digest).toBe(hashTypedData(way.typedData(asked, { from: WALLET, nonce, ...window })));
          const isDecisive = Object.values(way.paths).includes(path);
          const isSame = JSON.stringify(asked) === JSON.stringify(loweredAsked());
          if (!isDecisive) expect(isSame).toBe(true);
          outcomes[isSame ? 'same' : 'other'] += 1;
        }),
        { numRuns: 2_000 },
      );
      expect(Math.min(outcomes.refused, outcomes.same, outcomes.other)).toBeGreaterThan(OUTCOMES_MIN);
    });
  });

  function loweredAsked() {
    const { amount, payTo, facilitator } = askedBy(way);
    return {
      amount,
      payTo: payTo.toLowerCase(),
      ...(facilitator === undefined ? {} : { facilitator: facilitator.toLowerCase() }),
    };
  }
}
