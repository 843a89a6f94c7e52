import { InvariantViolated } from '../../../domain/invariant.ts';
import type { ClientTokens, Remembered, TokenUse } from '../../../domain/ports/registry.ts';
import { SCHEMA_VERSION, number, readText, text } from '../store/attributes.ts';
import type { Item } from '../store/client.ts';
import { putIf, type StoreTable } from '../store/conditional-write.ts';
import type { TransactionPart } from '../store/transaction.ts';

/** Client tokens in the registry table, beside the managers: '~' begins no manager's id. */
export function createClientTokens(table: StoreTable): ClientTokens {
  return {
    bind: async (tokenKey, requestHash) => {
      const outcome = await putIf(table, toTokenItem(tokenKey, requestHash), {
        expression: 'attribute_not_exists(pk)',
      });
      if (outcome.kind === 'applied') return { requestHash, answer: null };
      if (outcome.item === null) throw new InvariantViolated(`client token ${tokenKey} vanished from the registry`);
      return parseTokenUse(outcome.item);
    },
    find: async (tokenKey) => {
      const item = await table.client.getItem({
        TableName: table.tableName,
        Key: tokenItemKey(tokenKey),
        ConsistentRead: true,
      });
      return item === null ? null : parseTokenUse(item);
    },
  };
}

function tokenItemKey(tokenKey: string): Item {
  return { pk: text(`MGR#~${tokenKey}`), sk: text('TOKEN') };
}

function toTokenItem(tokenKey: string, requestHash: string): Item {
  return { ...tokenItemKey(tokenKey), v: number(SCHEMA_VERSION), requestHash: text(requestHash) };
}

function parseTokenUse(item: Item): TokenUse {
  return { requestHash: readText(item, 'requestHash'), answer: item['answer']?.S ?? null };
}

/** The part of a transaction that uses up a token which was not used before; none where the request has no token. */
export function useToken(remembered: Remembered | null): TransactionPart[] {
  if (remembered === null) return [];
  const { tokenKey, requestHash, answer } = remembered;
  return [
    {
      kind: 'put',
      item: { ...toTokenItem(tokenKey, requestHash), answer: text(answer) },
      condition: { expression: 'attribute_not_exists(pk)' },
    },
  ];
}

/** The part of a transaction that keeps the answer with a token that this request is bound to already. */
export function answerToken(remembered: Remembered | null): TransactionPart[] {
  if (remembered === null) return [];
  const { tokenKey, requestHash, answer } = remembered;
  return [
    {
      kind: 'update',
      key: tokenItemKey(tokenKey),
      set: { answer: text(answer) },
      condition: {
        expression: 'requestHash = :request AND attribute_not_exists(answer)',
        values: { ':request': text(requestHash) },
      },
    },
  ];
}
