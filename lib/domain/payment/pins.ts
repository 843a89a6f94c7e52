/** What alone may pay within a session. It is said when the session is opened, and never changes. */
export interface SessionPins {
  readonly instrumentId?: string | undefined;
  /** As calls state it: the caller's word. */
  readonly agentName?: string | undefined;
  /** A role's ARN, or the client of a token. */
  readonly caller?: string | undefined;
}

export type PinnedTo = 'instrument' | 'agent' | 'caller';

/** What a payment has that the session is pinned against; `null`: nothing. What is not stated is not what was pinned. */
export function pinMismatch(
  pins: SessionPins | undefined,
  of: { readonly instrumentId: string; readonly agentName: string | null; readonly caller: string },
): PinnedTo | null {
  if (pins === undefined) return null;
  const { instrumentId = of.instrumentId, agentName = of.agentName, caller = of.caller } = pins;
  if (instrumentId !== of.instrumentId) return 'instrument';
  if (agentName !== of.agentName) return 'agent';
  return caller === of.caller ? null : 'caller';
}
