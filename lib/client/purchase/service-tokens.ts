import { NETWORKS, type NetworkId } from '../../domain/assets.ts';
import type { TokenFinder } from '../../domain/tokens/finder.ts';
import { parseUsdRate } from '../../domain/tokens/rate.ts';
import type { Token } from '../../domain/tokens/token.ts';
import { memberOf } from '../../json/record.ts';
import type { Challenge } from '../../protocols/challenge.ts';
import type { PaymentProcessor } from '../api/contract.ts';
import type { Buyer } from './purchase.ts';

// Loaded where no offer of a seller is in the USDC of a network.

/** Whether a seller may have asked in a token that is no USDC: what MPP asks for is not read for that. */
function mayNameOthers({ document, authenticate }: Challenge): boolean {
  if (authenticate !== null) return true;
  const assets = document?.accepts.map((entry) => memberOf(entry, 'asset')) ?? [];
  return assets.some((asset) => typeof asset === 'string' && !isUsdc(asset.toLowerCase()));
}

function isUsdc(address: string): boolean {
  return NETWORKS.some(({ usdc }) => usdc.address.toLowerCase() === address);
}

/**
 * Finds the tokens that the deployment pays in now. `undefined`: the seller asks in no other than USDC, the deployment pays in no
 * other, or does not say. The service judges again what is asked of it.
 */
export async function readServiceTokens(
  client: PaymentProcessor,
  { paymentManagerArn, userId }: Buyer,
  { challenge, signal }: { readonly challenge: Challenge; readonly signal: AbortSignal },
): Promise<TokenFinder | undefined> {
  if (!mayNameOthers(challenge)) return undefined;
  const answer = await client.listAssets?.({ paymentManagerArn, userId }, { signal }).catch(() => undefined);
  const tokens = (answer?.assets ?? []).flatMap(({ network, address, symbol, decimals, domain, usdRate, payable }) => {
    const rate = payable && usdRate !== null ? parseUsdRate(usdRate.usd, usdRate.asOf) : null;
    if (rate === null) return [];
    const token: Token = {
      symbol,
      address,
      decimals,
      domainName: domain?.name ?? null,
      domainVersion: domain?.version ?? null,
      rate,
    };
    return [{ network, token }];
  });
  if (tokens.length === 0) return undefined;
  return (network: NetworkId, address: string) => {
    const found = tokens.find(
      (each) => each.network === network && each.token.address.toLowerCase() === address.toLowerCase(),
    );
    return found && { token: found.token, flaw: null };
  };
}
