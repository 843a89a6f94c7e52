import { describe, expect, test } from 'vitest';
import type { InvocationResult } from '../../../lib/local/runtime/runtime.ts';
import { handOver } from '../../../lib/local/triggers/stream-batch.ts';
import { assertPattern, fits } from '../../../lib/local/triggers/stream-filter.ts';
import { EVENT_FILTERS } from '../../../lib/ledger/dynamodb/books/stream-filters.ts';

const change = (name: string) => ({ dynamodb: { SequenceNumber: name } });
const changes = (...names: string[]) => names.map(change);

/** @param answer what the function does with the names of one batch: the names that failed, or `null` for throwing */
async function play(names: string[], answer: (batch: string[], invocation: number) => string[] | null) {
  const batches: string[][] = [];
  const reports: string[] = [];
  const waits: number[] = [];
  await handOver(
    {
      mapping: {
        attemptsMax: 3,
        functionName: 'f',
        halvesFailedBatches: true,
        logicalId: 'Mapping',
        readsFailures: true,
        streamArn: 'arn',
      },
      region: 'us-east-1',
      invoke: async (_, event): Promise<InvocationResult> => {
        const { Records: records } = event as { Records: ReturnType<typeof changes> };
        const batch = records.map(({ dynamodb }) => dynamodb.SequenceNumber);
        batches.push(batch);
        const failed = answer(batch, batches.length);
        if (failed === null)
          return { status: 'failed', errorType: 'Error', errorMessage: 'planted' } as InvocationResult;
        return {
          status: 'succeeded',
          payload: { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) },
        };
      },
      sleep: async (ms) => void waits.push(ms),
      report: (problem) => reports.push(problem),
    },
    changes(...names),
  );
  return { batches, reports, waits };
}

describe('changes handed over', () => {
  test('come once where the function takes them', async () => {
    expect(await play(['1', '2'], () => [])).toEqual({ batches: [['1', '2']], reports: [], waits: [] });
  });

  test('come again from the first that the function names', async () => {
    const { batches, reports } = await play(['1', '2', '3'], (_, n) => (n === 1 ? ['3', '2'] : []));
    expect(batches).toEqual([
      ['1', '2', '3'],
      ['2', '3'],
    ]);
    expect(reports).toEqual([]);
  });

  test('do not block the others for ever where one of them fails each time', async () => {
    const { batches, reports } = await play(['1', 'poison', '3', '4'], (batch) => {
      const at = batch.indexOf('poison');
      return at < 0 ? [] : at > 0 ? ['poison'] : null;
    });
    expect(batches.filter((batch) => batch.length === 1 && batch[0] === 'poison')).toHaveLength(3);
    expect(batches.filter((batch) => !batch.includes('poison')).flat()).toEqual(['3', '4']);
    expect(reports).toEqual(['stream Mapping: gave up changes poison to poison after 3 attempts']);
  });

  test('are given up together, after waits, where the function never gets on', async () => {
    const { batches, reports, waits } = await play(['1', '2'], () => ['1']);
    expect(batches).toHaveLength(3);
    expect(waits).toEqual([100, 200]);
    expect(reports).toHaveLength(1);
  });

  test('count as failed from the start where the function names what was not in the batch', async () => {
    const { batches } = await play(['1', '2'], (_, n) => (n === 1 ? ['other'] : []));
    expect(batches).toEqual([
      ['1', '2'],
      ['1', '2'],
    ]);
  });
});

describe('filters', () => {
  const image = (st: string, more: object = {}) => ({ pk: { S: 'PAY#1' }, st: { S: st }, ...more });
  const sessionImage = (st: string, more: object = {}) => image(st, { pk: { S: 'SES#m#1' }, ...more });
  const modify = (OldImage: object, NewImage: object) => ({ eventName: 'MODIFY', dynamodb: { OldImage, NewImage } });
  const money = (av: string, rs: string) =>
    sessionImage('A', { av: { N: av }, rs: { N: rs }, sh: { S: 'E1' }, sv: { N: '9' } });
  const ended = sessionImage('E', { av: { N: '5' }, rs: { N: '0' } });
  const passes = (event: object) => EVENT_FILTERS.some((pattern) => fits(assertPattern(pattern), event));

  test.each([
    ['a payment turns signed', modify(image('P'), image('S'))],
    ['a payment turns denied', modify(image('P'), image('D'))],
    ['a payment is born denied', { eventName: 'INSERT', dynamodb: { NewImage: image('D') } }],
    ['the last reservation is spent', modify(money('0', '5'), money('0', '0'))],
    ['the sweeper ends a session', modify(money('5', '0'), ended)],
  ])('pass where %s', (_, event) => {
    expect(passes(event)).toBe(true);
  });

  test.each([
    ['a payment is intended', { eventName: 'INSERT', dynamodb: { NewImage: image('P') } }],
    [
      'a deleted session is restored',
      { eventName: 'INSERT', dynamodb: { NewImage: sessionImage('D', { av: { N: '5' }, rs: { N: '0' } }) } },
    ],
    ['a payment is aborted', modify(image('P'), image('A'))],
    ['a signed payment was visited', modify(image('S', { sh: { S: '3' } }), image('S'))],
    ['money is reserved', modify(money('5', '0'), money('0', '5'))],
    ['money is left', modify(money('5', '5'), money('5', '0'))],
    ['a session is deleted', modify(money('5', '0'), sessionImage('D', { av: { N: '5' }, rs: { N: '0' } }))],
    [
      'a session without a place is paid from',
      modify(sessionImage('A', { rs: { N: '0' } }), sessionImage('A', { rs: { N: '1' } })),
    ],
    ['an item of another kind changes like a payment', modify(image('P'), image('S', { pk: { S: 'WDR#1' } }))],
  ])('stop where %s', (_, event) => {
    expect(passes(event)).toBe(false);
  });

  test('refuse rules that the local stack does not play', () => {
    expect(() => assertPattern({ a: [{ numeric: ['>', 1] }] })).toThrow('a has a rule');
  });
});
