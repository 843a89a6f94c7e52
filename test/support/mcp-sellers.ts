import { HTTPFacilitatorClient, x402ResourceServer } from '@x402/core/server';
import type { PaymentPayload } from '@x402/core/types';
import { ExactEvmScheme } from '@x402/evm/exact/server';
import { Mppx, Transport } from 'mppx/server/core';
import type { Address } from 'viem';
import type { LocalChain } from '../../lib/local/chain/index.ts';
import { chargeInUsdc } from '../../lib/local/sellers/mpp.ts';
import type { ToolHandler } from '../client/mcp/lines.ts';

const PRICE_USD = '0.02';
export const PRICE_UNITS = 20_000n;

/** What is sold, and where the money goes. */
export interface Sale {
  readonly chain: LocalChain;
  readonly facilitatorUrl: string;
  readonly payTo: Address;
  readonly content: string;
}

/**
 * A tool that is sold by x402, as its transport for MCP says, with the official packages at the other end of it.
 * @see https://github.com/x402-foundation/x402/blob/main/specs/transports-v2/mcp.md
 */
export async function sellByX402({ chain, facilitatorUrl, payTo, content }: Sale): Promise<ToolHandler> {
  const network = `eip155:${chain.chainId}` as const;
  const seller = new x402ResourceServer(new HTTPFacilitatorClient({ url: facilitatorUrl })).register(
    network,
    new ExactEvmScheme(),
  );
  await seller.initialize();
  const accepts = await seller.buildPaymentRequirements({ scheme: 'exact', price: `$${PRICE_USD}`, network, payTo });
  const ask = (name: string, error: string) => {
    const resource = { url: `mcp://tool/${name}`, description: 'what it sells', mimeType: 'application/json' };
    const document = { x402Version: 2, error, resource, accepts };
    return { isError: true, structuredContent: document, content: [{ type: 'text', text: JSON.stringify(document) }] };
  };
  return async ({ name, meta }) => {
    const payment = meta['x402/payment'] as PaymentPayload | undefined;
    if (payment === undefined) return ask(name, 'Payment required to access this resource');
    const requirements = seller.findMatchingRequirements([...accepts], payment);
    if (requirements === undefined) return ask(name, 'invalid_payment_requirements');
    const verified = await seller.verifyPayment(payment, requirements);
    if (!verified.isValid) return ask(name, verified.invalidReason ?? 'invalid_payload');
    const settled = await seller.settlePayment(payment, requirements);
    if (!settled.success) return ask(name, settled.errorReason ?? 'Settlement failed');
    return { content: [{ type: 'text', text: content }], _meta: { 'x402/payment-response': settled } };
  };
}

/** A tool that is sold by MPP, with mppx and its own transport for the official SDK. */
export function sellByMpp({ chain, facilitatorUrl, payTo, content }: Sale): ToolHandler {
  const seller = Mppx.create({
    methods: [{ ...chargeInUsdc(chain, facilitatorUrl, payTo), transport: Transport.mcpSdk() }],
    realm: 'tools.example',
    secretKey: 'a secret of the seller, of 32 bytes or more',
    transport: Transport.mcpSdk(),
  });
  const ask = seller.charge({ amount: PRICE_USD, description: 'what it “sells”' });
  return async ({ meta }) => {
    const result = await ask({ _meta: { ...meta } });
    if (result.status === 402) throw result.challenge;
    return result.withReceipt({ content: [{ type: 'text', text: content }] });
  };
}
