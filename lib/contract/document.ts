import type * as v from 'valibot';
import type { Immutable } from './immutable.ts';
import type { OperationTable } from './route.ts';

type Schemas<R extends OperationTable> = Readonly<Record<keyof R, v.GenericSchema>>;

interface RequestDocument<Q extends v.GenericSchema> {
  /** One line. */
  readonly summary: string;
  /** An example: body, path and query together. */
  readonly request: Immutable<v.InferInput<Q>>;
  /** Members of the request that the service leaves to a protocol to read, described for people and tools. */
  readonly members?: Readonly<Record<string, v.GenericSchema>>;
}

/** An operation that never succeeds has no answer to show. */
type AnswerDocument<A extends v.GenericSchema> = [v.InferInput<A>] extends [never]
  ? { readonly answer?: never }
  : { readonly answer: Immutable<v.InferInput<A>> };

/** What the published documents say of a family of operations. No function and no client carries it. */
export interface FamilyDocument<R extends OperationTable, Q extends Schemas<R>, A extends Schemas<R>> {
  /** The heading under which a reader finds the operations. */
  readonly tag: string;
  readonly description: string;
  readonly operations: { readonly [N in keyof R]: RequestDocument<Q[N]> & AnswerDocument<A[N]> };
}
