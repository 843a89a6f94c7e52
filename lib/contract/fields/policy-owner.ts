import * as v from 'valibot';
import type { Arn } from '../../domain/ids.ts';

/** The members that name whose policy is meant. */
interface OwnerMembers {
  readonly scope: string;
  readonly paymentManagerArn?: Arn<string> | null | undefined;
  readonly agentName?: string | undefined;
  readonly paymentSessionId?: string | undefined;
}

/** Each scope has the members that name its owner, and no others: what is ignored would mislead. */
function owned<T extends OwnerMembers>(names: readonly (keyof T & string)[], needs: (scope: string) => string[]) {
  return v.rawCheck<T>(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    const { value: input } = dataset;
    const needed = needs(input.scope);
    for (const key of names) {
      const isThere = input[key] !== undefined;
      if (isThere === needed.includes(key)) continue;
      const message = isThere ? `is no member of a policy of the ${input.scope}` : 'is required';
      // What was checked above is an object with members of these names.
      const members = input as unknown as Record<string, unknown>;
      addIssue({ message, path: [{ type: 'object', origin: 'value', input: members, key, value: input[key] }] });
    }
  });
}

export function controlOwned<T extends OwnerMembers>() {
  return owned<T>(['paymentManagerArn', 'agentName'], (scope) => [
    ...(scope === 'deployment' ? [] : ['paymentManagerArn']),
    ...(scope === 'agent' ? ['agentName'] : []),
  ]);
}

export function dataOwned<T extends OwnerMembers>() {
  return owned<T>(['agentName', 'paymentSessionId'], (scope) => [
    ...(scope === 'agent' ? ['agentName'] : []),
    ...(scope === 'session' ? ['paymentSessionId'] : []),
  ]);
}

export function toControl<T extends OwnerMembers>({ paymentManagerArn, ...members }: T) {
  const manager: OwnerMembers['paymentManagerArn'] = paymentManagerArn;
  return { ...members, manager };
}

export function toData<T extends OwnerMembers>({ paymentManagerArn, paymentSessionId, ...members }: T) {
  const manager: OwnerMembers['paymentManagerArn'] = paymentManagerArn;
  const sessionId: string | undefined = paymentSessionId;
  return { ...members, manager, sessionId };
}
