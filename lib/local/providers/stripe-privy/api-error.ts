/** The error codes that the provider documents, and those that the stand-in needs beside them. */
export type ErrorCode =
  | 'incorrect_quantity_of_authorization_signatures'
  | 'insufficient_correct_authorization_signatures'
  | 'internal_error'
  | 'invalid_credentials'
  | 'invalid_data'
  | 'invalid_idempotency_key'
  | 'missing_or_empty_authorization_header'
  | 'not_found'
  | 'policy_violation'
  | 'rate_limited'
  | 'request_expired'
  | 'user_exists'
  | 'zero_correct_authorization_signatures';

/** A "no" of the API: an HTTP status and what its body says. */
export class ApiError extends Error {
  override readonly name = 'ApiError';

  readonly status: number;
  readonly code: ErrorCode;
  /** Whom or what it is about, where the API says so. */
  readonly about: string | undefined;

  constructor(status: number, code: ErrorCode, message: string, about?: string) {
    super(message);
    this.status = status;
    this.code = code;
    this.about = about;
  }
}

export function toErrorBody({ message, code, about }: ApiError): object {
  return { error: message, code, ...(about === undefined ? {} : { cause: about }) };
}

export function invalid(member: string): ApiError {
  return new ApiError(400, 'invalid_data', `[Input error] \`${member}\`: not what the API takes`);
}

export function notFound(what: string): ApiError {
  return new ApiError(404, 'not_found', `${what} not found`);
}
