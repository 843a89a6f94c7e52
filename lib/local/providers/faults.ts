/** What goes wrong with one request. `ErrorType` is what a provider names its errors by. */
export type Fault<ErrorType extends string = string> =
  /** An answer of that status, with the provider's body of an error. */
  | { readonly kind: 'status'; readonly status: number; readonly errorType?: ErrorType }
  /** The request is not looked at, and the connection ends. */
  | { readonly kind: 'drop' }
  /** The request is done, and the connection ends before the answer. */
  | { readonly kind: 'answer_lost' }
  /** The request is done, and the answer ends in its middle. */
  | { readonly kind: 'cut' }
  /** The answer's head comes, and the rest of it later or never. */
  | { readonly kind: 'slow_body' }
  /** Nothing is ever answered. */
  | { readonly kind: 'silent' }
  /** The answer waits for as long as the promise of it does. */
  | { readonly kind: 'late'; readonly until: Promise<unknown> }
  /** A good status, and a body that is not what it should be. */
  | { readonly kind: 'body'; readonly body: string };

export interface PlannedFault<OperationId extends string, ErrorType extends string> {
  /** @default - any */
  readonly operation?: OperationId;
  readonly fault: Fault<ErrorType>;
  /** @default 1 */
  readonly times?: number;
}

export interface Faults<OperationId extends string = string, ErrorType extends string = string> {
  plan(planned: PlannedFault<OperationId, ErrorType>): void;
  /** The fault of the next request of an operation, used up by asking. */
  take(operation: OperationId): Fault<ErrorType> | null;
  clear(): void;
}

/** Faults on demand, in the order in which they were asked for. */
export function createFaults<OperationId extends string, ErrorType extends string>(): Faults<OperationId, ErrorType> {
  let plans: { readonly operation: OperationId | undefined; readonly fault: Fault<ErrorType>; left: number }[] = [];
  return {
    plan: ({ operation, fault, times = 1 }) => void plans.push({ operation, fault, left: times }),
    take: (operation) => {
      const next = plans.find((plan) => plan.operation === undefined || plan.operation === operation);
      if (next === undefined) return null;
      next.left -= 1;
      plans = plans.filter(({ left }) => left > 0);
      return next.fault;
    },
    clear: () => {
      plans = [];
    },
  };
}
