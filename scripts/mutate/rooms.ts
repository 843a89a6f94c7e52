/** Files that keep the score, and the tests that judge them, the quickest first. */
export interface Room {
  readonly name: string;
  readonly files: string;
  readonly tests: readonly string[];
}

/** In order of what keeps money. What plays many faults or schedules stays out: it takes minutes, and has a run of its own. */
export const ROOMS: readonly Room[] = [
  {
    name: 'books',
    files: 'lib/ledger/dynamodb/books/*.ts',
    tests: [
      'test/ledger/{ledger,payment-log,session-store,sweep-index,stored-items,stream-filters,entry-size}.test.ts',
      'test/ledger/{books-at-the-edge,stored-forms}.test.ts',
      'test/ledger/{consistent-reads,earlier-readers}.test.ts',
      'test/service/paying/{gate,restore,repetition}.test.ts',
      'test/service/sweeping/*.test.ts',
    ],
  },
  {
    name: 'paying',
    files: 'lib/service/paying/*.ts',
    tests: [
      'test/service/paying/{reserving-rules,signing-rules,making-room,reading-payments,derived-names}.test.ts',
      'test/service/paying/{process-payment,purchases,payments,restore,gate}.test.ts',
      'test/service/paying/{repetition,reserve-waits,uncapped-sessions,payment-cost}.test.ts',
      'test/service/paying/withdrawal*.test.ts',
      'test/service/paying/{admission-payments,full-sessions}.test.ts',
    ],
  },
  {
    name: 'sweeping',
    files: 'lib/service/sweeping/*.ts',
    tests: [
      'test/service/sweeping/{recovery-rules,visit-rules,sweep-bounds}.test.ts',
      'test/service/sweeping/{sweep-visit,place-search,expiry,session-audit}.test.ts',
      'test/service/sweeping/sweep.test.ts',
      'test/service/sweeping/*.test.ts',
    ],
  },
  {
    name: 'domain',
    files: 'lib/domain/**/*.ts',
    tests: ['test/domain/**/*.test.ts', 'test/service/paying/gate.test.ts'],
  },
  {
    name: 'protocols',
    files: 'lib/protocols/**/*.ts',
    tests: [
      'test/protocols/*.test.ts',
      'test/protocols/x402/{payment-required,requirement,seller-resource,payment-identifier}.test.ts',
      'test/protocols/x402/{offer-choice,exact-evm}.test.ts',
      'test/client/{paying-fetch,seller-answers}.test.ts',
      'test/protocols/x402/hostile-offers.test.ts',
    ],
  },
  { name: 'client', files: 'lib/client/**/*.ts', tests: ['test/client/**/*.test.ts'] },
];
