import type { TaggedResource, TagStore } from '../../../domain/ports/registry.ts';
import { assertReadable, number, readInteger, readTextMap, text, textMap } from '../store/attributes.ts';
import type { Item } from '../store/client.ts';
import { updateIf, type StoreTable } from '../store/conditional-write.ts';
import { providerKey, workloadKey } from './identity-items.ts';
import { readItem } from './registry-reader.ts';
import { DELETED, managerKey } from './manager-items.ts';
import { drawWriteMark, isMarkedWrite } from '../store/write-mark.ts';

/** Tags on DynamoDB: a map in the item of the resource itself, counted by its revision. */
export function createTagStore(table: StoreTable): TagStore {
  return {
    readTags: async (resource) => {
      const item = await readItem(table, keyOf(resource));
      if (item === null || item['status']?.S === DELETED) return null;
      assertReadable(item);
      return { tags: readTextMap(item, 'tags') ?? {}, revision: readInteger(item, 'revision') };
    },
    replaceTags: async (resource, tags, revision, now) => {
      const mark = drawWriteMark();
      const set = { tags: textMap(tags), revision: number(revision + 1), updatedAt: number(now), ...mark };
      const outcome = await updateIf(
        table,
        keyOf(resource),
        { set },
        {
          expression: '#revision = :read AND (attribute_not_exists(#status) OR #status <> :deleted)',
          names: ['revision', 'status'],
          values: { ':read': number(revision), ':deleted': text(DELETED) },
        },
      );
      return isMarkedWrite(outcome, mark) ? 'changed' : 'stale';
    },
  };
}

function keyOf({ kind, id }: TaggedResource): Item {
  switch (kind) {
    case 'manager':
      return managerKey(id);
    case 'credential-provider':
      return providerKey(id);
    case 'workload-identity':
      return workloadKey(id);
  }
}
