import { appendFileSync } from 'node:fs';

/** One event as a rule's target gets it. */
export interface BusEvent {
  readonly id: string;
  readonly bus: string;
  readonly source: string;
  readonly detailType: string;
  /** RFC 3339, whole seconds, as EventBridge has them. */
  readonly time: string;
  readonly detail: unknown;
}

export interface EventBuses {
  has(name: string): boolean;
  accept(event: BusEvent): void;
  /** The latest, oldest first. */
  events(): readonly BusEvent[];
}

const EVENTS_KEPT_MAX = 10_000;

/**
 * The buses of the templates: what is put on them is kept in memory and, line by line, in a file. Plays no rules.
 * @param path `null` keeps nothing
 */
export function createEventBuses(names: readonly string[], path: string | null): EventBuses {
  const kept: BusEvent[] = [];
  return {
    has: (name) => names.includes(name),
    accept: (event) => {
      kept.push(event);
      if (kept.length > EVENTS_KEPT_MAX) kept.shift();
      if (path !== null) appendFileSync(path, `${JSON.stringify(event)}\n`);
    },
    events: () => [...kept],
  };
}
