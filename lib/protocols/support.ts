import { MPP_WAYS } from './mpp/methods/ways.ts';
import { PAID_X402 } from './x402/schemes/paid.ts';
import { UNPAID_X402 } from './x402/unpaid.ts';

/** A way to pay, and what Bursar does with it. */
export interface Support {
  readonly protocol: 'x402' | 'mpp';
  /** Scheme, or intent of MPP; `null`: any. */
  readonly scheme: string | null;
  /** Transfer method, or method of MPP; `null`: any. */
  readonly transferMethod: string | null;
  readonly domain: string | null;
  readonly state: 'paid' | 'refused' | 'not_available';
  readonly why: string;
}

const STATES = { paid: 'paid', refused: 'refused by design', not_available: 'not available' } as const;

/** Every way to pay that is known by name: the paid ones from the catalogue, then the others with their reasons. */
export const SUPPORT: readonly Support[] = [
  ...PAID_X402.map(({ scheme, transferMethod, approved, how }): Support => ({
    protocol: 'x402',
    scheme,
    transferMethod,
    domain: null,
    state: 'paid',
    why: approved === null ? how : `${how}. The wallet must have approved ${approved}`,
  })),
  ...UNPAID_X402.map((way): Support => ({ protocol: 'x402', ...way })),
  ...MPP_WAYS.map((way): Support => ({ protocol: 'mpp', domain: null, ...way })),
];

const code = (text: string | null): string => (text === null ? 'any' : `\`${text}\``);

/** The page of all ways to pay, as Markdown. */
export function formatSupportReference(): string {
  const rows = SUPPORT.map(({ protocol, scheme, transferMethod, domain, state, why }) => {
    const method = transferMethod ?? (domain === null ? null : `extra.name ${domain}`);
    return `| ${protocol} | ${code(scheme)} | ${code(method)} | ${STATES[state]} | ${why} |`;
  });
  return [
    '# What is paid',
    '',
    'Made by `npm run reference` from the lists of `lib/protocols`. `test/conformance/x402/support.test.ts` holds every row against a running stack: what is paid is bought of an official seller and settles on the local chain, and what is not is refused with nothing reserved.',
    '',
    'Tokens and networks: the USDC of each network among [`allowedNetworks`](settings.md), EURC on Base, Ethereum, Avalanche and their testnets, and the tokens of [`assets`](settings.md); all but USDC at a rate of [`usdRates`](settings.md). What else is read of an offer: [Sellers](sellers.md).',
    '',
    '| protocol | scheme or intent | transfer method | | how, or why not |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
    '',
    'A scheme or method without a row here is refused as well, with `bursar:unsupported_scheme` or `bursar:unsupported_transfer_method`.',
    '',
  ].join('\n');
}
