import { OPERATIONS, type OperationName } from '../../lib/api/operations.ts';
import type { ApiEvent } from '../../lib/api/http.ts';

/** An event as API Gateway makes it. */
export function makeEvent(
  operation: OperationName,
  parts: Partial<ApiEvent> & { readonly json?: unknown } = {},
): ApiEvent {
  const { method, path } = OPERATIONS[operation];
  const { json, ...rest } = parts;
  return {
    httpMethod: method,
    resource: path,
    path,
    headers: { 'X-Amzn-Bedrock-AgentCore-Payments-User-Id': 'user-1', 'content-type': 'application/json' },
    multiValueHeaders: null,
    pathParameters: null,
    queryStringParameters: null,
    multiValueQueryStringParameters: null,
    body: json === undefined ? null : JSON.stringify(json),
    isBase64Encoded: false,
    requestContext: { requestId: '11111111-2222-3333-4444-555555555555' },
    ...rest,
  };
}
