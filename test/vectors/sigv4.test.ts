// AWS's signing test suite (awslabs/aws-c-auth, tests/aws-signing-test-suite/v4, Apache-2.0). Not part of the default run:
// VECTORS=<folder that holds sigv4/> npm run test:vectors
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { toEpochMs } from '../../lib/domain/time.ts';
import { verifySignature, type SignatureRules, type SignedRequest } from '../../lib/sigv4/verification.ts';

const CASES = 38;
const root = findVectors();

function findVectors(): string {
  const given = process.env['VECTORS'];
  if (given === undefined || !existsSync(join(given, 'sigv4'))) {
    throw new Error(`VECTORS must name the folder that holds sigv4/, but is ${given ?? 'not set'}`);
  }
  return join(given, 'sigv4');
}

interface Context {
  readonly credentials: {
    readonly access_key_id: string;
    readonly secret_access_key: string;
    readonly token?: string;
  };
  readonly region: string;
  readonly service: string;
  readonly normalize: boolean;
  readonly timestamp: string;
}

function readCase(name: string): { readonly rules: SignatureRules; request(form: string): SignedRequest } {
  const context = JSON.parse(readFileSync(join(root, name, 'context.json'), 'utf8')) as Context;
  const { access_key_id: id, secret_access_key: secretAccessKey, token } = context.credentials;
  return {
    rules: {
      region: context.region,
      service: context.service,
      normalizePath: context.normalize,
      now: toEpochMs(Date.parse(context.timestamp)),
      findCredential: (accessKeyId) => (accessKeyId === id ? { secretAccessKey, sessionToken: token ?? null } : null),
    },
    request: (form) => parseRequest(readFileSync(join(root, name, `${form}-signed-request.txt`), 'utf8')),
  };
}

function parseRequest(text: string): SignedRequest {
  const [head = '', ...rest] = text.split('\n\n');
  const [first = '', ...lines] = head.split('\n');
  const line = /^(\S+) (.*) HTTP\/1\.1$/.exec(first);
  if (line === null) throw new Error(`not a request line: ${first}`);
  const headers: [string, string][] = [];
  for (const header of lines) {
    const previous = headers.at(-1);
    if (/^\s/.test(header) && previous !== undefined) previous[1] += `\n${header}`;
    else if (header !== '') headers.push([header.slice(0, header.indexOf(':')), header.slice(header.indexOf(':') + 1)]);
  }
  return { method: line[1]!, target: line[2]!, headers, body: Buffer.from(rest.join('\n\n')) };
}

const names = readdirSync(root, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);

test(`the suite has ${CASES} cases`, () => expect(names).toHaveLength(CASES));

describe.each(names)('%s', (name) => {
  const { rules, request } = readCase(name);

  test.each(['header', 'query'])('accepts the %s form', (form) => {
    expect(verifySignature(request(form), rules)).toMatchObject({ ok: true });
  });

  test.each(['header', 'query'])('refuses tampered variants of the %s form', (form) => {
    const good = request(form);
    const reseal = (change: (text: string) => string): SignedRequest => ({
      ...good,
      target: good.target.replace(/(?<=X-Amz-Signature=)[0-9a-f]+/, change),
      headers: good.headers.map(([key, value]) => [
        key,
        key.toLowerCase() === 'authorization' ? value.replace(/(?<=Signature=)[0-9a-f]+/, change) : value,
      ]),
    });
    const variants: SignedRequest[] = [
      { ...good, method: good.method === 'GET' ? 'POST' : 'GET' },
      { ...good, target: good.target.replace(/^\/[^?]*/, (path) => `${path}x`) },
      { ...good, target: `${good.target}${good.target.includes('?') ? '&' : '?'}added=1` },
      { ...good, body: Buffer.concat([good.body, Buffer.from('x')]) },
      { ...good, headers: good.headers.map(([key, value]) => [key, key === 'Host' ? `${value}.x` : value]) },
      { ...good, headers: [...good.headers, ['Host', 'example.amazonaws.com']] },
      { ...good, headers: good.headers.filter(([key]) => key !== 'Host') },
      { ...good, headers: [...good.headers, ['X-Amz-Meta', 'not signed']] },
      reseal((text) => (text.startsWith('0') ? '1' : '0') + text.slice(1)),
      reseal((text) => text.slice(1)),
    ];
    for (const variant of variants) expect(verifySignature(variant, rules)).toMatchObject({ ok: false });
  });

  test.each(['header', 'query'])('refuses the %s form with another secret, region, service or time', (form) => {
    const others: Partial<SignatureRules>[] = [
      { findCredential: () => null },
      {
        findCredential: (id) => {
          const found = rules.findCredential(id);
          return found === null ? null : { ...found, secretAccessKey: `${found.secretAccessKey}x` };
        },
      },
      {
        findCredential: (id) => ({ secretAccessKey: rules.findCredential(id)!.secretAccessKey, sessionToken: 'other' }),
      },
      { region: 'eu-west-1' },
      { service: 'execute-api' },
      { now: toEpochMs(rules.now + 2 * 3_600_000) },
      { now: toEpochMs(rules.now - 5 * 60_000 - 1_000) },
    ];
    for (const other of others) {
      expect(verifySignature(request(form), { ...rules, ...other })).toMatchObject({ ok: false });
    }
  });
});
