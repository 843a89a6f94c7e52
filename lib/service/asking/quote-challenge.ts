import { findNetwork } from '../../domain/assets.ts';
import { QUOTE_LIFE_MS } from '../../domain/limits.ts';
import { toBaseUnits, type BaseUnits, type MicroUsd } from '../../domain/money.ts';
import { rankOffers } from '../../domain/offers/choose-offer.ts';
import { judgeOffer } from '../../domain/offers/judge-offer.ts';
import { type JudgedOffer } from '../../domain/offers/verdict.ts';
import type { Hex, Offer } from '../../domain/payment/shapes.ts';
import type { ChainReader } from '../../domain/ports/services.ts';
import type { Principal } from '../../domain/tenants/principal.ts';
import type { Refusal } from '../../domain/refusal.ts';
import { ok, type Result } from '../../domain/result.ts';
import { toEpochMs, type EpochMs } from '../../domain/time.ts';
import { checkPayer, type PayerCheckDeps } from '../paying/payer-check.ts';
import { cappedBy, readPolicies } from '../paying/judged-attempts.ts';
import { saidByRequest } from './said-request.ts';
import type { PolicySource } from '../policing/policy-source.ts';
import { readAsked, type AskedPurchase } from './asked-challenge.ts';
import { formatQuoteId } from './quote-id.ts';

export interface QuoteDeps extends PayerCheckDeps {
  /** By CAIP-2 id; what no reader is there for is not known. */
  readonly chainReaders: ReadonlyMap<string, Pick<ChainReader, 'balanceOf'>>;
  readonly allowedNetworks: ReadonlySet<string>;
  readonly facilitators: ReadonlySet<string>;
  readonly validityCapSeconds: number;
  readonly policies: PolicySource;
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
  const asked = readAsked(request);
  if (!asked.ok) return asked;
  const { managerId, sessionId, instrumentId, principal } = request;
  const { userId } = principal;
  const { agentName } = request;
  const [{ checked }, read] = await Promise.all([
    checkPayer(deps, { managerId, userId, sessionId, instrumentId }, principal),
    readPolicies(deps, { managerId, userId, sessionId, agentName }),
  ]);
  if (!checked.ok) return checked;
  if (read.kind === 'unread') throw read.cause;
  const said = saidByRequest(agentName, request.request);
  const call = { managerId, sessionId, instrumentId, principal, said };
  const { session, payer, instrument } = checked.value;
  const { offers } = asked.value;
  const balances = await readBalances(
    deps,
    payer.address,
    offers.flatMap(({ priced }) => priced?.offer ?? []),
  );
  const balanceOf = ({ network }: Offer) => balances.get(network) ?? null;
  const now = deps.clock.now();
  const { allowedNetworks, facilitators, validityCapSeconds } = cappedBy(deps, read.value);
  const judged = offers.map((seller) => ({
    seller,
    balance: seller.priced === null ? null : balanceOf(seller.priced.offer),
    verdict: judgeOffer(seller, {
      ...request,
      now,
      allowedNetworks,
      facilitators,
      validityCapSeconds,
      session,
      instrument,
      balanceOf,
      policyOf: ({ offer, price: amount }, validBefore) =>
        read.value.foretell(call, { offer, amount, validBefore }, now, session),
    }),
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

/** What a wallet holds of the token of each network that is offered and can be asked. A chain that is silent is left out. */
async function readBalances(
  { chainReaders, allowedNetworks }: QuoteDeps,
  owner: Hex,
  offers: readonly Offer[],
): Promise<ReadonlyMap<string, BaseUnits>> {
  const networks = new Set(offers.map(({ network }) => network).filter((network) => allowedNetworks.has(network)));
  const read = await Promise.all(
    [...networks].map(async (id) => {
      const [reader, network] = [chainReaders.get(id), findNetwork(id)];
      const held =
        reader === undefined || network === undefined
          ? null
          : await reader.balanceOf(network.usdc.address, owner).catch(() => null);
      return held === null ? [] : [[id, toBaseUnits(held)] as const];
    }),
  );
  return new Map(read.flat());
}
