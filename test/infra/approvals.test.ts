import { describe, expect, test } from 'vitest';
import { fits } from '../../lib/local/triggers/stream-filter.ts';
import { propertiesOf, synthesize } from './synthesis.ts';

const app = await synthesize({ approvalGasPerDay: '0.002', functionMemoryMib: 1_024 });
const plain = await synthesize();

describe('a deployment that gives approvals gas', () => {
  test('has one function more, which runs every minute, knows the chains and ends before the next run', () => {
    const sender = propertiesOf(app.service, 'AWS::Lambda::Function').find(({ Description }) =>
      String(Description).startsWith('send-approvals'),
    );
    expect(sender).toMatchObject({ MemorySize: 256, Timeout: 55 });
    expect(app.deployment.functions).toHaveLength(plain.deployment.functions.length + 1);
    expect(app.deployment.schedules).toContainEqual(
      expect.objectContaining({ everyMs: 60_000, functionName: expect.stringContaining('SendApprovals') }),
    );
    const { environment } = app.deployment.functions.find(({ name }) => name.includes('SendApprovals'))!;
    expect(environment).toMatchObject({ APPROVAL_GAS_PER_DAY: '0.002' });
    expect(JSON.parse(environment['RPC_URLS']!)).toHaveProperty('eip155:8453');
  });

  test('tells the budget to those who allow approvals, ask for them, sign them, send them and tell of them, and to no other', () => {
    const told = ({ deployment }: typeof app) =>
      deployment.functions
        .filter(({ environment }) => environment['APPROVAL_GAS_PER_DAY'] !== undefined)
        .map(({ label }) => label)
        .sort();
    const all = ['manage-instruments', 'manage-sessions', 'process-payment', 'read-payments', 'send-approvals'];
    expect(told(app)).toEqual(all);
    expect(told(plain)).toEqual([]);
  });

  test('hands the paying function what waits for a signature, and no other change of the books', () => {
    const [signing, ...others] = app.deployment.streamMappings.filter(({ functionName }) =>
      functionName.includes('ProcessPayment'),
    );
    expect(others).toEqual([]);
    expect(signing).toMatchObject({ readsFailures: true, batchRecordsMax: 5, attemptsMax: 3 });
    const change = (pk: string, st: string, eventName = 'MODIFY') => ({
      eventName,
      dynamodb: { NewImage: { pk: { S: pk }, st: { S: st } } },
    });
    const passes = (event: object) => signing!.filters.some((pattern) => fits(pattern, event));
    expect(passes(change('ALW#eip155:8453#0x01', 'U'))).toBe(true);
    expect(passes(change('ALW#eip155:8453#0x01', 'O'))).toBe(false);
    expect(passes(change('PAY#1', 'U'))).toBe(false);
    expect(plain.deployment.streamMappings.map(({ functionName }) => functionName)).toEqual([
      expect.stringContaining('PublishEvents'),
    ]);
  });

  test('leaves word of runs that failed and of what was not signed', () => {
    const retries = propertiesOf(app.service, 'AWS::Lambda::EventInvokeConfig');
    expect(retries).toHaveLength(2);
    for (const { MaximumRetryAttempts: attempts, DestinationConfig: destination } of retries) {
      expect([attempts, destination]).toEqual([0, { OnFailure: { Destination: expect.anything() } }]);
    }
  });
});
