import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import { expect, test } from 'vitest';
import { signRequest } from '../../lib/sigv4/signing.ts';
import { NOW, TOKEN } from './signing.ts';

const PATH = `/2015-03-31/functions/${encodeURIComponent('arn:aws:lambda:us-east-1:111122223333:function:signer:live')}/invocations`;

test.each([
  ['of a user', null, `https://lambda.us-east-1.amazonaws.com${PATH}`],
  ['of a function, with its token', TOKEN, `https://lambda.us-east-1.amazonaws.com${PATH}`],
  ['to a port', TOKEN, `http://127.0.0.1:3001${PATH}`],
  ['to a path that is sorted out', null, 'https://lambda.us-east-1.amazonaws.com/a//b/../c d/~é/'],
])('a request %s is signed as by AWS’s own signer', async (_what, sessionToken, address) => {
  const url = new URL(address);
  const user = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG' };
  const headers = { 'content-type': 'application/json', 'x-amz-log-type': ' None  at all ' };
  const body = '{"a":"é"}';
  const ours = signRequest(
    { method: 'POST', url, headers, body },
    { region: 'us-east-1', service: 'lambda', key: { ...user, sessionToken }, atMs: NOW },
  );
  const official = new SignatureV4({
    service: 'lambda',
    region: 'us-east-1',
    credentials: sessionToken === null ? user : { ...user, sessionToken },
    sha256: Sha256,
    applyChecksum: false,
  });
  const theirs = await official.sign(
    {
      method: 'POST',
      protocol: url.protocol,
      hostname: url.hostname,
      path: url.pathname,
      headers: { ...headers, host: url.host },
      body,
    },
    { signingDate: new Date(NOW) },
  );
  const { host: _host, ...sent } = theirs.headers;
  expect(ours).toEqual(sent);
});
