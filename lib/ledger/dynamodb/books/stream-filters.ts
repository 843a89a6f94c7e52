import { GATE_KEY } from './gate-item.ts';
import { PAYMENT_PREFIX, SESSION_PREFIX } from './keys.ts';
import { formatStatus } from './payment-items.ts';
import { SESSION_LETTERS } from './session-items.ts';
import { NOTICE_PREFIX } from '../policies/policy-notices.ts';
import { ALLOWANCE_PREFIX, OTHERWISE, UNSIGNED } from '../allowances/allowance-items.ts';
import { OUTCOME_PREFIX } from '../allowances/withdrawal-outcomes.ts';
import { TOP_UP_PREFIX } from '../top-ups/top-up-items.ts';

const GATE = { pk: { S: [GATE_KEY] } };

const { open, ended } = SESSION_LETTERS;

// The books hold other kinds of items, whose changes tell nothing.
const PAYMENT = { pk: { S: [{ prefix: PAYMENT_PREFIX }] } };
const APPROVAL_LETTERS = [OTHERWISE, UNSIGNED];
const SESSION = { pk: { S: [{ prefix: SESSION_PREFIX }] } };

/**
 * The changes that make an event, for the mapping between stream and function: every other change of the books would be an
 * invocation for nothing. Economy only; `parseBooksChange` decides. DynamoDB writes numbers as text without leading or trailing
 * zeros, which is how they are compared here.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/with-ddb-filtering.html
 */
export const EVENT_FILTERS: readonly object[] = [
  // A payment is decided.
  {
    eventName: ['MODIFY'],
    dynamodb: { OldImage: { st: { S: ['P'] } }, NewImage: { ...PAYMENT, st: { S: ['S', 'D'] } } },
  },
  // A payment is born denied; an approval is asked for; or a limit was raised, a policy changed or a withdrawal came to its chain, whose
  // records have no status. One pattern: a mapping has five.
  {
    eventName: ['INSERT'],
    dynamodb: {
      NewImage: {
        pk: {
          S: [PAYMENT_PREFIX, TOP_UP_PREFIX, NOTICE_PREFIX, ALLOWANCE_PREFIX, OUTCOME_PREFIX].map((prefix) => ({
            prefix,
          })),
        },
        st: { S: [formatStatus('DENIED'), OTHERWISE, { exists: false }] },
      },
    },
  },
  // The last reservation of a session without money left is spent.
  {
    eventName: ['MODIFY'],
    dynamodb: {
      OldImage: { rs: { N: [{ 'anything-but': ['0'] }] } },
      NewImage: { ...SESSION, st: { S: [open, ended] }, av: { N: ['0'] }, rs: { N: ['0'] } },
    },
  },
  // The sweeper has ended a session whose time has come; or a wallet's approvals changed, which have letters of their own.
  {
    eventName: ['MODIFY'],
    dynamodb: {
      OldImage: { st: { S: [open, ...APPROVAL_LETTERS] } },
      NewImage: {
        pk: { S: [SESSION_PREFIX, ALLOWANCE_PREFIX].map((prefix) => ({ prefix })) },
        st: { S: [ended, ...APPROVAL_LETTERS] },
      },
    },
  },
  // Something was frozen or thawed.
  { eventName: ['MODIFY'], dynamodb: { NewImage: { ...GATE, rv: { N: [{ 'anything-but': ['0'] }] } } } },
];
