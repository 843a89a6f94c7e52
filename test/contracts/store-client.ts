import { createServer, type Server } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { NotNow, OutcomeUnknown } from '../../lib/domain/ports/services.ts';
import type { StoreClient, StoreClientOptions } from '../../lib/ledger/dynamodb/store/client.ts';
import { close, listen } from '../../lib/local/loopback/server.ts';
import type { TestDatabase } from '../support/database.ts';
import { startStoreHop, type Fault, type StoreHop } from '../support/store-hop.ts';

const TIMEOUT_MS = 100;

/** What every client of the store does with answers that are late, lost or refused; looked at on the wire. */
export function storeClientContract(
  name: string,
  database: TestDatabase,
  create: (options: StoreClientOptions) => StoreClient,
): void {
  describe(name, () => {
    let hop: StoreHop;
    let silent: Server;
    let silentPort: number;
    let heard = 0;
    beforeAll(async () => {
      hop = await startStoreHop(database.endpoint);
      silent = createServer(() => {
        heard += 1;
      });
      silentPort = await listen(silent, 0);
    });
    afterEach(() => hop.setFaults(null));
    afterAll(async () => {
      silent.closeAllConnections();
      await close(silent);
      await hop.close();
    });

    /** Clients read their endpoint when they are made. */
    const clientAt = (endpoint: string, options: StoreClientOptions): StoreClient => {
      Object.assign(process.env, database.environment, { AWS_ENDPOINT_URL_DYNAMODB: endpoint });
      return create(options);
    };
    const put = (client: StoreClient) =>
      client.putItem({ TableName: database.booksTable, Item: { pk: { S: 'CONTRACT' } } });
    const faultsInTurn = (...faults: readonly (Fault | null)[]) => {
      let seen = 0;
      hop.forget();
      hop.setFaults(() => faults[seen++] ?? null);
    };

    test('gives up on a store that takes a request and never answers, with the outcome unknown', async () => {
      const client = clientAt(`http://127.0.0.1:${silentPort}`, { maxAttempts: 1, timeoutMs: TIMEOUT_MS });
      await expect(put(client)).rejects.toThrow(OutcomeUnknown);
      expect(heard).toBe(1);
    }, 5_000);

    test('sends once where it may not repeat, whatever happens to the request', async () => {
      for (const fault of ['lose_request', 'lose_reply', 'throttle', 'fail_after_apply'] as const) {
        faultsInTurn(fault);
        const client = clientAt(hop.endpoint, { maxAttempts: 1 });
        await expect(put(client)).rejects.toThrow(fault === 'throttle' ? NotNow : OutcomeUnknown);
        expect([fault, hop.calls.length]).toEqual([fault, 1]);
      }
    });

    test('repeats where it may, as often as it may', async () => {
      faultsInTurn('lose_request', 'throttle');
      expect(await put(clientAt(hop.endpoint, { maxAttempts: 3 }))).toMatchObject({ kind: 'applied' });
      expect(hop.calls).toHaveLength(3);
    });

    test('says that a write which was throttled had no effect', async () => {
      faultsInTurn('throttle');
      await expect(put(clientAt(hop.endpoint, { maxAttempts: 1 }))).rejects.toThrow(NotNow);
    });

    test.each(['lose_reply', 'lose_request', 'fail_after_apply'] as const)(
      'does not say so of one that was throttled after another attempt (%s), which may have had one',
      async (first) => {
        faultsInTurn(first, 'throttle');
        await expect(put(clientAt(hop.endpoint, { maxAttempts: 2 }))).rejects.toThrow(OutcomeUnknown);
        expect(hop.calls).toHaveLength(2);
      },
    );
  });
}
