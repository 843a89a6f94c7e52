import type { ClientTokens } from '../../domain/ports.ts';
import { SCHEMA_VERSION, number, readText, text } from './attributes.ts';
import { putIf, type StoreTable } from './conditional-write.ts';

/** Client tokens in the registry table, beside the managers: '~' begins no manager's id. */
export function createClientTokens(table: StoreTable): ClientTokens {
  return {
    bind: async (tokenKey, requestHash) => {
      const item = {
        pk: text(`MGR#~${tokenKey}`),
        sk: text('TOKEN'),
        v: number(SCHEMA_VERSION),
        requestHash: text(requestHash),
      };
      const outcome = await putIf(table, item, { expression: 'attribute_not_exists(pk)' });
      if (outcome.kind === 'applied') return requestHash;
      if (outcome.item === null) throw new Error(`client token ${tokenKey} vanished from the registry`);
      return readText(outcome.item, 'requestHash');
    },
  };
}
