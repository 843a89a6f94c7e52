import type { Answer } from '../api-server.ts';
import type { Treasury } from './funding.ts';
import type { Project } from './project.ts';

/** As the published description names them. */
export type OperationId =
  | 'createEndUser'
  | 'getEndUser'
  | 'lookupEndUser'
  | 'addEndUserEvmAccount'
  | 'signEvmTypedDataWithEndUserAccount'
  | 'getDelegationForEndUser'
  | 'revokeDelegationForEndUser'
  | 'getDelegationForEndUserAccount'
  | 'revokeDelegationForEndUserAccount'
  | 'createEvmAccount'
  | 'getEvmAccount'
  | 'signEvmTypedData'
  | 'createPolicy'
  | 'requestEvmFaucet'
  | 'addEndUserSolanaAccount'
  | 'createSolanaAccount'
  | 'requestSolanaFaucet'
  | 'createOnrampSession';

export interface Call {
  readonly project: Project;
  readonly treasury: Treasury;
  /** Of the stand-in, as the request has it. */
  readonly origin: string;
  readonly now: Date;
  /** Whether the project may sign for end users at all. */
  readonly delegatedSigning: 'enabled' | 'disabled';
  /** Of the path, by name. */
  readonly names: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** A JSON object; empty where the request has no body. */
  readonly body: Readonly<Record<string, unknown>>;
}

export interface Operation {
  readonly id: OperationId;
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Below `/platform`, with `{name}` for a member of the path. */
  readonly path: string;
  /** Whether the wallet token is asked for. */
  readonly wallet: 'required' | 'unused';
  run(call: Call): Promise<Answer> | Answer;
}
