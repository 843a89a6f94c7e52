import { expect, test } from 'vitest';
import { regionOfFunction } from '../../lib/domain/function-arn.ts';

const ARN = 'arn:aws:lambda:eu-central-1:123456789012:function:signer:live';

test.each([
  [ARN, 'eu-central-1'],
  [ARN.replace('arn:aws:', 'arn:aws-us-gov:'), 'eu-central-1'],
  [ARN.replace('signer', 'A_z-9'.padEnd(64, 'x')).replace('live', '$LATEST'.slice(1).padEnd(128, '1')), 'eu-central-1'],
  [ARN.replace('live', 'A_z-9'), 'eu-central-1'],
  [ARN.replace('eu-central-1', 'x'.repeat(32)), 'x'.repeat(32)],
])('%s is a function by its alias or version', (arn, region) => {
  expect(regionOfFunction(arn)).toBe(region);
});

test.each([
  ARN.replace(':live', ''),
  ARN.replace('live', ''),
  ARN.replace('live', '$LATEST'),
  ARN.replace('live', 'x'.repeat(129)),
  ARN.replace('signer', ''),
  ARN.replace('signer', 'x'.repeat(65)),
  ARN.replace('signer', 'sign.er'),
  ARN.replace('function', 'layer'),
  ARN.replace('lambda', 'kms'),
  ARN.replace('123456789012', '12345678901'),
  ARN.replace('123456789012', '1234567890123'),
  ARN.replace('123456789012', '12345678901a'),
  ARN.replace('eu-central-1', ''),
  ARN.replace('eu-central-1', 'x'.repeat(33)),
  ARN.replace('eu-central-1', 'EU'),
  ARN.replace('arn:aws:', 'arn:AWS:'),
  `x${ARN}`,
  `${ARN}:x`,
  `${ARN}\n`,
  'https://signer.example/sign',
  '',
])('%j is none', (text) => {
  expect(regionOfFunction(text)).toBeNull();
});
