import { isAddress, isAddressEqual } from 'viem';
import type { Delegation, Project } from './project.ts';

/** The delegation that counts for an account: its own or the one for all of the user's, an active one first. */
export function findDelegation(project: Project, userId: string, address: string): Delegation | null {
  const own = project
    .delegations()
    .filter((each) => each.userId === userId && (each.address === null || isSameAddress(each.address, address)));
  return own.find(({ revoked }) => !revoked) ?? own.at(-1) ?? null;
}

export function isActive({ expiresAt, revoked }: Delegation, now: Date): boolean {
  return !revoked && Date.parse(expiresAt) > now.getTime();
}

/** Of EVM chains whatever the case of its letters. */
export function isSameAddress(a: string | null, b: string | null): boolean {
  const isEvm = a !== null && b !== null && [a, b].every((each) => isAddress(each, { strict: false }));
  return isEvm ? isAddressEqual(a as `0x${string}`, b as `0x${string}`) : a === b;
}
