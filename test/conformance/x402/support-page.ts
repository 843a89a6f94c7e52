import type { Support } from '../../../lib/protocols/support.ts';

/** What a run saw of a way to pay. */
export interface Seen {
  readonly way: Support;
  /** The code of the refusal; `null` where the seller got its money. */
  readonly code: string | null;
}

const STATES = { paid: 'paid', refused: 'refused by design', not_available: 'not available' } as const;

const code = (text: string | null): string => (text === null ? 'any' : `\`${text}\``);

/** The page of all ways to pay, as Markdown. */
export function formatSupportPage(seen: readonly Seen[]): string {
  const rows = seen.map(({ way, code: refusal }) => {
    const { protocol, scheme, transferMethod, domain, state, why } = way;
    const method = transferMethod ?? (domain === null ? null : `extra.name ${domain}`);
    const answer = refusal === null ? STATES.paid : `${STATES[state]}: \`${refusal}\``;
    return `| ${protocol} | ${code(scheme)} | ${code(method)} | ${answer} | ${why} |`;
  });
  return [
    '# What is paid',
    '',
    'Made by `npm run reference:support` of what a run saw: each row was tried against a running stack. What is called paid was bought of an official seller, whose balance on the local chain rose by exactly what it takes; anything else was refused with the code and the reason given here, and nothing was reserved. `npm test` fails where a run sees something else.',
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
