/** What the local sellers sell. */
export interface Goods {
  /** Also the path. */
  readonly name: string;
  readonly description: string;
  /** Dollars and cents. */
  readonly priceUsd: string;
  readonly protocolVersion: 1 | 2;
  readonly content: object;
}

/** The research assistant's three sources, one that it cannot afford afterwards, and two for a cent. The figures are invented. */
export const GOODS: readonly Goods[] = [
  {
    name: 'market-data',
    description: 'Monthly installations of heat pumps by country',
    priceUsd: '0.50',
    protocolVersion: 2,
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
    content: { from: 2016, to: 2026, documents: 41_208 },
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
