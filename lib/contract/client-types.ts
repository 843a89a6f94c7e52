import type * as v from 'valibot';
import type { ANSWERS } from './answers.ts';
import type { Immutable } from './immutable.ts';
import type { OperationName } from './operations.ts';
import type { REQUESTS } from './requests.ts';

/** What a caller sends: the members of body, path and query together, by their names on the wire. */
export type CallInput<N extends OperationName> = Immutable<v.InferInput<(typeof REQUESTS)[N]>>;

/** What a caller gets; `null` where the operation answers nothing. */
export type Answer<N extends OperationName> = Immutable<v.InferOutput<(typeof ANSWERS)[N]>>;
