import { createServer, type Server } from 'node:http';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { chainCredentials, readCallerIdentity } from '../../lib/cli/target/aws.ts';
import { close, listen } from '../../lib/local/loopback/server.ts';

const ROLE = 'arn:aws:iam::111122223333:role/ManagementRole';
const asked: URLSearchParams[] = [];
let lifeMs = 0;
let server: Server;

/** STS as far as the tool speaks to it. */
function answer(form: URLSearchParams): string {
  if (form.get('Action') === 'GetCallerIdentity') {
    return `<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::111122223333:user/me</Arn><Account>111122223333</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`;
  }
  const credentials = `<AccessKeyId>ASIA${asked.length}</AccessKeyId><SecretAccessKey>assumed</SecretAccessKey><SessionToken>token</SessionToken><Expiration>${new Date(Date.now() + lifeMs).toISOString()}</Expiration>`;
  return `<AssumeRoleResponse><AssumeRoleResult><Credentials>${credentials}</Credentials></AssumeRoleResult></AssumeRoleResponse>`;
}

beforeEach(async () => {
  asked.length = 0;
  server = createServer((request, response) => {
    void (async () => {
      let text = '';
      for await (const chunk of request as AsyncIterable<Buffer>) text += chunk.toString();
      asked.push(new URLSearchParams(text));
      response.writeHead(200, { 'content-type': 'text/xml' }).end(answer(asked.at(-1)!));
    })();
  });
  vi.stubEnv('AWS_ENDPOINT_URL_STS', `http://127.0.0.1:${await listen(server, 0)}`);
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIAEXAMPLE');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'of-the-environment');
  vi.stubEnv('AWS_PROFILE', undefined);
  vi.stubEnv('AWS_CONFIG_FILE', '/nonexistent');
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', '/nonexistent');
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await close(server);
});

test('the chain finds the credentials of the environment', async () => {
  const credentials = await chainCredentials({ region: 'us-east-1', profile: null, assume: null })();
  expect(credentials).toMatchObject({ accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'of-the-environment' });
});

test('a profile that is not there is a failure with a name, also where the environment has keys', async () => {
  const chain = chainCredentials({ region: 'us-east-1', profile: 'missing', assume: null });
  await expect(chain()).rejects.toMatchObject({ name: 'CredentialsProviderError' });
});

test('a role is assumed under the name of the session, and kept until shortly before it ends', async () => {
  const assume = { roleArn: ROLE, sessionName: 'alice' };
  lifeMs = 60 * 60 * 1000;
  const long = chainCredentials({ region: 'us-east-1', profile: null, assume });
  expect(await long()).toMatchObject({ accessKeyId: 'ASIA1', sessionToken: 'token' });
  expect(await long()).toMatchObject({ accessKeyId: 'ASIA1' });
  expect(asked[0]?.get('RoleArn')).toBe(ROLE);
  expect(asked[0]?.get('RoleSessionName')).toBe('alice');

  lifeMs = 4 * 60 * 1000;
  const short = chainCredentials({ region: 'us-east-1', profile: null, assume });
  expect(await short()).toMatchObject({ accessKeyId: 'ASIA2' });
  expect(await short()).toMatchObject({ accessKeyId: 'ASIA3' });
});

test('who one is, is what STS says', async () => {
  const credentials = { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'of-the-environment' };
  expect(await readCallerIdentity('us-east-1', credentials)).toEqual({
    account: '111122223333',
    arn: 'arn:aws:iam::111122223333:user/me',
  });
});
