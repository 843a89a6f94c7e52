import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import type { AccessKey } from '../../lib/local/iam/credentials.ts';
import { JUDGE_FUNCTION } from './gateway/token-fixture.ts';

/** What the fixture's function does, by the `do` of its JSON body; without one it gives back its event and environment. */
const FUNCTION = `
import { appendFileSync } from 'node:fs';
let served = 0;
export const handler = async (event, context) => {
  served += 1;
  const body = event.body && !event.isBase64Encoded && event.body.startsWith('{') ? JSON.parse(event.body) : {};
  console.log('serving ' + context.awsRequestId);
  if (body.do === 'throw') throw new TypeError('planted');
  if (body.do === 'exit') process.exit(3);
  if (body.do === 'hang') {
    appendFileSync(body.file, 'started');
    await new Promise(() => setInterval(() => {}, 1000));
  }
  if (body.do === 'answer') return body.answer;
  const { AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, ...env } = process.env;
  const told = { ...context, remaining: context.getRemainingTimeInMillis() };
  const echo = { event, env, context: told, served, processId: process.pid, secrets: Boolean(AWS_SECRET_ACCESS_KEY && AWS_SESSION_TOKEN) };
  const asAgentCore = { tags: event.pathParameters, status: event.queryStringParameters?.clientToken };
  return { statusCode: 200, headers: { 'X-Fixture': 'yes' }, body: JSON.stringify({ ...echo, ...asAgentCore }) };
};
`;
const BROKEN_FUNCTION = 'throw new Error("this bundle does not load");\n';

/** Writes what a synthesis of a small app would leave: a stack with a table, a stack with the rest, and the assets. */
export function writeFixture(change: Change = () => {}): string {
  const directory = mkdtempSync(join(tmpdir(), 'bursar-host-'));
  const keys = {
    echo: writeAsset(directory, FUNCTION),
    broken: writeAsset(directory, BROKEN_FUNCTION),
    judge: writeAsset(directory, JUDGE_FUNCTION),
  };
  const data = createDataTemplate();
  const service = createServiceTemplate(keys);
  change(service, data, keys);
  writeFileSync(join(directory, 'FixtureData.template.json'), JSON.stringify(data));
  writeFileSync(join(directory, 'FixtureService.template.json'), JSON.stringify(service));
  const files = Object.fromEntries(
    Object.values(keys).map((key) => [key, { source: { path: `asset.${key}`, packaging: 'zip' } }]),
  );
  writeFileSync(join(directory, 'FixtureService.assets.json'), JSON.stringify({ files }));
  return directory;
}

// oxlint-disable-next-line typescript/no-explicit-any -- tests reach into it to break it
export type Template = Record<string, any>;

/** @param assets the names of the fixture's bundles, by function */
export type Change = (service: Template, data: Template, assets: Readonly<Record<string, string>>) => void;

function writeAsset(directory: string, code: string): string {
  const hash = createHash('sha256').update(code).digest('hex');
  mkdirSync(join(directory, `asset.${hash}`));
  writeFileSync(join(directory, `asset.${hash}`, 'index.mjs'), code);
  return hash;
}

const EXPORT = 'FixtureData:ExportsOutputRefThings';

function createDataTemplate(): Template {
  return {
    Resources: {
      ThingsTable0A1B2C3D: {
        Type: 'AWS::DynamoDB::Table',
        Properties: {
          AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
          KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
          BillingMode: 'PAY_PER_REQUEST',
        },
      },
    },
    Outputs: { Things: { Value: { Ref: 'ThingsTable0A1B2C3D' }, Export: { Name: EXPORT } } },
  };
}

export const ARN_OF_API = [
  'arn:',
  { Ref: 'AWS::Partition' },
  ':execute-api:',
  { Ref: 'AWS::Region' },
  ':',
  { Ref: 'AWS::AccountId' },
  ':',
  { Ref: 'Api11111111' },
];

function createServiceTemplate(keys: { readonly echo: string; readonly broken: string }): Template {
  return {
    Resources: {
      ...createFunction('Echo', keys.echo, {
        THINGS_TABLE: { 'Fn::ImportValue': EXPORT },
        RPC_URLS: '{"eip155:1":"https://one"}',
      }),
      ...createFunction('Broken', keys.broken, {}),
      Api11111111: { Type: 'AWS::ApiGateway::RestApi', Properties: { Body: createOpenApi() } },
      ApiStage22222222: {
        Type: 'AWS::ApiGateway::Stage',
        Properties: { RestApiId: { Ref: 'Api11111111' }, StageName: 'v1' },
      },
      ...createCallerRole('AgentRole33333333', ['POST/echo', 'POST/broken', 'GET/things/*', 'POST/binary', 'GET/echo']),
      ...createCallerRole('OtherRole44444444', ['GET/things/*']),
      Sweep55555555: {
        Type: 'AWS::Events::Rule',
        Properties: {
          ScheduleExpression: 'rate(1 minute)',
          State: 'ENABLED',
          Targets: [{ Id: 'Target0', Arn: { Ref: 'EchoLive66666666' } }],
        },
      },
    },
    Outputs: {
      AgentRoleArn: { Value: { 'Fn::GetAtt': ['AgentRole33333333', 'Arn'] } },
      OtherRoleArn: { Value: { 'Fn::GetAtt': ['OtherRole44444444', 'Arn'] } },
    },
  };
}

function createFunction(name: string, asset: string, variables: object): object {
  return {
    [`${name}Role77777777`]: {
      Type: 'AWS::IAM::Role',
      Properties: {
        RoleName: { 'Fn::Sub': `Fixture-\${AWS::Region}-${name.toLowerCase()}` },
        Policies: [
          {
            PolicyName: 'things',
            PolicyDocument: {
              Version: '2012-10-17',
              Statement: [
                {
                  Effect: 'Allow',
                  Action: ['dynamodb:GetItem', 'dynamodb:PutItem'],
                  Resource: {
                    'Fn::Sub': [
                      'arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/${Table}',
                      { Table: { 'Fn::ImportValue': EXPORT } },
                    ],
                  },
                  Condition: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['OPEN#*'] } },
                },
              ],
            },
          },
        ],
      },
    },
    [`${name}Function88888888`]: {
      Type: 'AWS::Lambda::Function',
      Properties: {
        Code: { S3Bucket: 'assets', S3Key: `${asset}.zip` },
        Handler: 'index.handler',
        Runtime: 'nodejs24.x',
        Role: { 'Fn::GetAtt': [`${name}Role77777777`, 'Arn'] },
        Timeout: 1,
        MemorySize: 256,
        Environment: { Variables: variables },
      },
    },
    [`${name}Live66666666`]: {
      Type: 'AWS::Lambda::Alias',
      Properties: { Name: 'live', FunctionName: { Ref: `${name}Function88888888` } },
    },
    [`${name}Permission99999999`]: {
      Type: 'AWS::Lambda::Permission',
      Properties: {
        Action: 'lambda:InvokeFunction',
        FunctionName: { Ref: `${name}Live66666666` },
        Principal: 'apigateway.amazonaws.com',
        SourceArn: { 'Fn::Join': ['', [...ARN_OF_API, '/v1/*']] },
      },
    },
  };
}

function createCallerRole(id: string, paths: readonly string[]): object {
  return {
    [id]: { Type: 'AWS::IAM::Role', Properties: {} },
    [`${id}Policy`]: {
      Type: 'AWS::IAM::Policy',
      Properties: {
        Roles: [{ Ref: id }],
        PolicyDocument: {
          Version: '2012-10-17',
          Statement: [
            {
              Effect: 'Allow',
              Action: 'execute-api:Invoke',
              Resource: paths.map((path) => ({ 'Fn::Join': ['', [...ARN_OF_API, `/v1/${path}`]] })),
            },
          ],
        },
      },
    },
  };
}

function createOpenApi(): object {
  const operation = (name: string): object => ({
    security: [{ sigv4: [] }],
    'x-amazon-apigateway-integration': {
      type: 'aws_proxy',
      httpMethod: 'POST',
      uri: {
        'Fn::Join': [
          '',
          [
            'arn:',
            { Ref: 'AWS::Partition' },
            ':apigateway:',
            { Ref: 'AWS::Region' },
            ':lambda:path/2015-03-31/functions/',
            { Ref: `${name}Live66666666` },
            '/invocations',
          ],
        ],
      },
    },
  });
  const failed = { 'application/json': '{"__type":"InternalServerException","message":"Something went wrong"}' };
  return {
    openapi: '3.0.1',
    paths: {
      '/echo': { post: operation('Echo'), get: operation('Echo') },
      '/broken': { post: operation('Broken') },
      '/binary': { post: operation('Echo') },
      '/things/{thingId}': { get: operation('Echo'), delete: operation('Echo') },
      '/things/all': { get: operation('Echo') },
    },
    components: { securitySchemes: { sigv4: { type: 'apiKey', 'x-amazon-apigateway-authtype': 'awsSigv4' } } },
    'x-amazon-apigateway-binary-media-types': ['application/octet-stream'],
    'x-amazon-apigateway-gateway-responses': {
      DEFAULT_4XX: {
        statusCode: 403,
        responseParameters: { 'gatewayresponse.header.x-amzn-errortype': "'AccessDeniedException'" },
        responseTemplates: {
          'application/json': '{"__type":"AccessDeniedException","message":$context.error.messageString}',
        },
      },
      DEFAULT_5XX: {
        statusCode: 500,
        responseParameters: { 'gatewayresponse.header.x-amzn-errortype': "'InternalServerException'" },
        responseTemplates: failed,
      },
    },
  };
}

export interface Call {
  readonly endpoint: string;
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Signs with it; without it the request goes unsigned. */
  readonly key?: AccessKey;
  readonly service?: string;
  readonly at?: Date;
}

/** Sends a request as an AWS client would. */
export async function call({ endpoint, method, path, headers = {}, body, key, service, at }: Call): Promise<Response> {
  const url = new URL(endpoint + path);
  const plain = { ...headers, host: url.host };
  let signed: Record<string, string> = plain;
  if (key !== undefined) {
    const signer = new SignatureV4({
      service: service ?? 'execute-api',
      region: 'us-east-1',
      credentials: key,
      sha256: Sha256,
    });
    const request = {
      protocol: url.protocol,
      hostname: url.hostname,
      method,
      path: url.pathname,
      query: Object.fromEntries(
        [...new Set(url.searchParams.keys())].map((name) => [name, url.searchParams.getAll(name)]),
      ),
      headers: plain,
      body,
    };
    ({ headers: signed } = await signer.sign(request, { signingDate: at ?? new Date() }));
  }
  const { host: _, ...sent } = signed;
  return fetch(url, { method, headers: sent, ...(body === undefined ? {} : { body: body as BodyInit }) });
}
