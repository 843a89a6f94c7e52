/** An answer that is an AWS error: the name that SDKs throw it by, and AWS's text. */
export class AwsError extends Error {
  override readonly name: string;
  readonly status: number;

  constructor(name: string, message: string, status = 400) {
    super(message);
    this.name = name;
    this.status = status;
  }
}

/** What both services answer to a malformed member. */
export function validationError(message: string): AwsError {
  return new AwsError('ValidationException', message);
}
