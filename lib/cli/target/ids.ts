import type { CliContext } from './context.ts';
import { usageError } from '../terminal/outcome.ts';
import type { Target } from './target.ts';

/** The manager that a command is about. Throws `CliError` where none is known. */
export function requireManager({ managerArn, context, local }: Target): string {
  const known = managerArn ?? context?.paymentManagerArn ?? local?.paymentManagerArn;
  if (known !== undefined) return known;
  throw usageError(
    'no payment manager is known for this endpoint',
    'run `bursar init` first, or name one with --manager',
  );
}

/** The context, where its wallet and session belong to the user and the manager that the command is about. */
export function ownContext(target: Target): CliContext | null {
  const { context, userId } = target;
  if (context === null || context.userId !== userId) return null;
  return context.paymentManagerArn === requireManager(target) ? context : null;
}

export function managerIdOf(arn: string): string {
  return arn.slice(arn.lastIndexOf('/') + 1);
}

/** Whose resources a command is about. Throws `CliError` where no manager is known. */
export function ownerOf(target: Target): { readonly paymentManagerArn: string; readonly userId: string } {
  return { paymentManagerArn: requireManager(target), userId: target.userId };
}

/** The session named, else the one that was created last. Throws `CliError` where there is none. */
export function requireSession(target: Target, named: string | undefined): string {
  const id = named ?? ownContext(target)?.paymentSessionId ?? null;
  if (id !== null) return id;
  throw usageError(`no session is known for user ${target.userId}`, 'run `bursar session create` first, or name one');
}
