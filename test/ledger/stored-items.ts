import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { PaymentId } from '../../lib/domain/ids.ts';
import { toEpochMs } from '../../lib/domain/time.ts';
import { toMicroUsd } from '../../lib/domain/money.ts';
import { addMs } from '../../lib/domain/time.ts';
import {
  parseProviderItem,
  parseWorkloadItem,
  toProviderItem,
  toWorkloadItem,
} from '../../lib/ledger/dynamodb/registry/identity-items.ts';
import {
  parseInstrumentItem,
  toInstrumentItem,
  toWalletAttributes,
} from '../../lib/ledger/dynamodb/registry/instrument-items.ts';
import { parsePaymentItem, toPaymentItem } from '../../lib/ledger/dynamodb/books/payment-items.ts';
import { toSessionItem } from '../../lib/ledger/dynamodb/books/new-session-item.ts';
import { parseSessionItem } from '../../lib/ledger/dynamodb/books/session-items.ts';
import {
  connectorKey,
  parseConnectorItem,
  toConnectorAttributes,
} from '../../lib/ledger/dynamodb/registry/connector-items.ts';
import { parseManagerItem, toManagerItem } from '../../lib/ledger/dynamodb/registry/manager-items.ts';
import type { Item } from '../../lib/ledger/dynamodb/store/client.ts';
import { makeProvider, makeWorkload } from '../support/identities.ts';
import { makePayment, makeSession, NOW } from '../support/payments.ts';
import { activate, makeConnector, makeInstrument, makeManager } from '../support/registry.ts';
import { schemeOf } from '../../lib/protocols/catalogue.ts';
import { hashPolicy } from '../../lib/domain/policy/index.ts';
import type { Window } from '../../lib/domain/payment/window.ts';
import type { PolicyChange } from '../../lib/domain/ports/policies.ts';
import {
  parseChangeItem,
  parsePolicyItem,
  toChangeItem,
  toPolicyItem,
} from '../../lib/ledger/dynamodb/policies/policy-items.ts';
import { parseNoticeItem, toNoticeItem } from '../../lib/ledger/dynamodb/policies/policy-notices.ts';
import { expiryOf, parseWindowItem, toGrantedMap, windowPk } from '../../lib/ledger/dynamodb/windows/window-items.ts';
import {
  failuresKey,
  parseFailuresItem,
  parsePinItem,
  parsePriceItem,
  parseTallyItem,
  tallyKey,
  toPinItem,
  toPriceItem,
  toReportAttributes,
  toTallyAttributes,
} from '../../lib/ledger/dynamodb/memory/memory-items.ts';
import { parseFeedItem, parseFileItem, toFeedItem, toFileItem } from '../../lib/ledger/dynamodb/memory/feed-store.ts';
import { freezeKey } from '../../lib/domain/payment/freeze.ts';
import { toPolicyRecord } from '../../lib/domain/payment/policy-record.ts';
import { parseTopUpItem, toTopUpItem } from '../../lib/ledger/dynamodb/top-ups/top-up-items.ts';
import type { KeptTopUp } from '../../lib/domain/payment/top-up.ts';
import type { Gate } from '../../lib/domain/payment/gate.ts';
import { parseGateItem, toGateItem } from '../../lib/ledger/dynamodb/books/gate-item.ts';

/** One of everything that is stored: the object, how it is written today, and how it is read. */
export interface StoredThing {
  readonly value: object;
  readonly item: Item;
  readonly parse: (item: Item) => object;
}

const managerId = 'acme-0000000001';
const usd = (dollars: number) => toMicroUsd(BigInt(dollars) * 1_000_000n);
const session = makeSession({
  managerId,
  sessionId: 'payment-session-000000000000001',
  budget: { available: usd(7), reserved: usd(1), spent: usd(2) },
  inFlight: 1,
  open: new Map([
    ['00000000-0000-8000-8000-000000000002#1', { amount: usd(1), leaseUntil: addMs(NOW, 17_000), charges: [] }],
  ]) as unknown as ReturnType<typeof makeSession>['open'],
});
const payment = makePayment(session, {
  id: '00000000-0000-8000-8000-000000000001' as PaymentId,
  agentName: 'assistant',
});
const counted = makeSession({
  ...session,
  open: new Map([
    [
      '00000000-0000-8000-8000-000000000002#1',
      {
        amount: usd(1),
        leaseUntil: addMs(NOW, 17_000),
        charges: [
          { kind: 'session', key: 'aBcDeFgH', quantity: usd(1) },
          { kind: 'window', key: 'AbCdEfGhIjK', quantity: 1n },
        ],
      },
    ],
  ]) as unknown as ReturnType<typeof makeSession>['open'],
  counters: new Map([['aBcDeFgH', 3_000_000n]]),
  windows: new Map([['AbCdEfGhIjK', { free: 1n, used: 1n, number: 2, limit: 20n, closesAt: addMs(NOW, 3_600_000) }]]),
  returns: { due: new Map([['00000000-0000-8000-8000-000000000003#1', usd(2)]]), givenBack: usd(1) },
});
const judged = {
  ...payment,
  status: 'SIGNED',
  decidedAt: NOW,
  signatures: [`0x${'11'.repeat(65)}`],
  budget: session.budget,
  policyRecord: toPolicyRecord(
    [{ feed: 'sanctions', hash: 'b'.repeat(64), importedAt: NOW, checked: ['payee'] }],
    true,
  ),
} as const;
const overLimit = {
  ...payment,
  status: 'DENIED',
  decidedAt: NOW,
  denial: {
    reason: 'policy_exceeded',
    key: 'AbCdEfGhIjK',
    max: 20n,
    used: 19n,
    asked: 2n,
    by: {
      reason: 'policy_refused',
      code: 'bursar:policy_window',
      rule: { scope: 'user', name: 'day', kind: 'window' },
      fact: null,
      found: null,
      figures: { unit: 'usd', limit: 20n, asked: 2n, remaining: 1n },
      help: { atMost: toMicroUsd(1n) },
      message: 'The day is over.',
    },
  },
} as const;
const manager = makeManager({
  managerId,
  workloadName: managerId,
  description: 'research',
  tags: { team: 'research' },
  authorizer: {
    type: 'CUSTOM_JWT',
    jwt: {
      discoveryUrl: 'https://issuer.example/.well-known/openid-configuration',
      allowedAudience: ['bursar'],
      allowedClients: null,
      allowedScopes: ['bursar/manage', 'bursar/pay'],
      customClaims: [{ name: 'groups', type: 'STRING_ARRAY', operator: 'CONTAINS', value: 'payers' }],
      advertisedScopeMapping: null,
      managementScope: 'bursar/manage',
      managementMayPay: false,
    },
  },
});
const connector = makeConnector({ managerId, connectorId: 'wallets-0000000001' });
const instrument = activate(
  makeInstrument({ managerId, connectorId: connector.connectorId, instrumentId: 'payment-instrument-000000000000001' }),
);
const provider = makeProvider({ name: 'coinbase' });
const workload = makeWorkload({ name: 'agents' });

const GATE: Gate = {
  deploymentId: '0123456789abcdef0123456789abcdef',
  floor: toEpochMs(1_760_000_000_000),
  frozenAt: toEpochMs(1_760_000_000_001),
  freezes: new Map(),
};

const PARTLY_FROZEN: Gate = {
  ...GATE,
  floor: null,
  frozenAt: null,
  freezes: new Map([[freezeKey({ managerId, scope: 'user', userId: 'user#1' }), NOW]]),
};

const owner = { scope: 'user', managerId, userId: 'user#1' } as const;
const policy = {
  owner,
  hash: hashPolicy({ version: 1, rules: [{ kind: 'perPayment', max: usd(1) }] }),
  document: { version: 1, rules: [{ kind: 'perPayment', max: usd(1) }] },
  version: 2,
  updatedAt: NOW,
  updatedBy: 'grace',
} as const;
const change: PolicyChange = { owner, version: 2, at: NOW, by: 'grace', oldHash: 'a'.repeat(64), newHash: policy.hash };
const window: Window = {
  managerId,
  key: 'AbCdEfGhIjK',
  limit: 20_000_000n,
  available: 17_000_000n,
  spent: 1_000_000n,
  version: 3,
  closesAt: addMs(NOW, 3_600_000),
  grants: new Map([[session.sessionId, { amount: 2_000_000n, number: 2 }]]),
};
const rememberer = { managerId, userId: 'user#1' };
const origin = 'https://api.example.com';
const pin = { payee: '0x209693bc6afc0c5328ba36faf03c514ef312287c', until: addMs(NOW, 1_000) };
const failures = { inARow: 2, lastAt: NOW };
const feed = {
  name: 'sanctions',
  hash: 'b'.repeat(64),
  payees: 1,
  hosts: 2,
  importedAt: NOW,
  importedBy: 'grace',
};

const keptTopUp: KeptTopUp = {
  topUp: {
    managerId,
    sessionId: session.sessionId,
    topUpId: '0123456789abcdef0123456789abcdef',
    userId: session.userId,
    from: usd(10),
    to: usd(15),
    at: NOW,
    by: 'grace',
  },
  requestHash: 'h1',
};

export const STORED: Readonly<Record<string, StoredThing>> = {
  session: { value: session, item: toSessionItem(session, 'h1'), parse: parseSessionItem },
  payment: {
    value: payment,
    item: toPaymentItem(payment, schemeOf),
    parse: (item) => parsePaymentItem(item, schemeOf),
  },
  'session with counters': { value: counted, item: toSessionItem(counted, 'h1'), parse: parseSessionItem },
  'payment under a policy': {
    value: judged,
    item: toPaymentItem(judged, schemeOf),
    parse: (item) => parsePaymentItem(item, schemeOf),
  },
  'payment over a limit': {
    value: overLimit,
    item: toPaymentItem(overLimit, schemeOf),
    parse: (item) => parsePaymentItem(item, schemeOf),
  },
  'gate with a freeze': { value: PARTLY_FROZEN, item: toGateItem(PARTLY_FROZEN), parse: parseGateItem },
  gate: { value: GATE, item: toGateItem(GATE), parse: parseGateItem },
  manager: { value: manager, item: toManagerItem(manager), parse: parseManagerItem },
  connector: {
    value: connector,
    item: { ...connectorKey(managerId, connector.connectorId), v: { N: '1' }, ...toConnectorAttributes(connector) },
    parse: parseConnectorItem,
  },
  instrument: {
    value: instrument,
    item: { ...toInstrumentItem(instrument), ...toWalletAttributes(instrument.wallet!) },
    parse: parseInstrumentItem,
  },
  provider: { value: provider, item: toProviderItem(provider), parse: parseProviderItem },
  workload: { value: workload, item: toWorkloadItem(workload, null), parse: parseWorkloadItem },
  policy: {
    value: { version: 2, policy },
    item: toPolicyItem({ owner, version: 2, at: NOW, by: 'grace' }, policy),
    parse: (item) => {
      const { stored, version } = parsePolicyItem(owner, item);
      return { version, policy: stored === null ? null : { ...stored } };
    },
  },
  'change of a policy': { value: change, item: toChangeItem(change), parse: (item) => parseChangeItem(owner, item) },
  window: {
    value: window,
    item: {
      pk: { S: windowPk(window) },
      v: { N: '1' },
      lm: { N: `${window.limit}` },
      av: { N: `${window.available}` },
      sp: { N: `${window.spent}` },
      ve: { N: '3' },
      x: { N: `${window.closesAt}` },
      xs: expiryOf(window.closesAt),
      g: { M: { [session.sessionId]: toGrantedMap({ amount: 2_000_000n, number: 2 }) } },
    },
    parse: (item) => parseWindowItem(item, window),
  },
  'top-up': { value: keptTopUp, item: toTopUpItem(keptTopUp), parse: parseTopUpItem },
  'notice of a policy': { value: change, item: toNoticeItem(change), parse: parseNoticeItem },
  pin: { value: pin, item: toPinItem({ ...rememberer, origin, network: 'eip155:84532' }, pin), parse: parsePinItem },
  'last price': {
    value: { price: usd(1) },
    item: toPriceItem({ ...rememberer, resource: `${origin}/report` }, usd(1), NOW),
    parse: (item) => ({ price: parsePriceItem(item) }),
  },
  'row of failures': {
    value: failures,
    item: {
      ...failuresKey({ ...rememberer, origin }),
      ...toReportAttributes({ ...rememberer, origin }, { paymentId: payment.id, delivered: false, at: NOW }),
      failures: { N: '2' },
    },
    parse: parseFailuresItem,
  },
  tally: {
    value: { counted: 3n },
    item: { ...tallyKey({ managerId, key: 'AbCdEfGhIjK' }), ...toTallyAttributes(NOW), counted: { N: '3' } },
    parse: (item) => ({ counted: parseTallyItem(item) }),
  },
  'deny feed': { value: feed, item: toFeedItem(feed), parse: parseFeedItem },
  'file of a deny feed': {
    value: { file: 'bad.example\n' },
    item: toFileItem('sanctions', feed.hash, 'bad.example\n'),
    parse: (item) => ({ file: parseFileItem(item) }),
  },
};

type StoredJson = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** Items as JSON, with bytes in base64. */
export function toJson(item: Item): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(item)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]) => [name, toJsonValue(value)]),
  );
}

function toJsonValue(value: AttributeValue): unknown {
  if (value.B !== undefined) return { B: Buffer.from(value.B).toString('base64') };
  if (value.M !== undefined) return { M: toJson(value.M) };
  return value.L === undefined ? value : { L: value.L.map(toJsonValue) };
}

export function fromJson(stored: StoredJson[string]): Item {
  return Object.fromEntries(
    Object.entries(stored).map(([name, value]) => {
      return [name, fromJsonValue(value as JsonValue)] as const;
    }),
  );
}

interface JsonValue {
  readonly B?: string;
  readonly M?: Readonly<Record<string, JsonValue>>;
  readonly L?: readonly JsonValue[];
}

function fromJsonValue(value: JsonValue): AttributeValue {
  if (value.B !== undefined) return { B: new Uint8Array(Buffer.from(value.B, 'base64')) };
  if (value.M !== undefined) return { M: fromJson(value.M as StoredJson[string]) };
  return value.L === undefined ? (value as AttributeValue) : { L: value.L.map(fromJsonValue) };
}
