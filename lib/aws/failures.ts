/** What AWS answered instead of a result. Has the members by which the SDK's errors are known, so that both are judged alike. */
export class ServiceFailure extends Error {
  readonly $fault: 'client' | 'server';
  readonly $metadata: { readonly httpStatusCode: number; readonly requestId: string | undefined; attempts: number };
  /** AWS's clock as it answered. */
  readonly serverTimeMs: number | null;
  /** What the answer held besides its name and message: the item that a condition saw, the reasons of a cancelled transaction. */
  readonly members: Readonly<Record<string, unknown>>;

  constructor(
    answer: {
      readonly name: string;
      readonly message: string;
      readonly status: number;
      readonly requestId: string | undefined;
      readonly serverTimeMs: number | null;
    },
    members: Readonly<Record<string, unknown>>,
  ) {
    super(answer.message);
    this.name = answer.name;
    this.$fault = answer.status < 500 ? 'client' : 'server';
    this.$metadata = { httpStatusCode: answer.status, requestId: answer.requestId, attempts: 1 };
    this.serverTimeMs = answer.serverTimeMs;
    // Not enumerable, so that printing the error does not print the item.
    this.members = members;
    Object.defineProperty(this, 'members', { enumerable: false });
  }
}

/** No answer that can be used: no connection, a broken one, silence, half an answer, a wrong checksum. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
  /** Whether a byte of the request may have left. If none has, nothing can have happened. */
  readonly sent: boolean;

  constructor(message: string, sent: boolean) {
    super(message);
    this.sent = sent;
  }
}
