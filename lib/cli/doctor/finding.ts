/** What one check came to. */
export interface Finding {
  /** A stable name for programs. */
  readonly id: string;
  readonly what: string;
  readonly status: 'ok' | 'warn' | 'fail' | 'skip';
  readonly detail: string;
  /** What to do about it. */
  readonly mend?: string;
}

type Make = (detail: string, mend?: string) => Finding;

/** The four ends of one check. */
export function findingsOf(id: string, what: string): Readonly<Record<Finding['status'], Make>> {
  const make =
    (status: Finding['status']): Make =>
    (detail, mend) => ({ id, what, status, detail, ...(mend === undefined ? {} : { mend }) });
  return { ok: make('ok'), warn: make('warn'), fail: make('fail'), skip: make('skip') };
}
