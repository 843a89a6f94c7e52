import type { WalletLinks, WalletPageGrant } from '../../../domain/ports/wallet-links.ts';
import { floorToSeconds } from '../../../domain/time.ts';
import { SCHEMA_VERSION, assertReadable, number, readInstant, readText, text } from '../store/attributes.ts';
import type { Item } from '../store/client.ts';
import { putIf, type StoreTable } from '../store/conditional-write.ts';

/** How the keys of links and of the sessions that they open begin. docs/reference/storage-schema.md lists the attributes. */
export const WALLET_LINK_KEYS = { link: 'WLK#', session: 'WPS#' } as const;

/** @param digest SHA-256 of the secret in hex */
function keyOf(kind: keyof typeof WALLET_LINK_KEYS, digest: string): Item {
  const prefix = WALLET_LINK_KEYS[kind];
  return { pk: text(`${prefix}${digest}`), sk: text(prefix.slice(0, -1)) };
}

function toItem(grant: WalletPageGrant): Item {
  return {
    v: number(SCHEMA_VERSION),
    managerId: text(grant.managerId),
    userId: text(grant.userId),
    instrumentId: text(grant.instrumentId),
    ...(grant.agentName === null ? {} : { agentName: text(grant.agentName) }),
    expiresAt: number(grant.expiresAt),
    expiresAtSeconds: number(floorToSeconds(grant.expiresAt)),
  };
}

function parseItem(item: Item): WalletPageGrant {
  assertReadable(item);
  return {
    managerId: readText(item, 'managerId'),
    userId: readText(item, 'userId'),
    instrumentId: readText(item, 'instrumentId'),
    agentName: item['agentName']?.S ?? null,
    expiresAt: readInstant(item, 'expiresAt'),
  };
}

/**
 * Links to wallets' pages on DynamoDB. Redeeming deletes the item and reads what it was in one request, so that exactly one caller
 * gets it; where that reply is lost nobody does, and a new link must be made. The table's time to live removes what nobody uses, some
 * hours late, so whoever reads looks at the time.
 */
export function createWalletLinks(table: StoreTable): WalletLinks {
  const keep = async (kind: keyof typeof WALLET_LINK_KEYS, digest: string, grant: WalletPageGrant) => {
    // A refusal is the repetition of this very write: nobody draws the same secret twice.
    await putIf(table, { ...keyOf(kind, digest), ...toItem(grant) }, { expression: 'attribute_not_exists(pk)' });
  };
  const { tableName: TableName, client } = table;
  return {
    keepLink: (digest, grant) => keep('link', digest, grant),
    redeemLink: async (digest) => {
      const { item } = await client.deleteItem({ TableName, Key: keyOf('link', digest), ReturnValues: 'ALL_OLD' });
      return item === null ? null : parseItem(item);
    },
    keepSession: (digest, grant) => keep('session', digest, grant),
    findSession: async (digest) => {
      const item = await client.getItem({ TableName, Key: keyOf('session', digest), ConsistentRead: true });
      return item === null ? null : parseItem(item);
    },
    endSession: async (digest) => {
      await client.deleteItem({ TableName, Key: keyOf('session', digest) });
    },
  };
}
