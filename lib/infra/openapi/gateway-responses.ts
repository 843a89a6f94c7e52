import { GATEWAY_EXPOSED_HEADERS } from '../../contract/exposed-headers.ts';
import { BODY_MAX_BYTES } from '../../domain/limits.ts';

/** One kind of error that API Gateway answers by itself, in the form of the `x-amazon-apigateway-gateway-responses` extension. */
export interface GatewayResponse {
  readonly statusCode: number;
  readonly responseParameters: Readonly<Record<string, string>>;
  readonly responseTemplates: Readonly<Record<string, string>>;
}

/** Replaced by API Gateway with its own message, quoted. */
const OWN_MESSAGE = '$context.error.messageString';

interface WireError {
  readonly status: number;
  readonly name: string;
  /** A JSON text, or the variable that becomes one. */
  readonly message: string;
  /** A member beside the message: a variable whose text is escaped for JSON by who sets it, and empty where nobody does. */
  readonly detail?: string;
  readonly reason?: 'CannotParse' | 'FieldValidationFailed';
}

const denied: WireError = { status: 403, name: 'AccessDeniedException', message: OWN_MESSAGE };
/** The authorizer of tokens says why it let nobody in (`lib/api/jwt-authorizer.ts`); signatures are API Gateway's own to judge. */
const notAdmitted: WireError = { ...denied, detail: '$context.authorizer.refusal' };
const throttled: WireError = { status: 429, name: 'ThrottlingException', message: '"Rate exceeded"' };
const failed: WireError = {
  status: 500,
  name: 'InternalServerException',
  message: '"Something went wrong in processing your request"',
};
const unreadable: WireError = {
  status: 400,
  name: 'ValidationException',
  message: OWN_MESSAGE,
  reason: 'CannotParse',
};
const tooLarge: WireError = {
  ...unreadable,
  message: `"The request body is too large: expected at most ${BODY_MAX_BYTES} bytes"`,
};

/** Without these, an error that never reaches a function has a shape that no AWS client understands. */
const WIRE_ERRORS: Readonly<Record<string, WireError>> = {
  ACCESS_DENIED: notAdmitted,
  EXPIRED_TOKEN: denied,
  INVALID_API_KEY: denied,
  INVALID_SIGNATURE: denied,
  MISSING_AUTHENTICATION_TOKEN: denied,
  UNAUTHORIZED: denied,
  WAF_FILTERED: denied,
  QUOTA_EXCEEDED: throttled,
  THROTTLED: throttled,
  API_CONFIGURATION_ERROR: failed,
  AUTHORIZER_CONFIGURATION_ERROR: failed,
  AUTHORIZER_FAILURE: failed,
  DEFAULT_5XX: failed,
  INTEGRATION_FAILURE: failed,
  INTEGRATION_TIMEOUT: failed,
  BAD_REQUEST_BODY: unreadable,
  BAD_REQUEST_PARAMETERS: { ...unreadable, reason: 'FieldValidationFailed' },
  DEFAULT_4XX: unreadable,
  REQUEST_TOO_LARGE: tooLarge,
  UNSUPPORTED_MEDIA_TYPE: unreadable,
};

/** What API Gateway answers when a request does not reach a function: the error shapes of AWS's own services. */
export const GATEWAY_RESPONSES: Readonly<Record<string, GatewayResponse>> = Object.fromEntries(
  Object.entries(WIRE_ERRORS).map(([type, error]) => [type, toGatewayResponse(error)]),
);

function toGatewayResponse({ status, name, message, detail, reason }: WireError): GatewayResponse {
  // The message is spliced in as it is: the variable stands outside quotes because API Gateway brings its own.
  const members = [`"__type":"${name}"`, `"message":${message}`];
  if (detail !== undefined) members.push(`"detail":"${detail}"`);
  if (reason !== undefined) members.push(`"reason":"${reason}"`);
  return {
    statusCode: status,
    responseParameters: { 'gatewayresponse.header.x-amzn-errortype': `'${name}'` },
    responseTemplates: { 'application/json': `{${members.join(',')}}` },
  };
}

/**
 * The same for pages to read as well. API Gateway can only say back which origin asked; these answers are of requests that nobody
 * was let in with, and hold nothing of a deployment.
 */
export function withOrigin(responses: typeof GATEWAY_RESPONSES): typeof GATEWAY_RESPONSES {
  const added = {
    'gatewayresponse.header.Access-Control-Allow-Origin': 'method.request.header.Origin',
    'gatewayresponse.header.Access-Control-Expose-Headers': `'${GATEWAY_EXPOSED_HEADERS.join(',')}'`,
    'gatewayresponse.header.Vary': "'Origin'",
  };
  return Object.fromEntries(
    Object.entries(responses).map(([type, response]) => [
      type,
      { ...response, responseParameters: { ...response.responseParameters, ...added } },
    ]),
  );
}
