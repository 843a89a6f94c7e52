/** Which tools may pay. */
export interface AllowList {
  readonly allows: (tool: string) => boolean;
  readonly allow: (...tools: readonly string[]) => void;
  /** Takes tools off the list. Where the last is gone, none may pay; where all may, all others still may. */
  readonly disallow: (...tools: readonly string[]) => void;
}

export function createAllowList(tools: readonly string[] | 'all'): AllowList {
  const others = tools === 'all';
  const named = new Map(others ? [] : tools.map((tool) => [tool, true]));
  const name = (names: readonly string[], may: boolean): void => names.forEach((tool) => named.set(tool, may));
  return {
    allows: (tool) => named.get(tool) ?? others,
    allow: (...names) => name(names, true),
    disallow: (...names) => name(names, false),
  };
}
