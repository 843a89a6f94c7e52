import { afterEach, expect, test, vi } from 'vitest';
import { composeSweepReservations } from '../../lib/functions/sweep-reservations.ts';
import { sweepMetrics } from '../../lib/telemetry/sweep-metrics.ts';
import { withDatabase } from '../support/database.ts';
import { BASE_SEPOLIA, NOW } from '../support/payments.ts';
import { expectPublished, metricsOf } from './log-schema.ts';

const database = withDatabase();
afterEach(() => {
  vi.restoreAllMocks();
});

test('a run of the sweeper is one published line, with its metrics even where there was nothing to do', async () => {
  const logs: string[] = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((line) => logs.push(String(line)) > 0);
  Object.assign(process.env, database.environment);
  const sweep = composeSweepReservations({
    ...process.env,
    METRIC_NAMESPACE: 'Bursar',
    BOOKS_TABLE: database.booksTable,
    REGISTRY_TABLE: database.registryTable,
    DEPLOYMENT_PARTITION: 'aws',
    DEPLOYMENT_ACCOUNT: '111122223333',
    DEFAULT_SESSION_LIMIT_USD: '10.00',
    ALLOWED_NETWORKS: BASE_SEPOLIA.id,
  });
  await sweep({}, { getRemainingTimeInMillis: () => 90_000 });
  expect(expectPublished(logs)).toMatchObject([{ event: 'sweep.finished', level: 'INFO', visited: 0, failed: 0 }]);
  expect(metricsOf(logs)).toEqual({ 'OldestReservationAge{}': 0, 'SweepFailures{}': 0, 'Frozen{}': 0 });
});

test('how far behind the sweeper is counts in seconds, and its failures by the piece', () => {
  const line = JSON.stringify(
    sweepMetrics(
      { namespace: 'Bursar', at: NOW },
      { oldestOverdueMs: 181_500, failed: 2, frozen: true, freezes: 3, spentMismatches: 0 },
    ),
  );
  expect(metricsOf([line])).toEqual({
    'OldestReservationAge{}': 181.5,
    'SweepFailures{}': 2,
    'Frozen{}': 1,
    'Freezes{}': 3,
  });
});

test('sessions that spent something else than was signed count only where there are any', () => {
  const line = JSON.stringify(
    sweepMetrics(
      { namespace: 'Bursar', at: NOW },
      { oldestOverdueMs: 0, failed: 0, frozen: false, freezes: 0, spentMismatches: 1 },
    ),
  );
  expect(metricsOf([line])).toMatchObject({ 'SpentMismatches{}': 1 });
  expect(metricsOf([line])).not.toHaveProperty('Freezes{}');
});
