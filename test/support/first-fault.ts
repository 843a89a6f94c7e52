import type { Fault, StoreHop } from './store-hop.ts';

/** Spoils the next call only: the SDK's own repetition of it gets through. */
export function spoilFirst(hop: StoreHop, fault: Fault): void {
  let spoiled = false;
  hop.setFaults(() => {
    if (spoiled) return null;
    spoiled = true;
    return fault;
  });
}
