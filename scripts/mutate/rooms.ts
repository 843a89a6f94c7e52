/** Files that keep the score, and the tests that judge them, the quickest first. */
export interface Room {
  readonly name: string;
  readonly files: string;
  readonly tests: readonly string[];
}

/**
 * In order of what keeps money. What plays many faults or schedules stays out: it takes minutes, and has a run of its own. So do the
 * adapters of `lib/client` to frameworks of agents and to browsers: little code over a lot of others', and their tests load a
 * framework or start a browser for each change.
 */
export const ROOMS: readonly Room[] = [
  {
    name: 'books',
    files: 'lib/ledger/dynamodb/{books,policies,windows}/*.ts',
    tests: [
      'test/ledger/{stored-forms,payment-forms,gate-changes,stored-items,entry-size}.test.ts',
      'test/ledger/{books-at-the-edge,stream-filters}.test.ts',
      'test/ledger/{ledger,payment-log,session-store,sweep-index,charges,true-ups,policies}.test.ts',
      'test/ledger/{consistent-reads,earlier-readers}.test.ts',
      'test/service/tenants/gate.test.ts',
      'test/events/freeze-events.test.ts',
      'test/service/paying/{gate,restore,repetition}.test.ts',
      'test/service/policing/{limits,rules}-over-payments.test.ts',
      'test/service/sweeping/*.test.ts',
    ],
  },
  {
    name: 'paying',
    files: 'lib/service/paying/*.ts',
    tests: [
      'test/service/paying/{reserving-rules,reserving-charges,signing-rules,grant-rules,making-room,reading-payments}.test.ts',
      'test/service/paying/{derived-names,named-purchases,purchases,early-intents,process-payment,payments}.test.ts',
      'test/service/paying/{repetition,reserve-waits,charges,restore,gate,freezes,denials,tokens}.test.ts',
      'test/service/paying/{withdrawals,withdrawal-operations,withdrawal-users,admission-payments}.test.ts',
      'test/service/policing/{recalling,claims,*-{over-payments,under-policies}}.test.ts',
    ],
  },
  {
    name: 'policing',
    files: 'lib/service/policing/*.ts',
    tests: [
      'test/service/policing/{policy-source,enforcing,applied-policies,feed-source,reported-outcomes,claims,recalling}.test.ts',
      'test/service/policing/{*-{over-payments,under-policies},remembering-rules}.test.ts',
    ],
  },
  {
    name: 'asking',
    files: 'lib/service/asking/*.ts',
    tests: [
      'test/service/asking/{presentation,taken-tokens,pay-challenge,quotes,pay-challenge-limits}.test.ts',
      'test/service/paying/freezes.test.ts',
      'test/service/policing/offers-under-policies.test.ts',
      'test/functions/asking.test.ts',
    ],
  },
  {
    name: 'sweeping',
    files: 'lib/service/sweeping/*.ts',
    tests: [
      'test/service/sweeping/{recovery-rules,visit-rules,true-up-run-rules,sweep-bounds}.test.ts',
      'test/service/sweeping/{sweep-visit,place-search,expiry,session-audit}.test.ts',
      'test/service/sweeping/sweep.test.ts',
      'test/service/sweeping/*.test.ts',
    ],
  },
  {
    name: 'domain',
    files: 'lib/domain/**/*.ts',
    tests: [
      'test/domain/*.test.ts',
      'test/domain/{allowances,offers,payment,tenants,tokens}/*.test.ts',
      'test/domain/policy/{breaker,charges,documents,feeds,rules,sentences,spellings,windows}.test.ts',
      'test/domain/policy/*.test.ts',
      'test/service/paying/gate.test.ts',
    ],
  },
  {
    name: 'protocols',
    files: 'lib/protocols/**/*.ts',
    tests: [
      'test/protocols/x402/{refusals-in-words,refusal,requirement,seller-resource,payment-identifier}.test.ts',
      'test/protocols/mpp/{auth-params,refusals,presented,payable,credentials}.test.ts',
      'test/protocols/{proofs,offered-tokens,ceiling-traces}.test.ts',
      'test/protocols/x402/{offer-choice,permit2,exact-evm,payment-required}.test.ts',
      'test/protocols/*.test.ts',
      'test/protocols/mpp/*.test.ts',
      'test/conformance/x402/{support,shapes}.test.ts',
      'test/client/mcp/challenge-shapes.test.ts',
      'test/client/{paying-fetch,seller-answers,interrupted-calls,one-purchase,whole-challenges}.test.ts',
      'test/service/asking/{presentation,pay-challenge,quotes}.test.ts',
      'test/functions/mpp.test.ts',
      'test/service/paying/{withdrawals,withdrawal-operations}.test.ts',
      'test/protocols/x402/hostile-offers.test.ts',
    ],
  },
  {
    name: 'client',
    files: 'lib/client/{*.ts,{api,fetch,purchase}/*.ts}',
    tests: [
      'test/client/{refusals,access,seller-requests,asked-offers,bursar-calls,bursar-client}.test.ts',
      'test/client/{approval-wait,paying-fetch,seller-answers,interrupted-calls,one-purchase,redirects}.test.ts',
      'test/client/*.test.ts',
    ],
  },
  {
    name: 'agent',
    files: 'lib/client/agent/**/*.ts',
    tests: [
      'test/client/agent/{proof-input,paid-run,refusal,confirmation,detection,fetch-input}.test.ts',
      'test/client/agent/guarded-fetch.test.ts',
      'test/client/agent/{tool-payments,fetch-tool,reading-tools,payment-manager,payment-header}.test.ts',
      'test/client/agent/either-service.test.ts',
    ],
  },
  {
    name: 'mcp',
    files: 'lib/client/mcp/*.ts',
    tests: [
      'test/client/mcp/{challenge-shapes,messages,paid-answers,paid-calls}.test.ts',
      'test/client/mcp/paying-transport.test.ts',
      'test/client/mcp/{hostile,modern-revision}.test.ts',
    ],
  },
];
