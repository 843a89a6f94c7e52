import { describe, expect, test } from 'vitest';
import { createAuthenticator, type AwsCredentials } from '../../lib/client/api/access.ts';
import { createBursarClient } from '../../lib/client/index.ts';
import { answered, CALL, CREDENTIALS, ENDPOINT, failureOf, play } from './deployment.ts';
import { scriptFetch } from './script.ts';

const END_MS = 1_790_000_000_000;
const request = { method: 'GET', url: new URL(`${ENDPOINT}/payments`), headers: {}, body: undefined };

/** A provider whose credentials all end at one time, and what it was asked with. */
function provide() {
  const asked: unknown[] = [];
  const credentials = async (options?: object): Promise<AwsCredentials> => {
    asked.push(options);
    return { ...CREDENTIALS, expiration: new Date(END_MS) };
  };
  return { asked, credentials };
}

describe('credentials', () => {
  test('are kept until a minute before they end, to the millisecond', async () => {
    const { asked, credentials } = provide();
    let now = 0;
    const { authenticate } = createAuthenticator({ region: 'us-east-1', credentials }, () => now);
    await authenticate(request);
    now = END_MS - 60_001;
    await authenticate(request);
    expect(asked).toHaveLength(1);
    now = END_MS - 60_000;
    await authenticate(request);
    expect(asked).toHaveLength(2);
  });

  test('are asked for by force just once after they were forgotten', async () => {
    const { asked, credentials } = provide();
    const { authenticate, refresh } = createAuthenticator({ region: 'us-east-1', credentials }, () => END_MS);
    await authenticate(request);
    expect(refresh()).toBe(true);
    await authenticate(request);
    await authenticate(request);
    expect(asked).toEqual([undefined, { forceRefresh: true }, undefined]);
  });

  const refused =
    (status: number, type: string, message = 'no') =>
    () =>
      answered({ __type: type, message }, status);
  test.each([
    ['by its name', refused(403, 'ExpiredTokenException')],
    ['in words', refused(403, 'AccessDenied', 'The security token included in the request is expired')],
  ])('are renewed where the service says %s that they have expired', async (_how, answer) => {
    const { asked, credentials } = provide();
    const { client } = play([answer(), answered({ ok: true })], { credentials });
    expect(await client.send(CALL)).toEqual({ ok: true });
    expect(asked).toEqual([undefined, { forceRefresh: true }]);
  });

  test.each([
    ['another refusal', refused(403, 'AccessDeniedException')],
    ['a name that only ends so', refused(403, 'NoExpiredToken')],
    ['words of which some are missing', refused(403, 'AccessDenied', 'The security token is not known')],
    ['another status', refused(400, 'ExpiredTokenException')],
  ])('are not renewed after %s, which is thrown', async (_what, answer) => {
    const { asked, credentials } = provide();
    const { client, sent } = play([answer(), answered({})], { credentials });
    expect(await failureOf(client.send(CALL))).toMatchObject({ name: 'BursarError' });
    expect([asked, sent.length]).toEqual([[undefined], 1]);
  });

  test.each<[string, () => Response | Error]>([
    ['a failure', refused(500, 'ExpiredTokenException')],
    ['no answer', () => new TypeError('the security token has expired')],
  ])('are not asked for by force after %s, which is repeated', async (_what, answer) => {
    const { asked, credentials } = provide();
    const { client } = play([answer(), answered({ ok: true })], { credentials });
    expect(await client.send(CALL)).toEqual({ ok: true });
    expect(asked).toEqual([undefined, undefined]);
  });

  test.each([
    ['an error', new RangeError('sign in first'), 'RangeError', 'sign in first'],
    ['something else', 'sign in first', 'Error', 'sign in first'],
  ])('that cannot be had for %s say so in the refusal', async (_what, thrown, errorName, why) => {
    const { client } = play([], { credentials: () => Promise.reject(thrown as Error) });
    expect(await failureOf(client.send(CALL))).toMatchObject({
      errorName,
      code: null,
      message: `the request could not be signed: ${why}`,
    });
  });
});

describe('the service that a signature is for', () => {
  test.each([
    [ENDPOINT, 'execute-api'],
    ['https://bursar.example.com', 'execute-api'],
    ['https://bedrock-agentcore.us-east-1.example.com', 'execute-api'],
    ['https://bedrock-agentcore.us-east-1.amazonaws.com.example.com', 'execute-api'],
    ['https://xbedrock-agentcore.us-east-1.amazonaws.com', 'execute-api'],
    ['https://bedrock-agentcore.us-east-1.amazonaws.com', 'bedrock-agentcore'],
    ['https://bedrock-agentcore-control.us-east-1.amazonaws.com', 'bedrock-agentcore'],
    ['https://vpce-1.bedrock-agentcore.us-east-1.vpce.amazonaws.com', 'bedrock-agentcore'],
    ['https://bedrock-agentcore.us-east-1.api.aws', 'bedrock-agentcore'],
  ])('at %s is %s', async (endpoint, service) => {
    const { client, sent } = play([answered({})], { endpoint });
    await client.send(CALL);
    expect(sent[0]!.headers.get('authorization')).toContain(`/us-east-1/${service}/aws4_request`);
  });
});

describe('a token', () => {
  const withToken = (token: string, answers: readonly Response[] = []) => {
    const { fetch, sent } = scriptFetch(answers);
    return { client: createBursarClient({ endpoint: ENDPOINT, token: () => token, fetch }), sent };
  };

  test('names its user itself, so that no header does', async () => {
    const { client, sent } = withToken('aaa.bbb.ccc', [answered({})]);
    await client.send({ ...CALL, agentName: 'assistant' });
    expect([...sent[0]!.headers.keys()]).toEqual([
      'authorization',
      'content-type',
      'x-amzn-bedrock-agentcore-payments-agent-name',
    ]);
  });

  test('may hold what RFC 6750 lets one hold, and nothing before or after it', async () => {
    const { client, sent } = withToken('aZ09-._~+/==', [answered({})]);
    await client.send(CALL);
    expect(sent[0]!.headers.get('authorization')).toBe('Bearer aZ09-._~+/==');
    for (const token of ['aaa bbb', ' aaa', 'aaa=b', 'aaa\n', '=']) {
      const refused = withToken(token);
      expect(await failureOf(refused.client.send(CALL))).toMatchObject({
        errorName: 'InvalidToken',
        status: 0,
        code: 'bursar:invalid_token',
        message: 'the token has characters that no bearer token has; nothing was sent',
      });
      expect(refused.sent).toEqual([]);
    }
  });

  test('that the service takes for expired is not sent again, since its issuer gives it anew each time', async () => {
    const { client, sent } = withToken('aaa', [answered({ __type: 'ExpiredTokenException' }, 403)]);
    expect(await failureOf(client.send(CALL))).toMatchObject({ status: 403 });
    expect(sent).toHaveLength(1);
  });
});
