import { unpackAddress } from '../../../chains/families.ts';
import type {
  Allowance,
  AllowanceEnd,
  AllowanceKey,
  Attempt,
  Copy,
  Hindrance,
  Want,
  Withdrawal,
  WithdrawalAttempt,
} from '../../../domain/allowances/allowance.ts';
import { unsignedCopy } from '../../../domain/allowances/allowance.ts';
import { findNetwork, type NetworkId } from '../../../domain/assets.ts';
import type { PaymentId } from '../../../domain/ids.ts';
import { InvariantViolated } from '../../../domain/invariant.ts';
import type { Hex } from '../../../domain/payment/shapes.ts';
import {
  SCHEMA_VERSION,
  assertReadable,
  bytes,
  number,
  readBigInt,
  readHex,
  readInstant,
  readInteger,
  readOneOf,
  readText,
  text,
} from '../store/attributes.ts';
import type { AttributeValue, Item } from '../store/client.ts';

// docs/reference/storage-schema.md lists every attribute.

export const ALLOWANCE_PREFIX = 'ALW#';
/** Where wallets stand in the index of visits that the sender is to look at. */
export const ALLOWANCE_SHARD = 'A';
/** What `st` holds while a copy waits for its signature: the signer is called for such items alone. */
export const UNSIGNED = 'U';
/** What it holds else. */
export const OTHERWISE = 'O';

export function allowancePk({ network, owner }: AllowanceKey): string {
  return `${ALLOWANCE_PREFIX}${network}#${owner}`;
}

/** The wallet that a partition key names. Throws on a key of other items. */
export function parseAllowancePk(pk: string): AllowanceKey {
  const [, id = '', owner = ''] = pk.split('#');
  const network = findNetwork(id)?.id;
  if (!pk.startsWith(ALLOWANCE_PREFIX) || network === undefined)
    throw new InvariantViolated(`stored item ${pk} is of no wallet on a known network`);
  return { network, owner: addressOf(network, owner as Hex) };
}

/** All addresses of a wallet are of one family, whose values these are. */
function addressOf(network: NetworkId, value: Hex): Hex {
  return unpackAddress(network, value);
}

export function toAllowanceItem(allowance: Allowance): Item {
  const { attempt, end, gas, hindrance, instrumentId, managerId, userId, version, visitAt, want, withdrawal } =
    allowance;
  return {
    pk: text(allowancePk(allowance)),
    v: number(SCHEMA_VERSION),
    vn: number(version),
    m: text(managerId),
    u: text(userId),
    i: text(instrumentId),
    st: text(unsignedCopy(allowance) === null ? OTHERWISE : UNSIGNED),
    gd: number(gas.day),
    gw: number(gas.wei),
    ...(want === null ? {} : { w: { M: packWant(want) } }),
    ...(withdrawal === null ? {} : { wd: { M: packWithdrawal(withdrawal) } }),
    ...(attempt === null ? {} : { a: { M: packAttempt(attempt) } }),
    ...(hindrance === null ? {} : { h: text(hindrance) }),
    ...(end === null ? {} : { e: { M: packEnd(end) } }),
    ...(visitAt === null ? {} : { sh: text(ALLOWANCE_SHARD), sv: number(visitAt) }),
  };
}

export function parseAllowanceItem(item: Item): Allowance {
  assertReadable(item);
  const key = parseAllowancePk(readText(item, 'pk'));
  const { network } = key;
  return {
    ...key,
    managerId: readText(item, 'm'),
    userId: readText(item, 'u'),
    instrumentId: readText(item, 'i'),
    version: readInteger(item, 'vn'),
    want: mapOf(item['w'], (map) => unpackWant(network, map)),
    withdrawal: mapOf(item['wd'], (map) => unpackWithdrawal(network, map)),
    attempt: mapOf(item['a'], (map) => unpackAttempt(network, map)),
    gas: { day: readInteger(item, 'gd'), wei: readBigInt(item, 'gw') },
    hindrance: item['h'] === undefined ? null : readOneOf<Hindrance>(item, 'h', HINDRANCES),
    end: mapOf(item['e'], (map) => unpackEnd(network, map)),
    visitAt: item['sv'] === undefined ? null : readInstant(item, 'sv'),
  };
}

const HINDRANCES: readonly Hindrance[] = ['gas_missing', 'gas_budget', 'nonce_busy', 'fee_ceiling'];

function mapOf<T>(value: AttributeValue | undefined, read: (map: Item) => T): T | null {
  return value?.M === undefined ? null : read(value.M);
}

function packWant({ token, most, least, askedAt, sessionId }: Want): Item {
  return {
    to: bytes(token),
    mo: number(most),
    ...(least === null ? {} : { le: number(least) }),
    at: number(askedAt),
    ...(sessionId === null ? {} : { s: text(sessionId) }),
  };
}

function unpackWant(network: NetworkId, item: Item): Want {
  return {
    token: addressOf(network, readHex(item, 'to')),
    most: readBigInt(item, 'mo'),
    least: item['le'] === undefined ? null : readBigInt(item, 'le'),
    askedAt: readInstant(item, 'at'),
    sessionId: item['s'] === undefined ? null : readText(item, 's'),
  };
}

function packWithdrawal({ paymentId, to, amount, askedAt, until, hindrance }: Withdrawal): Item {
  return {
    p: text(paymentId),
    to: bytes(to),
    am: number(amount),
    at: number(askedAt),
    un: number(until),
    ...(hindrance === null ? {} : { h: text(hindrance) }),
  };
}

function unpackWithdrawal(network: NetworkId, item: Item): Withdrawal {
  return {
    paymentId: readText(item, 'p') as PaymentId,
    to: addressOf(network, readHex(item, 'to')),
    amount: readBigInt(item, 'am'),
    askedAt: readInstant(item, 'at'),
    until: readInstant(item, 'un'),
    hindrance: item['h'] === undefined ? null : readOneOf<Hindrance>(item, 'h', HINDRANCES),
  };
}

function packAttempt(attempt: Attempt): Item {
  const { nonce, gasLimit, copies, sentAt } = attempt;
  return {
    ...(attempt.want === null
      ? packLeaving(attempt)
      : { w: { M: packWant(attempt.want) }, am: number(attempt.amount) }),
    nc: number(nonce),
    gl: number(gasLimit),
    c: { L: copies.map((copy) => ({ M: packCopy(copy) })) },
    ...(sentAt === null ? {} : { se: number(sentAt) }),
  };
}

function packLeaving({ withdrawal, lostAt }: WithdrawalAttempt): Item {
  return { wd: { M: packWithdrawal(withdrawal) }, ...(lostAt === null ? {} : { lo: number(lostAt) }) };
}

function unpackAttempt(network: NetworkId, item: Item): Attempt {
  const want = mapOf(item['w'], (map) => unpackWant(network, map));
  const withdrawal = mapOf(item['wd'], (map) => unpackWithdrawal(network, map));
  const copies = item['c']?.L?.map(({ M: map }) => unpackCopy(map ?? {}));
  if (copies === undefined || copies.length === 0) throw new InvariantViolated('a stored transaction has no copies');
  const base = {
    nonce: readInteger(item, 'nc'),
    gasLimit: readBigInt(item, 'gl'),
    copies,
    sentAt: item['se'] === undefined ? null : readInstant(item, 'se'),
  };
  if (want !== null) return { want, withdrawal: null, amount: readBigInt(item, 'am'), ...base };
  const lostAt = item['lo'] === undefined ? null : readInstant(item, 'lo');
  if (withdrawal !== null) return { want, withdrawal, lostAt, ...base };
  throw new InvariantViolated('a stored transaction does not say what was asked for');
}

function packCopy({ maxFeePerGas, maxPriorityFeePerGas, frozenAt, signed }: Copy): Item {
  return {
    mf: number(maxFeePerGas),
    mp: number(maxPriorityFeePerGas),
    at: number(frozenAt),
    ...(signed === null ? {} : { rw: bytes(signed.raw), hs: bytes(signed.hash) }),
  };
}

function unpackCopy(item: Item): Copy {
  return {
    maxFeePerGas: readBigInt(item, 'mf'),
    maxPriorityFeePerGas: readBigInt(item, 'mp'),
    frozenAt: readInstant(item, 'at'),
    signed: item['rw'] === undefined ? null : { raw: readHex(item, 'rw'), hash: readHex(item, 'hs') },
  };
}

function packEnd(end: AllowanceEnd): Item {
  return {
    k: text(end.kind),
    to: bytes(end.token),
    at: number(end.at),
    ...('amount' in end ? { am: number(end.amount) } : {}),
    ...('transaction' in end ? { hs: bytes(end.transaction) } : {}),
  };
}

function unpackEnd(network: NetworkId, item: Item): AllowanceEnd {
  const kind = readOneOf(item, 'k', ['approved', 'sufficient', 'not_needed', 'reverted']);
  const common = { token: addressOf(network, readHex(item, 'to')), at: readInstant(item, 'at') };
  switch (kind) {
    case 'approved':
      return { kind, ...common, amount: readBigInt(item, 'am'), transaction: readHex(item, 'hs') };
    case 'sufficient':
      return { kind, ...common, amount: readBigInt(item, 'am') };
    case 'reverted':
      return { kind, ...common, transaction: readHex(item, 'hs') };
    case 'not_needed':
      return { kind, ...common };
  }
}
