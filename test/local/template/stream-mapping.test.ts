import { rmSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { readDeployment, type Deployment } from '../../../lib/local/template/deployment.ts';
import { writeFixture } from '../host-fixture.ts';

const environment = { partition: 'aws', region: 'eu-west-1', account: '111122223333' };
const FUNCTION = 'FixtureService-EchoFunction88888888';
const made: string[] = [];
afterAll(() => {
  for (const directory of made) rmSync(directory, { recursive: true });
});

function read(properties: object): Deployment['streamMappings'] {
  const directory = writeFixture(({ Resources }) => {
    Resources['Mapping'] = {
      Type: 'AWS::Lambda::EventSourceMapping',
      Properties: {
        EventSourceArn: 'arn:aws:dynamodb:eu-west-1:111122223333:table/FixtureData-ThingsTable0A1B2C3D/stream/local',
        FunctionName: FUNCTION,
        ...properties,
      },
    };
  });
  made.push(directory);
  return readDeployment(directory, environment).streamMappings;
}

describe('a mapping', () => {
  test.each([
    ['its name', FUNCTION],
    ['its name and alias', `${FUNCTION}:live`],
    ['its ARN', `arn:aws:lambda:eu-west-1:111122223333:function:${FUNCTION}`],
    ['the ARN of its alias', `arn:aws:lambda:eu-west-1:111122223333:function:${FUNCTION}:live`],
  ])('finds its function by %s', (_, FunctionName) => {
    expect(read({ FunctionName })).toMatchObject([{ functionName: FUNCTION }]);
  });

  test('to a function that no template defines is refused when the templates are read, not when something changes', () => {
    expect(() => read({ FunctionName: 'Other:live' })).toThrow('Mapping: no function Other');
  });

  test('from a table that no template defines is refused', () => {
    const EventSourceArn = 'arn:aws:dynamodb:eu-west-1:111122223333:table/Other/stream/local';
    expect(() => read({ EventSourceArn })).toThrow('Mapping: no table Other');
  });

  test('that is switched off is none', () => {
    expect(read({ Enabled: false, FunctionName: 'Other' })).toEqual([]);
  });
});
