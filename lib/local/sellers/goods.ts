import type { LocalTokenSymbol } from '../chain/tokens.ts';

/** EIP-3009 and Permit2 by scheme `exact` of x402, and `upto`; MPP's charge by `evm`. */
export type PaidBy = 'eip3009' | 'permit2' | 'upto' | 'mpp';

/** What the local sellers sell. */
export interface Goods {
  /** Also the path. */
  readonly name: string;
  readonly description: string;
  /** What a buyer's budget is charged. */
  readonly priceUsd: string;
  /** Of x402, or of MPP where it is paid by that. */
  readonly protocolVersion: 1 | 2;
  /** By what it is paid; `upto` takes what was used, and `priceUsd` is the most. */
  readonly paidBy: PaidBy;
  /** The token that is asked for, and how much of it. @default - `priceUsd` in USDC */
  readonly token?: { readonly symbol: LocalTokenSymbol; readonly amount: string };
  readonly content: object;
}

/** The research assistant's three sources, one that it cannot afford afterwards, three for a cent, two that are paid by Permit2, one by MPP, and two in other tokens. The figures are invented. */
export const GOODS: readonly Goods[] = [
  {
    name: 'market-data',
    description: 'Monthly installations of heat pumps by country',
    priceUsd: '0.50',
    protocolVersion: 2,
    paidBy: 'eip3009',
    content: {
      unit: 'installations',
      series: [
        { country: 'DE', months: { '2026-07': 21_400, '2026-08': 22_900, '2026-09': 26_150 } },
        { country: 'FR', months: { '2026-07': 38_700, '2026-08': 36_200, '2026-09': 41_300 } },
        { country: 'SE', months: { '2026-07': 8_300, '2026-08': 9_100, '2026-09': 11_800 } },
      ],
    },
  },
  {
    name: 'research-papers',
    description: 'Abstracts of peer-reviewed papers on heat pump efficiency',
    priceUsd: '1.20',
    protocolVersion: 1,
    paidBy: 'eip3009',
    content: {
      papers: [
        {
          title: 'Seasonal performance of air-source heat pumps in cold climates',
          year: 2026,
          abstract: 'In 412 monitored homes the seasonal performance factor was between 2.9 and 3.6.',
        },
        {
          title: 'Propane as a refrigerant: charge, safety and efficiency',
          year: 2025,
          abstract: 'Units with less than 150 g of propane reached the efficiency of R-410A units of the same size.',
        },
      ],
    },
  },
  {
    name: 'analyst-report',
    description: 'An analyst report on the supply chain of compressors',
    priceUsd: '0.80',
    protocolVersion: 2,
    paidBy: 'eip3009',
    content: {
      outlook: 'Compressor capacity grows faster than demand until 2028.',
      risks: ['Lead times of inverter boards', 'Changes of subsidies in two large markets'],
      confidence: 'medium',
    },
  },
  {
    name: 'full-archive',
    description: 'The complete archive of the last ten years',
    priceUsd: '9.00',
    protocolVersion: 2,
    paidBy: 'eip3009',
    content: { from: 2016, to: 2026, documents: 41_208 },
  },
  {
    name: 'weather',
    description: 'The weather, in version 2',
    priceUsd: '0.01',
    protocolVersion: 2,
    paidBy: 'eip3009',
    content: { weather: 'sunny', celsius: 21 },
  },
  {
    name: 'weather-v1',
    description: 'The weather, in version 1',
    priceUsd: '0.01',
    protocolVersion: 1,
    paidBy: 'eip3009',
    content: { weather: 'sunny', celsius: 21 },
  },
  {
    name: 'forecast-permit2',
    description: 'The forecast for ten days, paid by Permit2',
    priceUsd: '0.03',
    protocolVersion: 2,
    paidBy: 'permit2',
    content: { forecast: 'rain on Thursday', days: 10 },
  },
  {
    name: 'forecast-upto',
    description: 'The forecast by the hour, at most fifty of them, a tenth of a cent each',
    priceUsd: '0.05',
    protocolVersion: 2,
    paidBy: 'upto',
    content: { hours: 12, celsius: [7, 7, 8, 9, 11, 12, 12, 13, 13, 12, 11, 9] },
  },
  {
    name: 'forecast-mpp',
    description: 'The forecast for the season, paid by MPP',
    priceUsd: '0.02',
    protocolVersion: 1,
    paidBy: 'mpp',
    content: { forecast: 'a mild winter', months: 3 },
  },
  {
    name: 'forecast-eurc',
    description: 'The forecast for the coast, paid in EURC',
    priceUsd: '0.0351',
    protocolVersion: 2,
    paidBy: 'eip3009',
    token: { symbol: 'EURC', amount: '0.03' },
    content: { forecast: 'fog before noon', days: 3 },
  },
  {
    name: 'forecast-acme',
    description: 'The forecast for the hills, paid in a token of 18 decimals',
    priceUsd: '0.012346',
    protocolVersion: 2,
    paidBy: 'eip3009',
    token: { symbol: 'ACME', amount: '0.012345678901234567' },
    content: { forecast: 'snow above 900 m', days: 3 },
  },
  {
    name: 'facts',
    description: 'A fact, in the form of the seller that AWS’s tutorial of paying for an API deploys',
    priceUsd: '0.01',
    protocolVersion: 2,
    paidBy: 'eip3009',
    content: {
      x402_content: { data: '{"topic":"payments","fact":"Salt was weighed out as pay before coins were struck."}' },
      x402_meta: { seller: 'local' },
    },
  },
];

/** What the seller by `upto` takes of its ceiling, in dollars: twelve hours of its forecast. */
export const USED_USD = '0.012';
