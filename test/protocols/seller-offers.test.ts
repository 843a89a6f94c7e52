import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isAddress, parseAddress } from '../../lib/chains/evm/address.ts';
import { memberOf } from '../../lib/json/record.ts';
import { payablePayments, readChallenge, type ResourceRule } from '../../lib/protocols/challenge.ts';
import { listOffers } from '../../lib/protocols/seller-offers.ts';
import { offer } from '../support/functions.ts';

interface Case {
  readonly id: string;
  readonly requestedUrl?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly paymentRequired?: unknown;
  readonly body: string;
}

const CASES = JSON.parse(
  readFileSync(join(import.meta.dirname, '..', 'conformance', 'x402', 'real-402.json'), 'utf8'),
) as readonly Case[];

/** A client leaves it to the service to check the checksum of an address. */
function hasBadChecksum(entry: object): boolean {
  return ['asset', 'payTo'].some((name) => {
    const text = memberOf(entry, name);
    return typeof text === 'string' && isAddress(text) && parseAddress(text) === null;
  });
}

/** What the server lists must be payable just where a client, which reads the same 402 for itself, would pay. */
async function expectAgreement(
  { headers, body, requestedUrl }: { headers: Headers; body: string; requestedUrl: string },
  resource: ResourceRule,
): Promise<void> {
  const read = readChallenge({ headers, body });
  if (!read.ok || read.value === null) return;
  const listed = listOffers(read.value, { requestedUrl, resource });
  const payable = await payablePayments(read.value, { requestedUrl, resource });
  const byClient = payable.ok ? payable.value.map(({ entry }) => entry).filter((entry) => !hasBadChecksum(entry)) : [];
  const byServer = listed.filter(({ flaw }) => flaw === null).map(({ entry }) => entry);
  expect(new Set(byServer)).toEqual(new Set(byClient));
  const challenges = read.value.authenticate === null ? 0 : 1;
  expect(listed).toHaveLength((read.value.document?.accepts.length ?? 0) + challenges);
  for (const each of listed) expect(each.priced === null && each.flaw === null).toBe(false);
}

describe('the offers of a 402', () => {
  const RULES: readonly ResourceRule[] = ['related', 'same-origin', 'any'];

  test.each(CASES)('of real sellers ($id) are payable here just where a client pays them', async (each) => {
    const headers = new Headers(each.headers);
    if (each.paymentRequired != null) {
      headers.set('payment-required', Buffer.from(JSON.stringify(each.paymentRequired)).toString('base64'));
    }
    for (const rule of RULES)
      await expectAgreement(
        { headers, body: each.body, requestedUrl: each.requestedUrl ?? 'https://api.seller.example/data' },
        rule,
      );
  });

  test('of hostile sellers are as well, and nothing throws', async () => {
    const strange = fc.oneof(fc.constantFrom(null, '', 0, -1, '1', 'exact', [], {}, '__proto__'), fc.jsonValue());
    const entry = fc.oneof(
      strange,
      fc
        .dictionary(
          fc.constantFrom('scheme', 'network', 'amount', 'asset', 'payTo', 'maxTimeoutSeconds', 'extra', 'resource'),
          strange,
        )
        .map((members) => ({ ...offer(), ...members })),
    );
    const document = fc.record({
      x402Version: fc.constantFrom<unknown>(1, 2, '1', '2', 3),
      accepts: fc.array(entry, { maxLength: 6 }),
      resource: fc.oneof(strange, fc.constantFrom('https://a.example/x', { url: 'https://b.example/' })),
      extensions: fc.oneof(strange, fc.constant({ 'payment-identifier': { info: { required: true, id: 7 } } })),
    });
    await fc.assert(
      fc.asyncProperty(document, fc.constantFrom(...RULES), async (body, rule) => {
        await expectAgreement(
          { headers: new Headers(), body: JSON.stringify(body), requestedUrl: 'https://a.example/x' },
          rule,
        );
      }),
      { numRuns: 300 },
    );
  });

  test('are told with a code of their own where they are for a stranger, or want an extension that is not known', () => {
    const codesOf = (more: object) => {
      const read = readChallenge({
        headers: new Headers(),
        body: JSON.stringify({ x402Version: 2, accepts: [offer()], ...more }),
      });
      if (!read.ok || read.value === null) throw new Error('unreadable');
      const rule = { requestedUrl: 'https://a.example/x', resource: 'related' } as const;
      return listOffers(read.value, rule).map(({ flaw, priced }) => [flaw?.code ?? null, priced?.price]);
    };
    expect(codesOf({})).toEqual([[null, 500_000n]]);
    expect(codesOf({ resource: 'https://b.example' })).toEqual([['foreign_resource', 500_000n]]);
    const extensions = { 'payment-identifier': { info: { required: true, id: 7 } } };
    expect(codesOf({ extensions })).toEqual([['extension_not_known', 500_000n]]);
  });

  test('are told with the reason in words, and the entry where it is one', () => {
    const accepts = ['text', { ...offer(), resource: 'https://b.example' }, { ...offer(), scheme: '' }, offer()];
    const read = readChallenge({ headers: new Headers(), body: JSON.stringify({ x402Version: 2, accepts }) });
    if (!read.ok || read.value === null) throw new Error('unreadable');
    const listed = listOffers(read.value, { requestedUrl: 'https://a.example/x', resource: 'related' });
    expect(listed.map(({ entry, flaw }) => [entry, flaw])).toEqual([
      [null, { code: 'invalid_payload', reason: 'it is not an object' }],
      [
        accepts[1],
        { code: 'foreign_resource', reason: 'it is for a resource of another origin than the one requested' },
      ],
      [accepts[2], { code: 'scheme_missing', reason: 'Payment scheme is required' }],
      [accepts[3], null],
    ]);
  });

  test.each(['listed', 'paid'])('read what the seller names as its resource once, however many are %s', async (how) => {
    let reads = 0;
    const resource = {
      get url() {
        reads += 1;
        return 'https://b.example';
      },
    };
    const accepts = Array.from({ length: 1_000 }, () => offer());
    const challenge = {
      authenticate: null,
      document: { version: '2', accepts, resource, extensions: undefined },
    } as const;
    const choice = { requestedUrl: 'https://a.example/x', resource: 'related' } as const;
    if (how === 'listed') listOffers(challenge, choice);
    else await payablePayments(challenge, choice);
    expect(reads).toBe(1);
  });
});
