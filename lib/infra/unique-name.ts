import { Aws, Fn } from 'aws-cdk-lib';

/**
 * A name that no resource of an earlier stack with this name can hold: what survives a deletion keeps its name, and would be
 * in the way of the next deployment. It begins as asked and ends in eight characters of the stack's own id.
 */
export function uniqueName(beginning: string): string {
  const stackUuid = Fn.select(2, Fn.split('/', Aws.STACK_ID));
  return `${beginning}-${Fn.select(0, Fn.split('-', stackUuid))}`;
}
