import { createHash } from 'node:crypto';
import { WALLET_LINK_BYTES, WALLET_PAGE_LIFE_MS } from '../../domain/wallet-page-limits.ts';
import type { Randomness } from '../../domain/ports/services.ts';
import type { WalletLinks, WalletPageGrant } from '../../domain/ports/wallet-links.ts';
import type { Refusal } from '../../domain/refusal.ts';
import { ok, refuse, type Result } from '../../domain/result.ts';
import type { Principal } from '../../domain/tenants/principal.ts';
import {
  WALLET_LINK_PREFIX,
  WALLET_LINK_SECRET,
  WALLET_PAGE_PREFIX,
  WALLET_PAGE_TOKEN,
} from '../../domain/tenants/wallet-page.ts';
import { addMs, type Clock, type EpochMs } from '../../domain/time.ts';
import { findInstrument, type InstrumentName, type InstrumentReadDeps } from './instruments.ts';

export interface WalletLinkDeps {
  readonly walletLinks: WalletLinks;
  readonly clock: Clock;
  readonly random: Randomness;
}

/** A link's secret, which is kept nowhere, and what it opens. */
export interface WalletLink {
  readonly secret: string;
  readonly grant: WalletPageGrant;
}

/**
 * Makes a link that opens the page of one wallet once. Of its secret only the digest is kept. Each call makes another link, and
 * those before it stay good: one that nobody opens ends by itself.
 */
export async function createWalletLink(
  deps: Omit<WalletLinkDeps, 'walletLinks'> &
    InstrumentReadDeps & {
      /** `null` where the deployment serves no page. */
      readonly walletLinks: WalletLinks | null;
    },
  principal: Principal,
  input: InstrumentName & { readonly expiresInMinutes: number; readonly agentName: string | null },
): Promise<Result<WalletLink, Refusal>> {
  const found = await findInstrument(deps, principal, 'manage', input);
  if (!found.ok) return found;
  if (deps.walletLinks === null) return NO_WALLET_PAGE;
  const { managerId, userId, instrumentId } = found.value;
  const secret = draw(deps.random, WALLET_LINK_PREFIX);
  const expiresAt = addMs(deps.clock.now(), input.expiresInMinutes * 60_000);
  const grant = { managerId, userId, instrumentId, agentName: input.agentName, expiresAt };
  await deps.walletLinks.keepLink(digestOf(secret), grant);
  return ok({ secret, grant });
}

/** What the page of one wallet is called with, and until when. */
export interface WalletPageSession {
  readonly token: string;
  readonly grant: WalletPageGrant;
}

/**
 * Uses a link up and opens a session of the page. Every fault of a link has the same answer, so that trying them teaches nothing; one
 * that is over is used up nevertheless.
 */
export async function openWalletPage(
  { walletLinks, clock, random }: WalletLinkDeps,
  secret: string,
): Promise<WalletPageSession | null> {
  const link = WALLET_LINK_SECRET.test(secret) ? await walletLinks.redeemLink(digestOf(secret)) : null;
  const now = clock.now();
  if (link === null || link.expiresAt <= now) return null;
  const token = draw(random, WALLET_PAGE_PREFIX);
  const grant = { ...link, expiresAt: addMs(now, WALLET_PAGE_LIFE_MS) };
  await walletLinks.keepSession(digestOf(token), grant);
  return { token, grant };
}

/** Whose page a token stands for; `null` for one that stands for none, or no longer. */
export async function findWalletPage(
  walletLinks: Pick<WalletLinks, 'findSession'>,
  token: string,
  now: EpochMs,
): Promise<WalletPageGrant | null> {
  const grant = WALLET_PAGE_TOKEN.test(token) ? await walletLinks.findSession(digestOf(token)) : null;
  return grant === null || grant.expiresAt <= now ? null : grant;
}

/** Ends a session of the page at once. */
export async function closeWalletPage(walletLinks: Pick<WalletLinks, 'endSession'>, token: string): Promise<void> {
  if (WALLET_PAGE_TOKEN.test(token)) await walletLinks.endSession(digestOf(token));
}

const NO_WALLET_PAGE = refuse<Refusal>({
  reason: 'conflict',
  message: 'This deployment serves no wallet page: it was deployed with walletPage or oauth switched off',
});

function draw(random: Randomness, prefix: string): string {
  return prefix + Buffer.from(random.bytes(WALLET_LINK_BYTES)).toString('base64url');
}

function digestOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}
