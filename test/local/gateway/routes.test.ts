import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { createRouter } from '../../../lib/local/gateway/routes.ts';

const route = (method: string, path: string) =>
  ({ method, path, authorization: { type: 'AWS_IAM' }, functionName: 'f', functionArn: 'arn' }) as const;
const find = createRouter({
  stage: 'v1',
  routes: [
    route('GET', '/payments/{paymentId}'),
    route('GET', '/payments/latest'),
    route('GET', '/tags/{resourceArn}'),
    route('POST', '/payments'),
    route('ANY', '/v1/things'),
  ],
});

test.each([
  ['GET', '/v1/payments/7', '/payments/{paymentId}', { paymentId: '7' }],
  ['GET', '/v1/payments/a%2Fb%20c', '/payments/{paymentId}', { paymentId: 'a%2Fb%20c' }],
  ['GET', '/v1/payments/a%252Fb', '/payments/{paymentId}', { paymentId: 'a%252Fb' }],
  ['GET', '/v1/tags/arn%3Aaws%3Ax%2Fy', '/tags/{resourceArn}', { resourceArn: 'arn%3Aaws%3Ax%2Fy' }],
  ['GET', '/v1/tags/arn:aws:x%2fy', '/tags/{resourceArn}', { resourceArn: 'arn:aws:x%2fy' }],
  ['GET', '/v1/payments/latest', '/payments/latest', null],
  ['POST', '/v1/payments', '/payments', null],
  ['POST', '/payments', '/payments', null],
  ['PUT', '/v1/things', '/v1/things', null],
  ['PUT', '/v1/v1/things', '/v1/things', null],
])('finds %s %s', (method, path, expected, pathParameters) => {
  expect(find(method, path)).toMatchObject({ route: { path: expected }, pathParameters });
});

test.each([
  ['GET', '/v1/payments'],
  ['GET', '/v1/payments/'],
  ['GET', '/v1/payments/7/'],
  ['GET', '/v1//payments/7'],
  ['GET', '/v1/payments/.'],
  ['GET', '/v1/payments/..'],
  ['GET', '/v1/payments/%2e%2E'],
  ['GET', '/v1/payments/%zz'],
  ['GET', '/v1/tags/arn%3Aaws%3Ax/y'],
  ['GET', '/v2/payments/7'],
  ['POST', '/v1/payments/latest'],
  ['GET', '/v1'],
  ['GET', ''],
])('finds nothing for %s %s', (method, path) => {
  expect(find(method, path)).toBeNull();
});

test('never throws, whatever the path', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (method, path) => {
      expect(() => find(method, path)).not.toThrow();
    }),
  );
});
