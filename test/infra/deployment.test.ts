import { beforeAll, describe, expect, test } from 'vitest';
import { FUNCTION_NAMES, OPERATIONS } from '../../lib/api/operations.ts';
import { BOOKS_TABLE_SHAPE, REGISTRY_TABLE_SHAPE } from '../../lib/ledger/dynamodb/tables.ts';
import { propertiesOf, resourcesOf, synthesize, type Synthesis } from './synthesis.ts';

let synthesis: Synthesis;
beforeAll(async () => {
  synthesis = await synthesize();
});

const RESOURCES_MAX = 400;

describe('the data stack', () => {
  test('keeps every table through the deletion of the stack, with point-in-time recovery and deletion protection', () => {
    const tables = Object.values(resourcesOf(synthesis.data, 'AWS::DynamoDB::Table'));
    expect(tables).toHaveLength(2);
    for (const table of tables) {
      expect(table.DeletionPolicy).toBe('Retain');
      expect(table.UpdateReplacePolicy).toBe('Retain');
      expect(table.Properties).toMatchObject({
        BillingMode: 'PAY_PER_REQUEST',
        DeletionProtectionEnabled: true,
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        SSESpecification: { SSEEnabled: true, SSEType: 'KMS' },
      });
    }
  });

  test('gives tables no name of their own, so that one can be replaced', () => {
    for (const table of propertiesOf(synthesis.data, 'AWS::DynamoDB::Table'))
      expect(table['TableName']).toBeUndefined();
  });

  test('rotates the key of the tables and keeps it', () => {
    const [key] = Object.values(resourcesOf(synthesis.data, 'AWS::KMS::Key'));
    expect(key).toMatchObject({ DeletionPolicy: 'Retain', Properties: { EnableKeyRotation: true } });
  });

  test('makes the tables that the ledger expects', () => {
    const keysOf = (table: Readonly<Record<string, unknown>>) => ({
      keys: table['KeySchema'],
      indexes: ((table['GlobalSecondaryIndexes'] ?? []) as { IndexName: string; Projection: unknown }[]).map(
        ({ IndexName, Projection }) => ({ IndexName, Projection }),
      ),
    });
    const shapes = [BOOKS_TABLE_SHAPE, REGISTRY_TABLE_SHAPE].map((shape) => ({
      keys: [
        { AttributeName: shape.partitionKey, KeyType: 'HASH' },
        ...(shape.sortKey === null ? [] : [{ AttributeName: shape.sortKey, KeyType: 'RANGE' }]),
      ],
      indexes: shape.indexes.map(({ name, include }) => ({
        IndexName: name,
        Projection:
          include === null ? { ProjectionType: 'KEYS_ONLY' } : { ProjectionType: 'INCLUDE', NonKeyAttributes: include },
      })),
    }));
    expect(propertiesOf(synthesis.data, 'AWS::DynamoDB::Table').map(keysOf)).toEqual(shapes);
  });
});

describe('the service stack', () => {
  const functions = () => propertiesOf(synthesis.service, 'AWS::Lambda::Function');

  test('has one function per privilege and the sweeper, traced, on arm64, with a bounded time', () => {
    const names = functions().map((fn) => String(fn['Description']).split(':')[0]);
    expect(names.toSorted()).toEqual([...FUNCTION_NAMES, 'sweep-reservations'].toSorted());
    for (const fn of functions()) {
      expect(fn).toMatchObject({
        Architectures: ['arm64'],
        TracingConfig: { Mode: 'Active' },
        Handler: 'index.handler',
      });
      expect(Number(fn['Timeout'])).toBeLessThanOrEqual(120);
    }
  });

  test('gives the paying function less time than API Gateway waits', () => {
    const paying = functions().find((fn) => String(fn['Description']).startsWith('process-payment'));
    expect(Number(paying?.['Timeout'])).toBeLessThan(29);
  });

  test('gives the sweeper time for both of its passes, and runs it every minute', () => {
    const sweeper = functions().find((fn) => String(fn['Description']).startsWith('sweep-reservations'));
    expect(Number(sweeper?.['Timeout'])).toBeGreaterThan(30);
    expect(synthesis.deployment.schedules).toMatchObject([{ everyMs: 60_000 }]);
    expect(synthesis.deployment.schedules[0]?.functionName).toMatch(/SweepReservations/i);
  });

  test('keeps logs for a while and not for ever', () => {
    const groups = propertiesOf(synthesis.service, 'AWS::Logs::LogGroup');
    expect(groups.length).toBeGreaterThanOrEqual(functions().length);
    for (const group of groups) expect(group['RetentionInDays']).toBe(90);
  });

  test('has one stage, traced, throttled and with access logs, behind a regional endpoint', () => {
    const [stage, ...others] = propertiesOf(synthesis.service, 'AWS::ApiGateway::Stage');
    expect(others).toEqual([]);
    expect(stage).toMatchObject({ StageName: 'v1', TracingEnabled: true, AccessLogSetting: expect.anything() });
    expect(stage?.['MethodSettings']).toMatchObject([{ ThrottlingRateLimit: 1_000, ThrottlingBurstLimit: 2_000 }]);
    const [api] = propertiesOf(synthesis.service, 'AWS::ApiGateway::RestApi');
    expect(api).toMatchObject({ EndpointConfiguration: { Types: ['REGIONAL'] } });
  });

  test('lets only API Gateway and the schedule invoke functions, each from a source of this deployment', () => {
    const permissions = propertiesOf(synthesis.service, 'AWS::Lambda::Permission');
    const principals = permissions.map(({ Principal }) => Principal);
    expect(new Set(principals)).toEqual(new Set(['apigateway.amazonaws.com', 'events.amazonaws.com']));
    for (const permission of permissions) {
      expect(permission['SourceArn']).toBeDefined();
      if (permission['Principal'] === 'apigateway.amazonaws.com')
        expect(JSON.stringify(permission['SourceArn'])).toContain('/v1/');
    }
  });

  test('has a route for every operation', () => {
    const routes = synthesis.deployment.api?.routes.map(({ method, path }) => `${method} ${path}`).toSorted();
    const expected = Object.values(OPERATIONS).map(({ method, path }) => `${method} ${path}`);
    expect(routes).toEqual(expected.toSorted());
  });

  test(`stays under ${RESOURCES_MAX} resources`, () => {
    expect(Object.keys(synthesis.service.Resources).length).toBeLessThan(RESOURCES_MAX);
    expect(Object.keys(synthesis.service.Resources).length).toBeGreaterThan(20);
  });

  test('names the endpoint and the three roles in its outputs', () => {
    expect(Object.keys(synthesis.service.Outputs ?? {})).toEqual(
      expect.arrayContaining(['Endpoint', 'ControlPlaneRoleArn', 'ManagementRoleArn', 'ProcessPaymentRoleArn']),
    );
  });
});

test('data and logs go with the stacks where a try-out asks for that, and only there', async () => {
  const tryOut = await synthesize({ retainData: false });
  for (const table of Object.values(resourcesOf(tryOut.data, 'AWS::DynamoDB::Table'))) {
    expect(table.DeletionPolicy).toBe('Delete');
    expect(table.Properties['DeletionProtectionEnabled']).toBe(false);
  }
});
