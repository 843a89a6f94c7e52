import type { UserKey } from '../../../domain/ports/services.ts';
import { readText, text } from './attributes.ts';
import type { ListQuery } from './list-page.ts';
import { BY_USER_INDEX } from './tables.ts';

/** One of the lists that the `by-user` index holds for every user. */
export interface UserList {
  readonly name: 'sessions' | 'payments';
  /** Hash key of the list in the index. */
  readonly listKey: string;
  /** Table key of the item with an id, or `null` where the text is not an id of this kind. */
  readonly pkOf: (id: string) => string | null;
}

// The index sorts by `<13 digits of milliseconds>#<id>`.
const POSITION = /^[0-9]{13}#([^#]+)$/;

/** The query of a user's list, newest first. Its key comes from the caller's identity, never from a page token. */
export function toUserListQuery(tableName: string, user: UserKey, { name, listKey, pkOf }: UserList): ListQuery {
  return {
    query: {
      TableName: tableName,
      IndexName: BY_USER_INDEX,
      KeyConditionExpression: 'lk = :list',
      ExpressionAttributeValues: { ':list': text(listKey) },
      ScanIndexForward: false,
    },
    scope: [name, user.managerId, user.userId],
    positionOf: (item) => readText(item, 'ls'),
    keyAt: (position) => {
      const id = POSITION.exec(position)?.[1];
      const pk = id === undefined ? null : pkOf(id);
      return pk === null ? null : { pk: text(pk), lk: text(listKey), ls: text(position) };
    },
  };
}
