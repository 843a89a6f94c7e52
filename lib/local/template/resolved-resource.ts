import { TemplateError, type Resolver, type Resource, type Stack } from './intrinsics.ts';

/** One resource with its properties resolved when they are first looked at. */
export interface ResolvedResource {
  readonly stack: string;
  readonly logicalId: string;
  readonly type: string;
  readonly ref: string;
  /** The ARN, for types that have one. */
  arn(): string;
  property(name: string): unknown;
  text(name: string): string;
  error(problem: string): TemplateError;
}

export type FindResources = (type: string) => readonly ResolvedResource[];

/** Finds the resources of a type in all stacks, those whose condition holds. */
export function createFinder(stacks: readonly Stack[], resolver: Resolver): FindResources {
  const toResolved = (stack: Stack, logicalId: string, resource: Resource): ResolvedResource => {
    const error = (problem: string): TemplateError => new TemplateError(`${stack.name}, ${logicalId}: ${problem}`);
    const property = (name: string): unknown =>
      resolver.resolve(stack, resource.Properties?.[name], `${logicalId}.${name}`);
    return {
      stack: stack.name,
      logicalId,
      type: resource.Type,
      ref: String(resolver.resolve(stack, { Ref: logicalId }, logicalId)),
      arn: () => String(resolver.resolve(stack, { 'Fn::GetAtt': [logicalId, 'Arn'] }, logicalId)),
      property,
      text: (name) => {
        const value = property(name);
        if (typeof value !== 'string') throw error(`${name} must be text, found ${JSON.stringify(value)}`);
        return value;
      },
      error,
    };
  };
  return (type) =>
    stacks.flatMap((stack) =>
      Object.entries(stack.template.Resources)
        .filter(([, resource]) => resource.Type === type && resolver.holds(stack, resource.Condition))
        .map(([logicalId, resource]) => toResolved(stack, logicalId, resource)),
    );
}
