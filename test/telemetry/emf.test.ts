import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toMicroUsd } from '../../lib/domain/money.ts';
import { emfMembers, type DimensionValues } from '../../lib/telemetry/emf.ts';
import { METRICS, type MetricName } from '../../lib/telemetry/metric-names.ts';
import { toMetricUsd } from '../../lib/telemetry/payment-observer.ts';
import { NOW } from '../support/payments.ts';
import { emfProblemsOf, metricsOf, type Line } from './log-schema.ts';

const ALL = Object.fromEntries(Object.keys(METRICS).map((name, i) => [name, i])) as Record<MetricName, number>;
const DIMENSIONS = { Operation: 'ProcessPayment', AgentName: 'shopper', Currency: 'USDC', Reason: 'busy' };
const line = (values: Partial<Record<MetricName, number>>, dimensions: DimensionValues = DIMENSIONS): Line =>
  JSON.parse(JSON.stringify(emfMembers({ namespace: 'Bursar', at: NOW }, values, dimensions))) as Line;

describe('a line of metrics', () => {
  test('holds every metric under every set of its dimensions, within the limits of the format', () => {
    const all = line(ALL);
    expect(emfProblemsOf(all)).toEqual([]);
    const kept = Object.keys(metricsOf([JSON.stringify(all)])).map((key) => key.replaceAll(/=[^,}]*/g, ''));
    const wanted = Object.entries(METRICS).flatMap(([name, { dimensions }]) =>
      dimensions.map((set) => `${name}{${set.join()}}`),
    );
    expect(kept.toSorted()).toEqual(wanted.toSorted());
    expect(wanted.length).toBeLessThanOrEqual(100);
  });

  test('names unit, namespace and time', () => {
    expect(line({ SpendAmount: 0.5 })).toEqual({
      _aws: {
        Timestamp: NOW,
        CloudWatchMetrics: [
          {
            Namespace: 'Bursar',
            Dimensions: [['Currency'], ['AgentName', 'Currency']],
            Metrics: [{ Name: 'SpendAmount', Unit: 'None' }],
          },
        ],
      },
      SpendAmount: 0.5,
      Currency: 'USDC',
      AgentName: 'shopper',
    });
  });

  test('is none where there is nothing to count', () => {
    expect(line({})).toEqual({});
    expect(line({ OperationLatency: 5 }, {})).toEqual({});
  });

  test.each([NaN, Infinity, -Infinity])('leaves out the value %s', (value) => {
    expect(line({ OperationLatency: value })).toEqual({});
    expect(line({ OperationLatency: value, Denials: 1 })).not.toHaveProperty('OperationLatency');
  });

  test.each(['', ' x', 'a\nb', 'ünder', '\u2028', 'x'.repeat(256)])('makes no dimension of %j', (value) => {
    expect(line({ OperationSuccess: 1 }, { Operation: value })).toEqual({});
    expect(metricsOf([JSON.stringify(line({ Denials: 1 }, { Reason: value }))])).toEqual({ 'Denials{}': 1 });
  });

  test('is one that CloudWatch takes, whatever the values are', () => {
    const values = fc.record(Object.fromEntries(Object.keys(METRICS).map((name) => [name, fc.double()])), {
      requiredKeys: [],
    });
    const text = fc.string({ unit: 'binary', maxLength: 300 });
    const dimensions = fc.record({ Operation: text, AgentName: text, Currency: text, Reason: text });
    fc.assert(
      fc.property(values, dimensions, (given, named) => {
        const made = line(given, named);
        expect(Object.keys(made).length === 0 ? [] : emfProblemsOf(made)).toEqual([]);
      }),
    );
  });
});

test.each([
  [1n, 0.000001],
  [500_000n, 0.5],
  [999_999_999_999_999n, 999_999_999.999999],
])('spends %d micro-dollars as %d', (micro, usd) => {
  expect(toMetricUsd(toMicroUsd(micro))).toBe(usd);
});
