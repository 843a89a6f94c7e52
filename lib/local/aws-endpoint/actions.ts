import type { Caller } from './authorization.ts';
import type { Input } from './members.ts';

/** Where an endpoint stands; part of every ARN. */
export interface AwsPlace {
  readonly partition: string;
  readonly region: string;
  readonly account: string;
}

/** What a service does, by the action's name. An action throws `AwsError` for every answer that is an error. */
export type Actions = Readonly<Record<string, (caller: Caller, input: Input) => Promise<object>>>;
