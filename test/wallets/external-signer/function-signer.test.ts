import { randomBytes } from 'node:crypto';
import { recoverAddress } from 'viem';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createSigner } from '../../../examples/external-signer/signer.ts';
import { PROVIDER_FAILURES_MAX } from '../../../lib/domain/provider-limits.ts';
import { NotNow, ProviderRefused } from '../../../lib/domain/ports/services.ts';
import { toEpochMs } from '../../../lib/domain/time.ts';
import { verifySignature } from '../../../lib/sigv4/verification.ts';
import { createCircuitBreaker } from '../../../lib/wallets/circuit-breaker.ts';
import { drawRequestKey } from '../../../lib/wallets/external-signer/request-key.ts';
import { createExternalSigner } from '../../../lib/wallets/external-signer/signer.ts';
import { failureOf } from '../signer-contract.ts';
import { transferFrom } from '../transfer.ts';
import { answered, FUNCTION_ARN, KEY, refused, startLambda, type AnswerOfLambda, type PlayedLambda } from './lambda.ts';

const account = privateKeyToAccount(generatePrivateKey());
const reference = { type: 'ExternalSigner', uri: FUNCTION_ARN, secretArn: 'arn:secret' } as const;
const now = () => toEpochMs(Date.now());

let lambda: PlayedLambda;
beforeEach(async () => void (lambda = await startLambda()));
afterEach(() => lambda.close());

function openSigner() {
  const { secret, publicKey } = drawRequestKey();
  const signer = createExternalSigner({
    readSecret: () => Promise.resolve(secret),
    fetch: () => Promise.reject(new Error('a function is asked over no URL')),
    fetchFunction: lambda.fetch,
    breaker: createCircuitBreaker({ clock: { now } }),
    clock: { now },
    random: { bytes: (size) => randomBytes(size) },
  });
  const message = transferFrom(account.address);
  return { publicKey, message, sign: () => signer.sign(reference, message, account.address) };
}

/** The example's signer, as the function that is asked. */
function exampleOf(publicKey: string): PlayedLambda['answer'] {
  const policy = { maxMicroUsd: 1_000_000n, payees: null };
  const sign = createSigner({ uri: FUNCTION_ARN, publicKey, account, policy });
  return async ({ headers, body }) => {
    const { status: statusCode, body: said } = await sign({ headers, body: Buffer.from(body) });
    return answered({ statusCode, headers: {}, body: JSON.stringify(said) });
  };
}

async function signatureOf(message: ReturnType<typeof transferFrom>): Promise<string> {
  return account.sign({ hash: `0x${Buffer.from(message.digest).toString('hex')}` });
}

describe('a signer that is a Lambda function', () => {
  test('is invoked once by its ARN, signed for its region, and asked as over HTTPS', async () => {
    const { publicKey, message, sign } = openSigner();
    lambda.answer = async (event, request) => {
      const verified = verifySignature(
        {
          method: request.method!,
          target: request.url!,
          headers: Object.entries(request.headersDistinct).flatMap(([name, values]) =>
            values!.map((value) => [name, value] as const),
          ),
          body: Buffer.from(JSON.stringify(event)),
        },
        { region: 'eu-west-1', service: 'lambda', findCredential: () => KEY, now: now() },
      );
      expect(verified).toMatchObject({ ok: true });
      // It signs payments alone, and this one is of none.
      expect(await exampleOf(publicKey)(event, request)).toMatchObject({
        body: expect.stringContaining('403') as string,
      });
      return answered({ statusCode: 200, body: JSON.stringify({ signature: await signatureOf(message) }) });
    };
    const signature = await sign();
    expect(await recoverAddress({ hash: `0x${Buffer.from(message.digest).toString('hex')}`, signature })).toBe(
      account.address,
    );
    expect(lambda.requests.map(({ url }) => url)).toEqual([
      `/2015-03-31/functions/${encodeURIComponent(FUNCTION_ARN)}/invocations`,
    ]);
    expect(lambda.asked[0]).toMatchObject({
      version: '2.0',
      headers: { 'content-type': 'application/json', signature: expect.stringMatching(/^bursar=:/) as string },
      requestContext: { http: { method: 'POST' } },
      isBase64Encoded: false,
    });
    expect(JSON.parse(lambda.asked[0]!.body)).toMatchObject({ version: 1, address: account.address });
  });

  test('may answer in base64, as Lambda’s format has it', async () => {
    const { message, sign } = openSigner();
    lambda.answer = async () => {
      const body = Buffer.from(JSON.stringify({ signature: await signatureOf(message) })).toString('base64');
      return answered({ statusCode: 200, body, isBase64Encoded: true });
    };
    await expect(sign()).resolves.toMatch(/^0x/);
  });

  const http = (statusCode: unknown, body: unknown = '{}') => answered({ statusCode, body });
  const finals: readonly [what: string, AnswerOfLambda, expected: object][] = [
    ['takes no requests of the connector', http(401), { trouble: 'provider_credentials' }],
    ['will not sign', http(403), { trouble: 'provider_policy' }],
    ['has no such key', http(404), { trouble: 'provider_policy' }],
    ['waits for an approval', http(409), { trouble: 'approval_pending' }],
    ['is asked too much', http(429), { name: 'NotNow' }],
    ['is throttled by Lambda', refused(429, 'TooManyRequestsException'), { name: 'NotNow' }],
    ['may not be invoked', refused(403, 'AccessDeniedException'), { trouble: 'provider_credentials' }],
    [
      'is not there',
      refused(404, 'ResourceNotFoundException:http://internal.amazon.com/coral/'),
      { trouble: 'provider_credentials' },
    ],
  ];
  test.each(finals)('%s: that is said, and it is not asked again', async (_what, answer, expected) => {
    const { sign } = openSigner();
    lambda.answer = () => answer;
    const error = await failureOf(sign());
    expect(error).toMatchObject(expected);
    expect(error instanceof NotNow || error instanceof ProviderRefused).toBe(true);
    expect((error as Error).message).not.toContain('a message of Lambda’s');
    expect(lambda.asked).toHaveLength(1);
  });

  const faults: readonly [what: string, AnswerOfLambda][] = [
    ['fails', { headers: { 'x-amz-function-error': 'Unhandled' }, body: '{"errorMessage":"its secret words"}' }],
    ['fails in the form of an answer', { ...http(403), headers: { 'x-amz-function-error': 'Handled' } }],
    ['answers 500', http(500)],
    ['is behind a fault of Lambda’s', refused(500, 'ServiceException')],
    ['cannot be started', refused(502, 'EC2UnexpectedException')],
    ['is signed for wrongly', refused(403, 'InvalidSignatureException')],
    ['is handed too much', refused(413, 'RequestTooLargeException')],
    ['answers nothing', answered(null)],
    ['answers no JSON', { body: 'its secret words' }],
    ['answers a signature outside the format', answered({ signature: `0x${'11'.repeat(65)}` })],
    ['answers a status that is text', http('200')],
    ['answers a status that is another one by 16 bits', http(65_536 + 403)],
    ['answers a status without a body, and a body', http(204)],
    ['answers a body that is no text', http(200, { signature: '0x' })],
    ['answers more than is read', { body: JSON.stringify({ statusCode: 200, body: 'x'.repeat(300 * 1024) }) }],
    ['answers more than a signer’s answer has', http(200, 'x'.repeat(70 * 1024))],
  ];
  test.each(faults)('%s: it is asked once more, and nothing is released, in nobody’s words', async (_what, answer) => {
    const { sign } = openSigner();
    lambda.answer = () => answer;
    const error = await failureOf(sign());
    expect((error as Error).message).toContain('nothing is released');
    expect((error as Error).message).not.toContain('secret words');
    expect(error).not.toBeInstanceOf(NotNow);
    expect(error).not.toBeInstanceOf(ProviderRefused);
    expect(lambda.asked).toHaveLength(2);
  });

  test('answers without a signature: nothing is released', async () => {
    const { sign } = openSigner();
    lambda.answer = () => http(200);
    expect(((await failureOf(sign())) as Error).message).toMatch(/gave no signature of .*: nothing is released/);
    expect(lambda.asked).toHaveLength(1);
  });

  test('that answers once the time is over is not heard, under whatever signature', async () => {
    const { message, sign } = openSigner();
    const late = Promise.withResolvers<void>();
    lambda.answer = async () => {
      await late.promise;
      return http(200, JSON.stringify({ signature: await signatureOf(message) }));
    };
    const failure = await failureOf(sign());
    late.resolve();
    expect((failure as Error).message).toMatch(/no usable answer \(TimeoutError\): nothing is released/);
    expect(lambda.asked).toHaveLength(2);
  });

  test('is asked anew under the same id and another nonce where its first answer was lost', async () => {
    const { message, sign } = openSigner();
    lambda.answer = async () =>
      lambda.asked.length === 1
        ? refused(500, 'ServiceException')
        : http(200, JSON.stringify({ signature: await signatureOf(message) }));
    await expect(sign()).resolves.toMatch(/^0x/);
    const [first, second] = lambda.asked;
    expect(second!.body).toBe(first!.body);
    expect(second!.headers['signature-input']).not.toBe(first!.headers['signature-input']);
  });

  test('that fails time after time is left alone, and one that may not be invoked is no failure', async () => {
    const { sign } = openSigner();
    lambda.answer = () => refused(403, 'AccessDeniedException');
    for (let n = 0; n <= PROVIDER_FAILURES_MAX; n += 1) await failureOf(sign());
    expect(await failureOf(sign())).toMatchObject({ trouble: 'provider_credentials' });
    lambda.answer = () => refused(500, 'ServiceException');
    for (let n = 0; n < PROVIDER_FAILURES_MAX; n += 1) await failureOf(sign());
    const asked = lambda.asked.length;
    expect(await failureOf(sign())).toMatchObject({ trouble: 'provider_down' });
    expect(lambda.asked).toHaveLength(asked);
  });
});
