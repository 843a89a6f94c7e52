import type { Charge } from '../../lib/domain/payment/charge.ts';
import {
  hashPolicy,
  type Charge as RuleCharge,
  type PolicyDocument,
  type PolicyFacts,
  type PreparedPolicy,
  type Rule,
} from '../../lib/domain/policy/index.ts';
import type { PolicyOwner, PolicyReader, StoredPolicy } from '../../lib/domain/ports/policies.ts';
import { toEpochMs, type Clock } from '../../lib/domain/time.ts';
import { enforce } from '../../lib/service/policing/enforcing.ts';
import { createPolicySource, type PolicySource } from '../../lib/service/policing/policy-source.ts';

/** Keeps policies in memory, and counts how often it is asked and for whom. */
export interface PolicyShelf extends PolicyReader {
  put(owner: PolicyOwner, rules: readonly Rule[]): void;
  remove(owner: PolicyOwner): void;
  readonly asked: (readonly PolicyOwner[])[];
}

export function createPolicyShelf(): PolicyShelf {
  const stored = new Map<string, StoredPolicy>();
  const asked: (readonly PolicyOwner[])[] = [];
  const keyOf = (owner: PolicyOwner) => JSON.stringify(Object.entries(owner).toSorted());
  return {
    asked,
    put: (owner, rules) => {
      const document: PolicyDocument = { version: 1, rules };
      const hash = hashPolicy(document);
      stored.set(keyOf(owner), { owner, hash, document, version: 1, updatedAt: toEpochMs(0), updatedBy: 'test' });
    },
    remove: (owner) => void stored.delete(keyOf(owner)),
    readPolicies: async (owners) => {
      asked.push(owners);
      return owners.flatMap((owner) => stored.get(keyOf(owner)) ?? []);
    },
  };
}

/** The policies of a deployment in which nobody has written one. */
export function unwrittenPolicies(clock: Clock): PolicySource {
  return createPolicySource({ reader: createPolicyShelf(), clock });
}

/** A policy that allows everything and counts each payment for just these. */
export function chargingBy(chargesOf: (facts: PolicyFacts) => readonly Charge[]): PolicySource {
  const ref = { scope: 'user', name: 'test', kind: 'sessionCap' } as const;
  const policy: PreparedPolicy = {
    scope: 'user',
    hash: 'test',
    rules: [
      {
        ref,
        test: ({ facts, charges }) => {
          charges.push(...chargesOf(facts).map((charge) => ({ ...charge, unit: 'usd', rule: ref }) as RuleCharge));
          return null;
        },
      },
    ],
    remembers: new Set(),
    feeds: new Set(),
    tallies: false,
    validityCapSeconds: null,
  };
  return { read: async () => enforce([policy]), lastCapSeconds: () => Infinity };
}
