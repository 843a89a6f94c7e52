/** What is being done, to wait for. */
export interface UnderWay {
  /** Never rejects, and ends with the task. */
  readonly follow: (task: Promise<unknown>) => Promise<void>;
  readonly idle: () => Promise<void>;
}

export function createUnderWay(): UnderWay {
  const tasks = new Set<Promise<void>>();
  return {
    follow: (task) => {
      const followed: Promise<void> = task.then(
        () => undefined,
        // A page that was closed, mostly: nobody is there to hear of it.
        // A page that was closed, mostly: nobody is there to hear of it.
        () => undefined,
      );
      tasks.add(followed);
      return followed.finally(() => tasks.delete(followed));
    },
    idle: async () => {
      // One may begin another.
      while (tasks.size > 0) await Promise.all(tasks);
    },
  };
}
