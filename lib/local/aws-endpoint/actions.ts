import type { Caller } from './authorization.ts';
import type { Input } from './members.ts';

/** What a service does, by the action's name. An action throws `AwsError` for every answer that is an error. */
export type Actions = Readonly<Record<string, (caller: Caller, input: Input) => Promise<object>>>;
