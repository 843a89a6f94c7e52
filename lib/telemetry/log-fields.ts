/**
 * What a request's log line may say besides the members of every request. None is secret. Ids, addresses and names are checked
 * before they come here; `agentName` is the one text that a caller is free to choose.
 * Names begin with a small letter and those of metrics and dimensions with a capital, so that the two share a line.
 */
export interface LogFields {
  readonly paymentId?: string;
  readonly sessionId?: string;
  readonly instrumentId?: string;
  readonly managerId?: string;
  readonly connectorId?: string;
  /** At most `AGENT_NAME_MAX_CHARS`. */
  readonly agentName?: string;
  /** Where the call says that it buys: scheme, host and port. */
  readonly origin?: string;
  /** What the call says that it buys for, shortened and printable. */
  readonly tool?: string;
  /** The rule of a spend policy that refused, after its scope, as `user/per-call`. */
  readonly rule?: string;
  /** The address that is paid, with the checksum of EIP-55. */
  readonly payee?: string;
  /** A CAIP-2 id. */
  readonly network?: string;
  /** The symbol of our asset table. */
  readonly asset?: string;
  readonly amountUsd?: string;
  /** What the session had left: now, or once this payment was reserved or denied. */
  readonly remainingUsd?: string;
  /** The session's limit; absent for one without. */
  readonly limitUsd?: string;
  /** When the session was created, RFC 3339 in UTC. */
  readonly sessionStartedAt?: string;
  /** Present where the answer is one that was given before. */
  readonly replayed?: true;
  /** Whose spend policy was changed, and the hash that it has since; without one where it was removed. */
  readonly policyScope?: string;
  readonly policyHash?: string;
  /** What was frozen or thawed. */
  readonly freezeScope?: string;
  /** SHA-256 of the list that was imported. */
  readonly feedHash?: string;
  /** Which of a manager's conditions a token did not meet. */
  readonly tokenCheck?: string;
}
