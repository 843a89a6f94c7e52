import { rmSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { TemplateError } from '../../../lib/local/template/intrinsics.ts';
import { readDeployment, type Deployment } from '../../../lib/local/template/deployment.ts';
import { writeFixture, type Change, type Template } from '../host-fixture.ts';
import { addTokenRoute } from '../gateway/token-fixture.ts';

const environment = { partition: 'aws', region: 'eu-west-1', account: '111122223333' };
const made: string[] = [];
afterAll(() => {
  for (const directory of made) rmSync(directory, { recursive: true });
});

function read(change?: Change): Deployment {
  const directory = writeFixture(change);
  made.push(directory);
  return readDeployment(directory, environment);
}

describe('a synthesis with a Lambda authorizer', () => {
  const withTokens =
    (change: (resources: Template) => void = () => {}): Change =>
    (service, _, assets) => {
      addTokenRoute(service, assets);
      change(service.Resources);
    };
  const operation = (resources: Template): Template =>
    resources.Api11111111.Properties.Body.paths['/oauth/things/{thingId}'].get;
  const judge = {
    type: 'CUSTOM',
    authorizer: {
      name: 'FixtureService-JudgeFunction88888888',
      arn: 'arn:aws:lambda:eu-west-1:111122223333:function:FixtureService-JudgeFunction88888888:live',
    },
  };

  test('names it at the routes that it guards and at no others', () => {
    const { routes } = read(withTokens()).api!;
    const guarded = routes.filter(({ authorization }) => authorization.type === 'CUSTOM');
    expect(guarded).toMatchObject([
      { method: 'POST', path: '/oauth/echo', authorization: judge },
      { method: 'GET', path: '/oauth/things/{thingId}', authorization: judge },
    ]);
    expect(routes.length).toBeGreaterThan(guarded.length);
  });

  test('may guard all routes that say nothing themselves', () => {
    const { routes } = read(
      withTokens(({ Api11111111: { Properties } }) => {
        const { Body } = Properties;
        Body.security = [{ jwt: [] }];
        delete Body.paths['/echo'].post.security;
        Body.paths['/echo'].get.security = [];
      }),
    ).api!;
    expect(routes.slice(0, 2)).toMatchObject([
      { method: 'POST', path: '/echo', authorization: judge },
      { method: 'GET', path: '/echo', authorization: { type: 'NONE' } },
    ]);
  });

  const MEMBER = 'x-amazon-apigateway-authorizer';
  test.each<[string, string, (resources: Template) => void]>([
    [
      'without permission for API Gateway to invoke it',
      'JudgeFunction88888888:live for arn:aws:execute-api:eu-west-1:111122223333:',
      (resources) => delete resources.JudgePermission99999999,
    ],
    [
      'with a permission for the routes only',
      '/authorizers/any',
      ({ JudgePermission99999999: permission }) => {
        permission.Properties.SourceArn['Fn::Join'][1].splice(-1, 1, '/v1/*');
      },
    ],
    ...Object.entries({
      type: ['token', 'expected type request, found "token"'],
      identitySource: ['method.request.header.Auth', 'expected identitySource method.request.header.Authorization'],
      authorizerResultTtlInSeconds: [300, 'expected authorizerResultTtlInSeconds 0, found 300'],
      authorizerCredentials: ['arn:aws:iam::111122223333:role/x', 'expected authorizerCredentials undefined'],
      authorizerUri: ['https://example.com', 'expected a Lambda proxy integration'],
    }).map(([member, [value, message]]): [string, string, (resources: Template) => void] => [
      `with ${member} ${value}`,
      String(message),
      ({ Api11111111: { Properties } }) => {
        Properties.Body.components.securitySchemes.jwt[MEMBER][member] = value;
      },
    ]),
    [
      'on a route that says CUSTOM without it',
      'authorization "CUSTOM" is not supported without a security scheme',
      (resources) => delete operation(resources).security,
    ],
    [
      'on a route that says NONE',
      'its security means CUSTOM, x-amazon-apigateway-auth says "NONE"',
      (resources) => {
        operation(resources)['x-amazon-apigateway-auth'].type = 'NONE';
      },
    ],
    [
      'beside a signature on one route',
      'more than one security scheme is not supported',
      (resources) => operation(resources).security.push({ sigv4: [] }),
    ],
    [
      'beside a resource policy',
      'a resource policy is only played for routes with IAM authorization',
      ({ Api11111111: api }) => {
        api.Properties.Policy = { Version: '2012-10-17', Statement: [] };
      },
    ],
  ])('is refused %s', (_, message, change) => {
    expect(() => read(withTokens(change))).toThrow(message);
    expect(() => read(withTokens(change))).toThrow(TemplateError);
  });
});
