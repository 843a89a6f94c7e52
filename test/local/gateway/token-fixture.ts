import { ARN_OF_API, type Template } from '../host-fixture.ts';

/** A Lambda authorizer that does what the bearer token says, and passes on in its context what it was shown. */
export const JUDGE_FUNCTION = `
export const handler = async (event) => {
  console.log('judging ' + event.methodArn);
  const [, token] = event.headers.authorization.split(' ');
  if (token === 'unauthorized') throw new Error('Unauthorized');
  if (token === 'throw') throw new Error('planted');
  if (token === 'hang') await new Promise(() => setInterval(() => {}, 1000));
  if (token === 'text') return 'hello';
  const Effect = token === 'deny' || token === 'told' ? 'Deny' : 'Allow';
  const Resource = token === 'elsewhere' ? event.methodArn.replace('/oauth/', '/other/') : event.methodArn;
  return {
    principalId: 'ada',
    policyDocument: { Version: '2012-10-17', Statement: [{ Effect, Action: 'execute-api:Invoke', Resource }] },
    context: token === 'told' ? { refusal: 'not \\\\"yours\\\\"' } : token === 'deep' ? { claims: { sub: 'ada' } } : { shown: JSON.stringify(event), count: 2, principalId: 'eve' },
  };
};
`;

const FUNCTION = 'JudgeFunction88888888';

/** Adds the echo function a second time under /oauth, where a Lambda authorizer judges tokens. */
export function addTokenRoute({ Resources }: Template, assets: Readonly<Record<string, string>>): void {
  const integration = Resources.Api11111111.Properties.Body.paths['/echo'].post['x-amazon-apigateway-integration'];
  const uri = JSON.parse(JSON.stringify(integration.uri).replace('EchoLive66666666', 'JudgeLive66666666'));
  const { paths, components } = Resources.Api11111111.Properties.Body;
  const operation = { security: [{ jwt: [] }], 'x-amazon-apigateway-integration': integration };
  paths['/oauth/echo'] = { post: operation };
  paths['/oauth/things/{thingId}'] = { get: { ...operation, 'x-amazon-apigateway-auth': { type: 'CUSTOM' } } };
  components.securitySchemes.jwt = {
    type: 'apiKey',
    name: 'Authorization',
    in: 'header',
    'x-amazon-apigateway-authtype': 'custom',
    'x-amazon-apigateway-authorizer': {
      type: 'request',
      identitySource: 'method.request.header.Authorization',
      authorizerResultTtlInSeconds: 0,
      authorizerUri: uri,
    },
  };
  Resources[FUNCTION] = structuredClone(Resources.EchoFunction88888888);
  Resources[FUNCTION].Properties.Code.S3Key = `${assets['judge']}.zip`;
  Resources.JudgeLive66666666 = {
    Type: 'AWS::Lambda::Alias',
    Properties: { Name: 'live', FunctionName: { Ref: FUNCTION } },
  };
  Resources.JudgePermission99999999 = {
    Type: 'AWS::Lambda::Permission',
    Properties: {
      Action: 'lambda:InvokeFunction',
      FunctionName: { Ref: 'JudgeLive66666666' },
      Principal: 'apigateway.amazonaws.com',
      SourceArn: { 'Fn::Join': ['', [...ARN_OF_API, '/authorizers/*']] },
    },
  };
}
