import { isAddressEqual, type Hex } from 'viem';
import type { Delegation, Project } from './project.ts';

/** The delegation that counts for an account: its own or the one for all of the user's, an active one first. */
export function findDelegation(project: Project, userId: string, address: Hex): Delegation | null {
  const own = project
    .delegations()
    .filter((each) => each.userId === userId && (each.address === null || isAddressEqual(each.address, address)));
  return own.find(({ revoked }) => !revoked) ?? own.at(-1) ?? null;
}

export function isActive({ expiresAt, revoked }: Delegation, now: Date): boolean {
  return !revoked && Date.parse(expiresAt) > now.getTime();
}
