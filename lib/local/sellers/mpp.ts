import { randomBytes } from 'node:crypto';
import type { RequestHandler } from 'express';
import { Errors } from 'mppx';
import { evm } from 'mppx/evm/server';
import { Mppx } from 'mppx/server/core';
import type { Address } from 'viem';
import type { LocalChain } from '../chain/index.ts';
import type { LocalFacilitator } from './facilitator.ts';

/** One thing that is sold by MPP. */
export interface Charge {
  readonly payTo: Address;
  /** Dollars and cents. */
  readonly priceUsd: string;
  readonly description: string;
}

const SECRET_BYTES = 32;
const REALM = 'sellers.local';
const USDC_DECIMALS = 6;
/** As the token has them; a challenge of MPP does not say them. */
const USDC_DOMAIN = { name: 'USDC', version: '2' };
const TIMEOUT_SECONDS = 300;

interface Authorization {
  readonly payload: Readonly<Record<string, string>>;
  readonly request: { readonly amount: string; readonly currency: string; readonly recipient: string };
}

/** mppx's method for USDC by EIP-3009, which settles through a facilitator. */
export function chargeInUsdc(
  { chainId, usdc }: Pick<LocalChain, 'chainId' | 'usdc'>,
  facilitatorUrl: string,
  payTo: Address,
) {
  const [method] = evm({
    currency: usdc,
    chainId,
    decimals: USDC_DECIMALS,
    authorization: USDC_DOMAIN,
    recipient: payTo,
    settle: settleBy(facilitatorUrl, `eip155:${chainId}`),
  });
  return method;
}

/**
 * Sells by MPP's charge with mppx, its reference server, which settles through the facilitator. A handler that has been passed was
 * paid. What it asked for before a restart it does not know any more.
 */
export function chargeByMpp(
  { chainId, usdc }: Pick<LocalChain, 'chainId' | 'usdc'>,
  { url }: Pick<LocalFacilitator, 'url'>,
  { payTo, priceUsd, description }: Charge,
): RequestHandler {
  const method = chargeInUsdc({ chainId, usdc }, url, payTo);
  const seller = Mppx.create({
    methods: [method],
    realm: REALM,
    secretKey: randomBytes(SECRET_BYTES).toString('hex'),
  });
  const ask = seller.charge({ amount: priceUsd, description });
  const handle = Mppx.toNodeListener(async (request) => {
    const result = await ask(request);
    // It offers the same by x402, which a buyer to whom both are the same would take.
    if (result.status === 402) result.challenge.headers.delete('payment-required');
    return result;
  });
  return async (request, response, next) => {
    const { status } = await handle(request, response);
    if (status !== 402) next();
  };
}

/** Settles what mppx has verified as mppx does where it is given a facilitator, which would be asked before that as well. */
function settleBy(facilitatorUrl: string, network: string) {
  return async ({ payload, request }: Authorization): Promise<{ readonly reference: string }> => {
    const { from, to, value, validAfter, validBefore, nonce, signature } = payload;
    const paymentRequirements = {
      scheme: 'exact',
      network,
      amount: request.amount,
      asset: request.currency,
      payTo: request.recipient,
      maxTimeoutSeconds: TIMEOUT_SECONDS,
      extra: { assetTransferMethod: 'eip3009', ...USDC_DOMAIN },
    };
    const authorization = { from, to, value, validAfter, validBefore, nonce };
    const paymentPayload = { x402Version: 2, accepted: paymentRequirements, payload: { signature, authorization } };
    const response = await fetch(`${facilitatorUrl}/settle`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ x402Version: 2, paymentPayload, paymentRequirements }),
    });
    const { success, transaction } = (await response.json()) as {
      readonly success?: boolean;
      readonly transaction?: string;
    };
    if (success !== true || transaction === undefined) {
      throw new Errors.VerificationFailedError({ reason: 'the facilitator did not settle' });
    }
    return { reference: transaction };
  };
}
