import type { PaymentId } from '../../../domain/ids.ts';
import type { Evidence, EvidenceKind } from '../../../domain/payment/evidence.ts';
import type { EvidenceKeeper, EvidenceReader } from '../../../domain/ports/evidence.ts';
import { SCHEMA_VERSION, assertReadable, number, text } from '../store/attributes.ts';
import type { Item } from '../store/client.ts';
import type { StoreTable } from '../store/conditional-write.ts';

// docs/reference/storage-schema.md lists every attribute.

export const EVIDENCE_PREFIX = 'EVD#';

/** Attributes that nothing depends on, so that they may be erased like the details of payments. */
export const EVIDENCE_ATTRIBUTES: readonly string[] = ['of', 'os', 're', 'rs'];

/** Where a statement stands, and in which letter who signed it. */
const NAMES = { offer: ['of', 'os'], receipt: ['re', 'rs'] } as const satisfies Record<EvidenceKind, readonly string[]>;
const SIGNERS = { payee: 'P', unknown: 'U' } as const;

function keyOf(id: PaymentId): Item {
  return { pk: text(`${EVIDENCE_PREFIX}${id}`) };
}

/** An item of its own beside each payment that has evidence: whoever adds to it cannot touch the payment. */
export function createEvidenceStore(table: StoreTable): EvidenceKeeper & EvidenceReader {
  return {
    keepEvidence: async (id, kind, evidence) => {
      const [place, letter] = NAMES[kind];
      const unknown = { ':unknown': text(SIGNERS.unknown) };
      const isNew = `attribute_not_exists(${letter})`;
      await table.client.updateItem({
        TableName: table.tableName,
        Key: keyOf(id),
        UpdateExpression: `SET v = :version, #kept = :kept, ${letter} = :signer, ca = :at`,
        ConditionExpression: evidence.signer === 'payee' ? `${isNew} OR ${letter} = :unknown` : isNew,
        // A reserved word.
        ExpressionAttributeNames: { '#kept': place },
        ExpressionAttributeValues: {
          ':version': number(SCHEMA_VERSION),
          ':kept': text(JSON.stringify(evidence)),
          ':signer': text(SIGNERS[evidence.signer]),
          ':at': number(evidence.keptAt),
          ...(evidence.signer === 'payee' ? unknown : {}),
        },
      });
    },
    readEvidence: async (id) => {
      const item = await table.client.getItem({ TableName: table.tableName, Key: keyOf(id), ConsistentRead: true });
      if (item !== null) assertReadable(item);
      return { offer: readKept(item, 'offer'), receipt: readKept(item, 'receipt') };
    },
  };
}

function readKept(item: Item | null, kind: EvidenceKind): Evidence | null {
  const kept = item?.[NAMES[kind][0]]?.S;
  return kept === undefined ? null : (JSON.parse(kept) as Evidence);
}
