/** What the local sellers sell. */
export interface Goods {
  /** Also the path. */
  readonly name: string;
  readonly description: string;
  readonly priceUsd: string;
  readonly protocolVersion: 1 | 2;
  readonly content: object;
}

/** The research assistant's three sources, one that it cannot afford afterwards, and two for a cent. */
export const GOODS: readonly Goods[] = [
  {
    name: 'market-data',
    description: 'Monthly installations of heat pumps by country',
    priceUsd: '0.50',
    protocolVersion: 2,
    content: { unit: 'installations', months: { '2026-07': 118_400, '2026-08': 121_900, '2026-09': 133_250 } },
  },
  {
    name: 'research-papers',
    description: 'Abstracts of peer-reviewed papers on heat pump efficiency',
    priceUsd: '1.20',
    protocolVersion: 1,
    content: {
      papers: [{ title: 'Seasonal performance of air-source heat pumps', year: 2026, finding: 'SPF 3.4 to 4.1' }],
    },
  },
  {
    name: 'analyst-report',
    description: 'An analyst report on the supply chain of compressors',
    priceUsd: '0.80',
    protocolVersion: 2,
    content: { outlook: 'Compressor capacity grows faster than demand until 2028', confidence: 'medium' },
  },
  {
    name: 'full-archive',
    description: 'The complete archive of the last ten years',
    priceUsd: '9.00',
    protocolVersion: 2,
    content: { archive: 'ten years, forty thousand documents' },
  },
  {
    name: 'weather',
    description: 'The weather, in version 2',
    priceUsd: '0.01',
    protocolVersion: 2,
    content: { weather: 'sunny', celsius: 21 },
  },
  {
    name: 'weather-v1',
    description: 'The weather, in version 1',
    priceUsd: '0.01',
    protocolVersion: 1,
    content: { weather: 'sunny', celsius: 21 },
  },
];
