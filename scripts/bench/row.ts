/** One line of the scoreboard. Ratios are what counts; the two figures beside them are this machine's, today. */
export interface Row {
  /** As in docs/performance.md: `P1`. */
  readonly id: string;
  readonly name: string;
  readonly ours: Figure;
  /** What ours is put beside; `null` where the limit itself is the only measure. */
  readonly peer: Figure | null;
  readonly peerName: string;
  /** Ours over the peer's, or over the limit where there is no peer. */
  readonly ratio: number;
  readonly target: Target;
  /** From this run's data: why it is missed, or what the figure does not say. */
  readonly note: string | null;
}

export interface Figure {
  readonly value: number;
  readonly unit: string;
}

/** What `ratio` or `ours` must not exceed, or must equal. `none`: printed for information. */
export type Target =
  | { readonly kind: 'ratio_at_most'; readonly value: number }
  | { readonly kind: 'ours_at_most'; readonly value: number }
  | { readonly kind: 'ours_equals'; readonly value: number }
  | { readonly kind: 'none' };

export type Verdict = 'met' | 'not met' | 'for information';

export function verdictOf({ ours, ratio, target }: Pick<Row, 'ours' | 'ratio' | 'target'>): Verdict {
  switch (target.kind) {
    case 'ratio_at_most':
      return ratio <= target.value ? 'met' : 'not met';
    case 'ours_at_most':
      return ours.value <= target.value ? 'met' : 'not met';
    case 'ours_equals':
      return ours.value === target.value ? 'met' : 'not met';
    case 'none':
      return 'for information';
  }
}

/** A row with a peer: the ratio is given, since a median of ratios is not the ratio of two medians. */
export function againstPeer(row: Omit<Row, 'note' | 'peer'> & { readonly peer: Figure; readonly note?: string }): Row {
  return { ...row, note: row.note ?? null };
}

/** A row whose only measure is its limit. */
export function againstLimit(
  id: string,
  name: string,
  ours: Figure,
  limit: { readonly kind: 'ours_at_most' | 'ours_equals'; readonly value: number },
  note?: string,
): Row {
  const ratio = ours.value / limit.value;
  return { id, name, ours, peer: null, peerName: 'limit', ratio, target: limit, note: note ?? null };
}
