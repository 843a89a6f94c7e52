import type { AttributeValue } from '../store/client.ts';
import { packAddress, unpackAddress } from '../../../chains/families.ts';
import type { NetworkId } from '../../../domain/assets.ts';
import type { PaymentId } from '../../../domain/ids.ts';
import { InvariantViolated } from '../../../domain/invariant.ts';
import { toBaseUnits, toMicroUsd } from '../../../domain/money.ts';
import type { BudgetSnapshot, Payment, PaymentStatus } from '../../../domain/payment/payment.ts';
import type { Hex, Offer, Signature, SigningTerms } from '../../../domain/payment/shapes.ts';
import type { CommonOffer, Packed, PackedValue, SchemeOf } from '../../../domain/ports/schemes.ts';
import { toEpochMs } from '../../../domain/time.ts';
import type { Token } from '../../../domain/tokens/token.ts';
import {
  SCHEMA_VERSION,
  assertReadable,
  bytes,
  number,
  readBigInt,
  readHex,
  readInteger,
  readText,
  text,
  toHex,
} from '../store/attributes.ts';
import type { Item } from '../store/client.ts';
import { readDenial, toDenialMap } from './denial-items.ts';
import { listSort, paymentListKey, paymentPk, sweepShard } from './keys.ts';

// docs/reference/storage-schema.md lists every attribute. Names are short because a write is billed on the whole item.

const STATUS_LETTERS = { PENDING: 'P', SIGNED: 'S', DENIED: 'D', ABORTED: 'A' } as const;
const STATUS_BY_LETTER: Readonly<Record<string, PaymentStatus>> = {
  P: 'PENDING',
  S: 'SIGNED',
  D: 'DENIED',
  A: 'ABORTED',
};

export function formatStatus(status: PaymentStatus): string {
  return STATUS_LETTERS[status];
}

export function formatBudget(budget: BudgetSnapshot): string {
  return `${budget.available ?? ''}|${budget.reserved}|${budget.spent}`;
}

function parseBudgetText(value: string): BudgetSnapshot {
  const [available = '', reserved = '', spent = ''] = value.split('|');
  return {
    available: available === '' ? null : toMicroUsd(BigInt(available)),
    reserved: toMicroUsd(BigInt(reserved)),
    spent: toMicroUsd(BigInt(spent)),
  };
}

/**
 * Attributes that only a receipt shows, and that may be missing. No request hash, signature or decision depends on them, so they may be
 * erased from old payments (`scripts/erase-details.ts`).
 */
export const DETAIL_ATTRIBUTES: readonly string[] = ['ag', 'ru', 'rd'];

/** A payment as it is written once, by the intent. Later writes change single attributes. */
export function toPaymentItem(payment: Payment, schemeOf: SchemeOf): Item {
  const { offer, terms } = payment;
  const packed = schemeOf(offer).pack(offer, terms);
  return {
    pk: text(paymentPk(payment.id)),
    v: number(SCHEMA_VERSION),
    st: text(formatStatus(payment.status)),
    k: number(payment.attempt),
    ow: text(payment.owner),
    lu: number(payment.leaseUntil),
    rh: bytes(payment.requestHash),
    m: text(payment.managerId),
    u: text(payment.userId),
    s: text(payment.sessionId),
    i: text(payment.instrumentId),
    ...(payment.agentName === null ? {} : { ag: text(payment.agentName) }),
    ...(payment.resource === null ? {} : { ru: text(payment.resource.url) }),
    ...(payment.resource?.description == null ? {} : { rd: text(payment.resource.description) }),
    am: number(payment.amount),
    pr: text(offer.protocol),
    pv: text(offer.version),
    sc: text(offer.scheme),
    tm: text(offer.transferMethod),
    nw: text(offer.network),
    ast: bytes(packAddress(offer.network, offer.asset)),
    ...(offer.token === undefined ? {} : { tk: text(formatToken(offer.token)) }),
    ba: number(offer.amount),
    pt: bytes(packAddress(offer.network, offer.payTo)),
    mt: number(offer.maxTimeoutSeconds),
    ...(Object.keys(packed.offer).length === 0 ? {} : { of: toPackedMap(packed.offer) }),
    t: toPackedMap(packed.terms),
    ca: number(payment.createdAt),
    ...(payment.decidedAt === null ? {} : { da: number(payment.decidedAt) }),
    ...(payment.signatures === null ? {} : { sg: toSignatureList(payment.signatures) }),
    ...(payment.budget === null ? {} : { bg: text(formatBudget(payment.budget)) }),
    ...(payment.policyRecord === undefined ? {} : { kp: toTextList(payment.policyRecord) }),
    ...(payment.denial === null ? {} : { dn: toDenialMap(payment.denial) }),
    lk: text(paymentListKey(payment.managerId, payment.userId)),
    ls: text(listSort(payment.createdAt, payment.id)),
    // A payment that is written as DENIED leaves nothing to sweep.
    ...(payment.status === 'DENIED'
      ? {}
      : { sh: text(sweepShard(payment.id).toString()), sv: number(payment.leaseUntil) }),
  };
}

/** The frozen terms alone, for the write that opens another attempt. */
export function toTermsMap(offer: Offer, terms: SigningTerms, schemeOf: SchemeOf): AttributeValue {
  return toPackedMap(schemeOf(offer).pack(offer, terms).terms);
}

export function toSignatureList(signatures: readonly Signature[]): AttributeValue {
  return { L: signatures.map(bytes) };
}

export function toTextList(texts: readonly string[]): AttributeValue {
  return { L: texts.map(text) };
}

function toPackedMap(packed: Packed): AttributeValue {
  return { M: Object.fromEntries(Object.entries(packed).map(([name, value]) => [name, toPackedAttribute(value)])) };
}

function toPackedAttribute(value: PackedValue): AttributeValue {
  if ('text' in value) return text(value.text);
  return 'number' in value ? number(value.number) : bytes(value.bytes);
}

function readPackedMap(item: Item, name: string): Packed {
  const entries = Object.entries(item[name]?.M ?? {}).map(([member, { S, N, B }]) => {
    if (S !== undefined) return [member, { text: S }] as const;
    if (N !== undefined) return [member, { number: BigInt(N) }] as const;
    if (B !== undefined) return [member, { bytes: toHex(B) }] as const;
    throw new InvariantViolated(`stored item ${readText(item, 'pk')} has '${member}' in '${name}' of an unknown kind`);
  });
  return Object.fromEntries(entries);
}

function readCommonOffer(item: Item): CommonOffer {
  const network = readText(item, 'nw') as NetworkId;
  const asset = unpackAddress(network, readHex(item, 'ast'));
  return {
    protocol: readText(item, 'pr'),
    version: readText(item, 'pv'),
    scheme: readText(item, 'sc'),
    transferMethod: readText(item, 'tm'),
    network,
    asset,
    ...(item['tk']?.S === undefined ? {} : { token: parseToken(item['tk'].S, asset) }),
    amount: toBaseUnits(readBigInt(item, 'ba')),
    payTo: unpackAddress(network, readHex(item, 'pt')),
    maxTimeoutSeconds: readInteger(item, 'mt'),
  };
}

/**
 * A token that is not the USDC of its network, as it was when it was paid: settings may say otherwise by now. Its members in lines,
 * since none of them has a line break; an empty one is `null`.
 */
function formatToken({ symbol, decimals, domainName, domainVersion, rate }: Token): string {
  return [symbol, decimals, domainName, domainVersion, rate?.picoUsd, rate?.asOf].join('\n');
}

function parseToken(lines: string, address: Hex): Token {
  const [symbol = '', decimals, domainName, domainVersion, picoUsd, asOf = ''] = lines.split('\n');
  return {
    symbol,
    address,
    decimals: Number(decimals),
    domainName: domainName || null,
    domainVersion: domainVersion || null,
    rate: picoUsd ? { picoUsd: BigInt(picoUsd), asOf } : null,
  };
}

/** What is known of a payment without its terms and signatures: nothing that could be used to take money. */
export type PaymentSummary = Omit<Payment, 'offer' | 'terms' | 'signatures'> & {
  readonly offer: CommonOffer;
};

export function parsePaymentSummary(item: Item): PaymentSummary {
  assertReadable(item);
  const status = STATUS_BY_LETTER[readText(item, 'st')];
  if (status === undefined)
    throw new InvariantViolated(`a stored payment has the unknown status '${readText(item, 'st')}'`);
  return {
    id: readText(item, 'pk').slice('PAY#'.length) as PaymentId,
    managerId: readText(item, 'm'),
    userId: readText(item, 'u'),
    sessionId: readText(item, 's'),
    instrumentId: readText(item, 'i'),
    agentName: item['ag']?.S ?? null,
    resource: item['ru']?.S === undefined ? null : { url: item['ru'].S, description: item['rd']?.S ?? null },
    requestHash: readHex(item, 'rh'),
    offer: readCommonOffer(item),
    amount: toMicroUsd(readBigInt(item, 'am')),
    attempt: readInteger(item, 'k'),
    owner: readText(item, 'ow'),
    leaseUntil: toEpochMs(readInteger(item, 'lu')),
    status,
    createdAt: toEpochMs(readInteger(item, 'ca')),
    decidedAt: item['da'] === undefined ? null : toEpochMs(readInteger(item, 'da')),
    denial: item['dn'] === undefined ? null : readDenial(item, 'dn'),
    budget: item['bg']?.S === undefined ? null : parseBudgetText(item['bg'].S),
    ...(item['wa'] && { approval: item['wa'].S! }),
    ...(item['kp']?.L === undefined ? {} : { policyRecord: item['kp'].L.map(({ S = '' }) => S) }),
  };
}

/** Throws on a payment of a scheme that this release does not have, since reading it could give a wrong answer. */
export function parsePaymentItem(item: Item, schemeOf: SchemeOf): Payment {
  const summary = parsePaymentSummary(item);
  const packed = { offer: readPackedMap(item, 'of'), terms: readPackedMap(item, 't') };
  const { offer, terms } = schemeOf(summary.offer).unpack(summary.offer, packed);
  return { ...summary, offer, terms, signatures: item['sg'] === undefined ? null : readSignatures(item) };
}

function readSignatures(item: Item): readonly Signature[] {
  const list = item['sg']?.L ?? [];
  return list.map(({ B }) => {
    if (B === undefined)
      throw new InvariantViolated(`stored item ${readText(item, 'pk')} has a signature that is not bytes`);
    return toHex(B);
  });
}
