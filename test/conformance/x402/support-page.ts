import type { Support } from '../../../lib/protocols/support.ts';

/** A way to pay by which a seller got its money. */
export interface Bought {
  readonly way: Support;
  /** Of the protocol. */
  readonly version: number;
  /** The kind of wallet that paid. */
  readonly wallet: string;
}

/** A way to pay that was refused. */
export interface Refused {
  readonly way: Support;
  readonly code: string;
}

/** What a run saw. */
export interface Seen {
  readonly purchases: readonly Bought[];
  readonly refusals: readonly Refused[];
}

const REFUSED = { refused: 'refused by design', not_available: 'not available' } as const;

const code = (text: string | null): string => (text === null ? 'any' : `\`${text}\``);

function row({ protocol, scheme, transferMethod, domain, why }: Support, answer: string): string {
  const method = transferMethod ?? (domain === null ? null : `extra.name ${domain}`);
  return `| ${protocol} | ${code(scheme)} | ${code(method)} | ${answer} | ${why} |`;
}

const unique = <T>(items: readonly T[]): readonly T[] => [...new Set(items)];

const columnOf = ({ way, version }: Bought): string =>
  `${way.protocol}${way.protocol === 'x402' ? ` ${version}` : ''} \`${way.scheme}\` \`${way.transferMethod}\``;

/** A row for a kind of wallet, a column for a way to pay. */
function walletRows(purchases: readonly Bought[]): readonly string[] {
  const columns = unique(purchases.map(columnOf));
  const cells = (wallet: string) =>
    columns.map((column) =>
      purchases.some((each) => each.wallet === wallet && columnOf(each) === column) ? 'paid' : '',
    );
  return [
    `| | ${columns.join(' | ')} |`,
    `| --- |${' --- |'.repeat(columns.length)}`,
    ...unique(purchases.map(({ wallet }) => wallet)).map((wallet) => `| ${wallet} | ${cells(wallet).join(' | ')} |`),
  ];
}

/** The page of all ways to pay, as Markdown. */
export function formatSupportPage({ purchases, refusals }: Seen): string {
  return [
    '# What is paid',
    '',
    'Made by `npm run reference:support` of what a run saw: each row was tried against a running stack. What is called paid was bought of an official seller, whose balance on the local chain rose by exactly what it takes; anything else was refused with the code and the reason given here, and nothing was reserved. `npm test` fails where a run sees something else.',
    '',
    'Tokens and networks: the USDC of each network among [`allowedNetworks`](settings.md), EURC on Base, Ethereum, Avalanche and their testnets, and the tokens of [`assets`](settings.md); all but USDC at a rate of [`usdRates`](settings.md). What else is read of an offer: [Sellers](sellers.md).',
    '',
    '| protocol | scheme or intent | transfer method | | how, or why not |',
    '| --- | --- | --- | --- | --- |',
    ...unique(purchases.map(({ way }) => way)).map((way) => row(way, 'paid')),
    ...refusals.map(({ way, code: refusal }) =>
      row(way, `${way.state === 'paid' ? 'refused' : REFUSED[way.state]}: \`${refusal}\``),
    ),
    '',
    'A scheme or method without a row here is refused as well, with `bursar:unsupported_scheme` or `bursar:unsupported_transfer_method`.',
    '',
    'Where a seller pays for the approval of Permit2, `exact` by Permit2 needs none: `eip2612GasSponsoring` is answered with a permit for the price, `erc20ApprovalGasSponsoring` is refused by design, since it wants a transaction without an end ([how](sellers.md#approvals-that-sellers-pay-for)).',
    '',
    '## From which wallets',
    '',
    'Every kind of [wallet](../wallets.md) bought in every way. The providers were stand-ins with keys of their own, and the signer was that of [the example](../../examples/external-signer).',
    '',
    ...walletRows(purchases),
    '',
  ].join('\n');
}
