/** One operation of a history as its caller saw it. */
export interface Operation<Call, Reply> {
  readonly call: Call;
  readonly sentAt: number;
  /** `null`: no answer came. It may have taken effect at any time after it was sent, or never. */
  readonly answer: { readonly at: number; readonly reply: Reply } | null;
}

/** What one object does, one operation after the other. */
export interface Specification<State, Call, Reply> {
  readonly start: State;
  readonly step: (state: State, call: Call) => { readonly state: State; readonly reply: Reply };
  readonly sameReply: (expected: Reply, seen: Reply) => boolean;
  /** Equal exactly for equal states. */
  readonly keyOf: (state: State) => string;
}

/** So much is tried for one history; beyond it nobody knows. */
const STEPS_MAX = 200_000;

/**
 * Whether there is an order of the operations that explains every answer, in which each takes effect between its request and
 * its answer (Wing and Gong's search, with the visited states remembered as Lowe proposed).
 */
export function isLinearizable<State, Call, Reply>(
  history: readonly Operation<Call, Reply>[],
  { start, step, sameReply, keyOf }: Specification<State, Call, Reply>,
): 'yes' | 'no' | 'undecided' {
  const operations = history.toSorted((a, b) => a.sentAt - b.sentAt);
  const seen = new Set<string>();
  let steps = 0;
  /** Depth first, with a stack of its own: histories are longer than a call stack should be deep. */
  const stack: { readonly state: State; readonly done: ReadonlySet<number> }[] = [{ state: start, done: new Set() }];
  while (stack.length > 0) {
    const { state, done } = stack.pop()!;
    const open = operations.flatMap((operation, index) => (done.has(index) ? [] : [{ operation, index }]));
    // What was never answered need not have taken effect.
    if (open.every(({ operation }) => operation.answer === null)) return 'yes';
    const firstAnswerAt = Math.min(...open.map(({ operation }) => operation.answer?.at ?? Infinity));
    for (const { operation, index } of open.toReversed()) {
      // Something else was answered before this was sent, so that it comes first.
      if (operation.sentAt > firstAnswerAt) continue;
      const { state: next, reply } = step(state, operation.call);
      if (operation.answer !== null && !sameReply(reply, operation.answer.reply)) continue;
      const reached = new Set(done).add(index);
      const key = `${[...reached].toSorted((a, b) => a - b).join()}|${keyOf(next)}`;
      if (seen.has(key)) continue;
      seen.add(key);
      steps += 1;
      if (steps > STEPS_MAX) return 'undecided';
      stack.push({ state: next, done: reached });
    }
  }
  return 'no';
}
