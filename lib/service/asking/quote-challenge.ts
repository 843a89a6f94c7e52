import { QUOTE_LIFE_MS } from '../../domain/limits.ts';
import { toBaseUnits, type BaseUnits, type MicroUsd } from '../../domain/money.ts';
import { rankOffers } from '../../domain/offers/choose-offer.ts';
import { type JudgedOffer } from '../../domain/offers/verdict.ts';
import type { Hex, Offer } from '../../domain/payment/shapes.ts';
import type { ChainReader } from '../../domain/ports/chains.ts';
import type { TokenSource } from '../../domain/ports/services.ts';
import type { Principal } from '../../domain/tenants/principal.ts';
import type { Refusal } from '../../domain/refusal.ts';
import { ok, type Result } from '../../domain/result.ts';
import { toEpochMs, type EpochMs } from '../../domain/time.ts';
import { checkPayer, type PayerCheckDeps } from '../paying/payer-check.ts';
import { cappedBy, readPolicies } from '../paying/judged-attempts.ts';
import { saidByRequest } from './said-request.ts';
import type { PolicySource } from '../policing/policy-source.ts';
import { schemeOf } from '../../protocols/catalogue.ts';
import { sponsorsPermits } from '../../protocols/x402/sponsoring.ts';
import { readAsked, type AskedPurchase } from './asked-challenge.ts';
import { judgingOffers, ofOffers, type Funds } from './judging-offers.ts';
import { formatQuoteId } from './quote-id.ts';

export interface QuoteDeps extends PayerCheckDeps {
  /** By CAIP-2 id; what no reader is there for is not known. */
  readonly chainReaders: ReadonlyMap<string, Pick<ChainReader, 'balanceOf' | 'allowanceOf'>>;
  readonly allowedNetworks: ReadonlySet<string>;
  readonly facilitators: ReadonlySet<string>;
  readonly validityCapSeconds: number;
  readonly policies: PolicySource;
  readonly tokens: TokenSource;
}

export interface QuoteRequest extends AskedPurchase {
  readonly managerId: string;
  readonly principal: Principal;
  readonly agentName: string | null;
}

/** What a 402 would come to. */
export interface Quote {
  readonly offers: readonly (JudgedOffer & { readonly balance: BaseUnits | null })[];
  /** The offer that would be paid, with what pays just that one; `null`: none would. */
  readonly chosen: { readonly index: number; readonly quoteId: string; readonly expiresAt: EpochMs } | null;
  /** What the session has left; `null`: it has no limit. */
  readonly available: MicroUsd | null;
}

/**
 * Says of every offer of a 402 whether it would be paid, and which one. Reserves nothing, signs nothing, writes nothing, and asks
 * nobody but the books and the chains: another payment may take the money in the next moment. Refuses where no offer of anybody's
 * could be paid: a session that has ended, a frozen deployment, a text that is no 402.
 */
export async function quoteChallenge(deps: QuoteDeps, request: QuoteRequest): Promise<Result<Quote, Refusal>> {
  const tokens = await deps.tokens();
  const asked = readAsked(request, tokens.finderAt(deps.clock.now()));
  if (!asked.ok) return asked;
  const { managerId, sessionId, instrumentId, principal } = request;
  const { userId } = principal;
  const { agentName } = request;
  const said = saidByRequest(agentName, request.request);
  const call = { managerId, sessionId, instrumentId, principal, said };
  const [{ checked }, read] = await Promise.all([
    checkPayer(deps, { managerId, userId, sessionId, instrumentId, agentName }, principal),
    readPolicies(deps, { managerId, userId, sessionId, agentName }, call, ofOffers(asked.value)),
  ]);
  if (!checked.ok) return checked;
  if (read.kind === 'unread') throw read.cause;
  const { session, payer } = checked.value;
  const { offers } = asked.value;
  const funds = await readFunds(
    deps,
    payer.address,
    offers.flatMap(({ priced }) => priced?.offer ?? []),
  );
  const now = deps.clock.now();
  const judging = { call, policies: read.value };
  // Where the seller pays for the approval, nothing need be approved yet.
  const isSponsored = session.approvals !== undefined && sponsorsPermits(asked.value.challenge.document);
  const facts = isSponsored ? withoutSponsored(funds) : funds;
  const judge = judgingOffers({ ...cappedBy(deps, read.value), now }, request, checked.value, judging, facts);
  const judged = offers.map((seller) => ({
    seller,
    balance: seller.priced === null ? null : funds.balanceOf(seller.priced.offer),
    verdict: judge(seller),
  }));
  const best = rankOffers(judged)[0]?.seller;
  const expiresAt = toEpochMs(Math.min(now + QUOTE_LIFE_MS, session.expiresAt));
  const chosen =
    best?.priced == null
      ? null
      : {
          index: best.index,
          quoteId: formatQuoteId({ ...request, userId, offer: best.priced.offer, expiresAt }),
          expiresAt,
        };
  return ok({ offers: judged, chosen, available: session.budget.available });
}

const balanceKey = ({ network, asset }: Offer): string => `${network} ${asset}`;
const allowanceKey = (offer: Offer): string => `${balanceKey(offer)} ${schemeOf(offer).approved}`;

/** Asks for each of some offers at once; one that is not answered is left out. */
async function readAll(
  of: ReadonlyMap<string, Offer>,
  read: (offer: Offer) => Promise<bigint> | undefined,
): Promise<ReadonlyMap<string, BaseUnits>> {
  const answers = await Promise.all(
    [...of].map(async ([key, offer]) => {
      const found = await Promise.resolve(read(offer)).catch(() => undefined);
      return found === undefined ? [] : [[key, toBaseUnits(found)] as const];
    }),
  );
  return new Map(answers.flat());
}

/** Asks each network that is offered for what the wallet holds there of each token, and for what the contracts of the offers may take of it. */
async function readFunds(
  { chainReaders, allowedNetworks }: QuoteDeps,
  owner: Hex,
  offers: readonly Offer[],
): Promise<Funds> {
  const asked = offers.filter(({ network }) => allowedNetworks.has(network));
  const balanced = new Map(asked.map((offer) => [balanceKey(offer), offer]));
  const approved = new Map(
    asked.filter((offer) => schemeOf(offer).approved !== null).map((offer) => [allowanceKey(offer), offer]),
  );
  const [balances, allowances] = await Promise.all([
    readAll(balanced, ({ network, asset }) => chainReaders.get(network)?.balanceOf(asset, owner)),
    readAll(approved, (offer) =>
      chainReaders.get(offer.network)?.allowanceOf(offer.asset, owner, schemeOf(offer).approved!),
    ),
  ]);
  return {
    balanceOf: (offer) => balances.get(balanceKey(offer)) ?? null,
    allowanceOf: (offer) => allowances.get(allowanceKey(offer)) ?? null,
  };
}

/** Without the allowances of those offers for which `sponsoredOffer` would have a permit signed. */
function withoutSponsored({ allowanceOf, ...funds }: Funds): Funds {
  return { ...funds, allowanceOf: (offer) => (takesPermits(offer) ? null : allowanceOf(offer)) };
}

function takesPermits(offer: Offer): boolean {
  return offer.token === undefined && schemeOf(offer).facts === 'permit_nonce';
}
