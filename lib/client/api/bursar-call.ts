/** A call: the path below the endpoint, and what goes into headers and body. */
export interface BursarCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | readonly string[]>>;
  /** As it is; what no header can carry is encoded here. Not sent with a token, which names its user itself. */
  readonly userId?: string;
  readonly agentName?: string | undefined;
  readonly body?: unknown;
}

/** For whom a call is, and which agent makes it. */
export type Caller = Pick<BursarCall, 'userId' | 'agentName'>;
