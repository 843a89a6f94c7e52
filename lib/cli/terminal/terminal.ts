/** The terminal, or whatever stands in its place. */
export interface Terminal {
  /** Results. Resolves when the bytes are on their way, so that a slow reader slows the writer. */
  out(data: string | Uint8Array): Promise<void>;
  /** Progress, prompts and errors. */
  err(text: string): void;
  /** Whether somebody is there to answer. */
  readonly interactive: boolean;
  /** Whether results go to a screen, not to a file or another program. */
  readonly screen: boolean;
  /** How wide the screen is; `null` where results go to none. */
  readonly columns: number | null;
  /** Whether colours are wanted: a screen, and no NO_COLOR. */
  readonly color: boolean;
  /** Asks for one line, on stderr. `null`: the input ended. */
  ask(question: string): Promise<string | null>;
  /** The same, and what is typed is not shown. */
  askSecret(question: string): Promise<string | null>;
}

/** Text of others with its control characters replaced: nothing that a seller or an agent wrote may steer a terminal. */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\u{FFFD}');
}

const COLORS = { green: 32, yellow: 33, red: 31, dim: 2, bold: 1 } as const;

export function paint({ color }: Pick<Terminal, 'color'>, name: keyof typeof COLORS, text: string): string {
  return color ? `\u{1B}[${COLORS[name]}m${text}\u{1B}[0m` : text;
}
