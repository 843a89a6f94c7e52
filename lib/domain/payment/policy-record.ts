import { InvariantViolated } from '../invariant.ts';
import { toEpochMs, type EpochMs } from '../time.ts';
import { WANTS_OUTCOME, type PolicyRecord } from './payment.ts';

export function toPolicyRecord(feeds: readonly FeedRecord[], wantsOutcome: boolean): PolicyRecord {
  return [...feeds.map(formatFeedRecord), ...(wantsOutcome ? [WANTS_OUTCOME] : [])];
}

export function feedsOf(record: PolicyRecord): readonly FeedRecord[] {
  return record.filter((each) => each !== WANTS_OUTCOME).map(parseFeedRecord);
}

/** That a payment was held against an imported list, and which state of it. */
export interface FeedRecord {
  readonly feed: string;
  /** SHA-256 of the list's file, in hex. */
  readonly hash: string;
  readonly importedAt: EpochMs;
  readonly checked: readonly ('payee' | 'origin')[];
}

/** The hash in base64url, a third shorter than in hex: each write of a payment is billed on all that it keeps. */
function formatFeedRecord({ feed, hash, importedAt, checked }: FeedRecord): string {
  const packed = Buffer.from(hash, 'hex').toString('base64url');
  return `${feed}|${packed}|${importedAt}|${checked.map((what) => what[0]).join('')}`;
}

const RECORD = /^([A-Za-z0-9_.-]{1,64})\|([A-Za-z0-9_-]{43})\|([0-9]{1,15})\|(po?)$/;

/** Throws on what `formatFeedRecord` does not write: the books are then corrupt. */
function parseFeedRecord(text: string): FeedRecord {
  const [, feed, packed, at, checked] = RECORD.exec(text) ?? [];
  if (feed === undefined || packed === undefined) throw new InvariantViolated(`not the record of a feed: ${text}`);
  return {
    feed,
    hash: Buffer.from(packed, 'base64url').toString('hex'),
    importedAt: toEpochMs(Number(at)),
    checked: checked === 'po' ? ['payee', 'origin'] : ['payee'],
  };
}
