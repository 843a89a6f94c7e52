import { NETWORKS } from '../../domain/assets.ts';
import type { PolicyFacts } from '../../domain/policy/index.ts';
import { X402_SCHEMES } from '../../protocols/x402/schemes/catalogue.ts';
import { toEpochMs } from '../../domain/time.ts';
import { usdOf, wholeNumberOf } from '../program/arguments.ts';
import type { Invocation } from '../program/command.ts';
import { usageError } from '../terminal/outcome.ts';
import { microUsdOf } from './simulation.ts';

const PAYEE = '0x0000000000000000000000000000000000000001';
const VALIDITY_DEFAULT_SECONDS = 60;
const VALIDITY_MAX_SECONDS = 86_400;
const NETWORK = NETWORKS[0]!;
const SCHEME = X402_SCHEMES.payable[0]!;

/** Options that describe one payment. */
export const PAYMENT_OPTIONS = {
  amount: { value: 'USD', help: 'what it costs; needed' },
  payee: { value: 'ADDRESS', help: 'who is paid' },
  network: { value: 'CHAIN', help: `CAIP-2 id (default ${NETWORK.id})` },
  asset: { value: 'ADDRESS', help: 'the token (default the USDC of the network)' },
  scheme: { value: 'NAME', help: 'how it is paid (default the first that Bursar pays by)' },
  flow: { value: 'FLOW', help: 'authorization, upfront or escrow (default authorization)' },
  validity: { value: 'SECONDS', help: `how long it is good for (default ${VALIDITY_DEFAULT_SECONDS})` },
  url: { value: 'URL', help: 'what is bought' },
  method: { value: 'METHOD', help: 'of its request' },
  tool: { value: 'NAME', help: 'that the agent uses' },
  agent: { value: 'NAME', help: 'which agent pays' },
  intent: { value: 'TEXT', help: 'what for' },
  principal: { value: 'ARN', help: 'who calls' },
  at: { value: 'WHEN', help: 'an instant in UTC (default now)' },
} as const;

/** The facts that options describe. Facts of earlier payments are those of a first one. Throws `CliError` where one is wrong. */
export function describedFacts({ deps, options, target }: Invocation): PolicyFacts {
  const amount = usdOf(options, 'amount');
  if (amount === undefined) throw usageError('--amount is needed: what the payment costs, such as 0.25');
  const network = options.text('network') ?? NETWORK.id;
  const declared = (name: string) => options.text(name) ?? null;
  return {
    verified: {
      payee: options.text('payee') ?? PAYEE,
      amount: microUsdOf(amount),
      asset: options.text('asset') ?? NETWORKS.find(({ id }) => id === network)?.usdc.address ?? '',
      network,
      protocol: 'x402',
      scheme: options.text('scheme') ?? SCHEME.scheme,
      transferMethod: SCHEME.transferMethod,
      facilitator: null,
      paymentFlow: options.text('flow') ?? 'authorization',
      validitySeconds: wholeNumberOf(options, 'validity', 1, VALIDITY_MAX_SECONDS) ?? VALIDITY_DEFAULT_SECONDS,
      sessionId: 'described',
      instrumentId: 'described',
      principal: options.text('principal') ?? '',
      managerId: 'described',
      userId: target.userId,
      time: toEpochMs(instantOf(options.text('at'), deps.now())),
    },
    declared: {
      tool: declared('tool'),
      origin: null,
      url: declared('url'),
      method: declared('method'),
      bodyHash: null,
      agentName: declared('agent'),
      intent: declared('intent'),
    },
    remembered: { pinnedPayee: null, lastPrice: null, breaker: 'closed' },
  };
}

function instantOf(text: string | undefined, now: number): number {
  if (text === undefined) return now;
  const instant = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?Z$/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(instant)) return instant;
  throw usageError(`--at must be an instant in UTC such as 2026-11-28T12:00:00Z. Received: ${text}`);
}
