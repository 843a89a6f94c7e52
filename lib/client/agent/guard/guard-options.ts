/** Finds the addresses of a host's name. */
export type Resolve = (host: string) => Promise<readonly string[]>;

/** What a guarded fetch may ask. */
export interface GuardOptions {
  /** Whether this machine may be asked, in plain http too: for a local stack, and tests. @default false */
  readonly allowLoopback?: boolean | undefined;
  /** Blocks of addresses (CIDR) that may be asked besides those of the internet: of a network of one's own. @default - none */
  readonly allowRanges?: readonly string[] | undefined;
  /** @default - the system's */
  readonly resolve?: Resolve | undefined;
}

/**
 * A `fetch` for URLs that a model chose: over https, to addresses of the internet alone, at every redirect. What it needs is loaded
 * at its first call, and is there only where Node's modules are. Throws `CallRefused` for what may not be asked.
 */
export function createGuardedFetch(options: GuardOptions = {}): typeof fetch {
  let made: Promise<typeof fetch> | undefined;
  const make = async () => (await import('./guarded-fetch.ts')).guardFetch(options);
  return async (input, init) => {
    made ??= make();
    return (await made)(input, init);
  };
}
