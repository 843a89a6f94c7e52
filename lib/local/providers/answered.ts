import type { Answer } from './api-server.ts';

/** Answers that are given again to whoever repeats the request. */
const ANSWERS_MAX = 10_000;

export interface Answered {
  /**
   * What was answered to the same request under the same key, or what `run` answers now, once however many ask at the same time.
   * What fails is not remembered.
   * @returns `conflict` where the key came with another request
   */
  once(key: string, request: string, run: () => Promise<Answer>): Promise<Answer | 'conflict'>;
}

/** What is remembered of requests with an idempotency key. @param ageMaxMs for how long */
export function createAnswered({ now, ageMaxMs }: { readonly now: () => number; readonly ageMaxMs: number }): Answered {
  const known = new Map<string, { readonly request: string; readonly at: number; readonly answer: Promise<Answer> }>();
  return {
    once: async (key, request, run) => {
      const earlier = known.get(key);
      if (earlier !== undefined && now() - earlier.at <= ageMaxMs) {
        return earlier.request === request ? earlier.answer : 'conflict';
      }
      const answer = run();
      known.set(key, { request, at: now(), answer });
      if (known.size > ANSWERS_MAX) known.delete(known.keys().next().value!);
      answer.catch(() => known.delete(key));
      return answer;
    },
  };
}
