/** The error types of the published description that the stand-in answers with. */
export type ErrorType =
  | 'already_exists'
  | 'bad_gateway'
  | 'delegation_expired'
  | 'delegation_not_enabled'
  | 'delegation_not_found'
  | 'delegation_revoked'
  | 'faucet_limit_exceeded'
  | 'forbidden'
  | 'idempotency_error'
  | 'internal_server_error'
  | 'invalid_request'
  | 'not_found'
  | 'payment_method_required'
  | 'policy_violation'
  | 'rate_limit_exceeded'
  | 'service_unavailable'
  | 'timed_out'
  | 'unauthorized';

/** A "no" of the API: an HTTP status and the body `Error` of the description. */
export class ApiError extends Error {
  override readonly name = 'ApiError';

  readonly status: number;
  readonly errorType: ErrorType;

  constructor(status: number, errorType: ErrorType, message: string) {
    super(message);
    this.status = status;
    this.errorType = errorType;
  }
}

export function toErrorBody({ errorType, message }: ApiError): object {
  return {
    errorType,
    errorMessage: message,
    correlationId: 'local',
    errorLink: `https://docs.cdp.coinbase.com/api-reference/v2/errors#${errorType.replaceAll('_', '-')}`,
  };
}

export function invalid(member: string): ApiError {
  return new ApiError(400, 'invalid_request', `${member} is not what the description says`);
}
