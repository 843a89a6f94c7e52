import * as v from 'valibot';
import {
  CAP_SUBJECTS,
  isCountingRule,
  LISTED_FACTS,
  POLICY_COUNT_MAX,
  POLICY_COUNTING_RULES_MAX,
  POLICY_FEEDS_MAX,
  POLICY_PERCENT_MAX,
  POLICY_RATE_SECONDS_MAX,
  POLICY_RULES_MAX,
  POLICY_VALIDITY_SECONDS_MAX,
  RATE_SUBJECTS,
  REQUIRABLE_FACTS,
  WINDOW_PERIODS,
  WINDOW_SUBJECTS,
  type PolicyDocument,
  type Rule,
} from '../../domain/policy/document.ts';
import { normalizeEntry } from '../../domain/policy/rules/lists.ts';
import { define } from '../define.ts';
import {
  counted,
  hostPattern,
  kindOf,
  listRule,
  lists,
  maxima,
  named,
  objectProblem,
  only,
  ruleName,
  said,
  someOf,
  timeZone,
  usdText,
  value,
} from './policy-members.ts';
import { wholeNumber } from './text.ts';

// The JSON of a spend policy. A member that no rule has is refused, and never dropped: a rule that says less than its author
// believes is worse than none.

const sessionCap = v.strictObject(
  {
    kind: kindOf('sessionCap', 'the most for each payee, tool, agent, asset or protocol within one session'),
    ...named,
    of: v.picklist(CAP_SUBJECTS, `must be one of ${CAP_SUBJECTS.join(', ')}`),
    ...only,
    ...maxima,
  },
  objectProblem,
);
const window = v.strictObject(
  {
    kind: kindOf('window', 'the most in an hour, day, week or month of a time zone, across sessions'),
    ...named,
    of: v.picklist(WINDOW_SUBJECTS, `must be one of ${WINDOW_SUBJECTS.join(', ')}`),
    every: v.picklist(WINDOW_PERIODS, `must be one of ${WINDOW_PERIODS.join(', ')}`),
    timeZone: said(timeZone, 'an IANA name; weeks begin on Monday'),
    ...only,
    ...maxima,
  },
  objectProblem,
);
const rate = v.strictObject(
  {
    kind: kindOf('rate', 'the most in each stretch of so many seconds, across sessions'),
    ...named,
    of: v.picklist(RATE_SUBJECTS, `must be one of ${RATE_SUBJECTS.join(', ')}`),
    perSeconds: wholeNumber(1, POLICY_RATE_SECONDS_MAX),
    ...only,
    ...maxima,
  },
  objectProblem,
);
const freeze = v.strictObject(
  {
    kind: kindOf('freeze', 'nothing on the network, in the asset, or in the asset on the network'),
    ...named,
    network: v.optional(
      v.pipe(
        value,
        v.transform((entry) => normalizeEntry('networks', entry)),
      ),
    ),
    asset: v.optional(
      v.pipe(
        value,
        v.transform((entry) => normalizeEntry('assets', entry)),
      ),
    ),
  },
  objectProblem,
);

/** One schema for each kind of rule. */
const POLICY_RULES = define(
  () =>
    [
      v.strictObject(
        { kind: kindOf('perPayment', 'the most that one payment may be'), ...named, max: usdText('US dollars') },
        objectProblem,
      ),
      v.pipe(sessionCap, counted<v.InferOutput<typeof sessionCap>>()),
      v.pipe(window, counted<v.InferOutput<typeof window>>()),
      v.pipe(rate, counted<v.InferOutput<typeof rate>>()),
      v.strictObject(
        {
          kind: kindOf('sameRequest', 'how often a user may pay for the same method, URL, body and terms'),
          ...named,
          maxCount: wholeNumber(0, POLICY_COUNT_MAX),
          perSeconds: wholeNumber(1, POLICY_RATE_SECONDS_MAX),
        },
        objectProblem,
      ),
      listRule('payees', 'addresses that are paid'),
      listRule('networks', 'CAIP-2 ids, or names of x402 version 1'),
      listRule('assets', 'token addresses, or symbols of tokens that Bursar pins'),
      listRule('protocols', 'such as x402'),
      listRule('schemes', 'such as exact'),
      listRule('transferMethods', 'such as eip3009'),
      listRule('facilitators', 'addresses; only a signature that names its facilitator states one'),
      listRule('paymentFlows', 'authorization, upfront or escrow'),
      listRule('wallets', 'wallets that pay'),
      listRule('principals', 'callers'),
      listRule('tools', 'as the caller states them'),
      listRule('agents', 'as the caller states them'),
      originsRule(),
      v.strictObject(
        { kind: kindOf('denyFeed', 'no payee and no host of an imported list'), ...named, feed: ruleName },
        objectProblem,
      ),
      v.strictObject(
        { kind: kindOf('pinPayee', 'an origin is paid where it was first paid'), ...named },
        objectProblem,
      ),
      v.strictObject(
        {
          kind: kindOf('validity', 'how long an authorization may be good for'),
          ...named,
          maxSeconds: wholeNumber(1, POLICY_VALIDITY_SECONDS_MAX),
        },
        objectProblem,
      ),
      v.pipe(freeze, someOf<v.InferOutput<typeof freeze>>('network', 'asset')),
      v.strictObject(
        {
          kind: kindOf('priceChange', 'how far a price may be from the last one paid there'),
          ...named,
          maxPercent: wholeNumber(0, POLICY_PERCENT_MAX),
        },
        objectProblem,
      ),
      v.strictObject({ kind: kindOf('breaker', 'nothing where payments brought nothing'), ...named }, objectProblem),
      v.strictObject(
        {
          kind: kindOf('require', 'facts that a call has to state'),
          ...named,
          facts: v.pipe(
            v.array(v.picklist(REQUIRABLE_FACTS, `must be one of ${REQUIRABLE_FACTS.join(', ')}`), 'must be a list'),
            v.minLength(1, 'must have at least one entry'),
            v.maxLength(REQUIRABLE_FACTS.length, `must have at most ${REQUIRABLE_FACTS.length} entries`),
          ),
        },
        objectProblem,
      ),
    ] as const,
);

function originsRule() {
  const rule = v.strictObject(
    {
      kind: kindOf('origins', 'hosts, and *. before one for its subdomains; https unless the entry says otherwise'),
      ...named,
      ...lists(hostPattern),
    },
    objectProblem,
  );
  return v.pipe(rule, someOf<v.InferOutput<typeof rule>>('allow', 'deny'));
}

const KINDS = [
  'perPayment',
  'sessionCap',
  'window',
  'rate',
  'sameRequest',
  ...Object.keys(LISTED_FACTS),
  'origins',
  'denyFeed',
  'pinPayee',
  'validity',
  'freeze',
  'priceChange',
  'breaker',
  'require',
];

/** A spend policy, read from JSON into the domain's document. */
export const policyDocument = define(() =>
  v.strictObject(
    {
      version: v.literal(1, 'must be 1'),
      rules: v.pipe(
        v.array(v.variant('kind', POLICY_RULES, `must be one of ${KINDS.join(', ')}`), 'must be a list'),
        v.maxLength(POLICY_RULES_MAX, `must have at most ${POLICY_RULES_MAX} rules`),
        v.check(
          (rules) => rules.filter(isCountingRule).length <= POLICY_COUNTING_RULES_MAX,
          `must have at most ${POLICY_COUNTING_RULES_MAX} rules that count: sessionCap, window, rate, sameRequest`,
        ),
        v.check(
          (rules) => rules.filter(({ kind }) => kind === 'denyFeed').length <= POLICY_FEEDS_MAX,
          `must have at most ${POLICY_FEEDS_MAX} rules that name an imported list: denyFeed`,
        ),
        v.check((rules) => hasUniqueNames(rules), 'must not give one name to two rules'),
      ),
    },
    objectProblem,
  ),
) satisfies v.GenericSchema<unknown, PolicyDocument>;

function hasUniqueNames(rules: readonly Pick<Rule, 'name'>[]): boolean {
  const names = rules.flatMap(({ name }) => (name === undefined ? [] : [name]));
  return new Set(names).size === names.length;
}
