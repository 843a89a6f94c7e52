import { printable, type Terminal } from './terminal.ts';

/** The least that a column is cut to in a table that is wider than the screen. */
const CELL_MIN_CHARS = 8;
const GAP = 2;
/** Names that are longer stand on a line of their own. */
const NAME_MAX_CHARS = 32;
/** No screen is narrower than what can be read. */
const COLUMNS_MIN = 40;

/** Breaks a text between words. A word that is longer than a line, such as a URL, stays whole, so that it can be copied. */
export function wrap(text: string, columns: number | null, indent = 0): string {
  if (columns === null) return text;
  const width = Math.max(columns, COLUMNS_MIN);
  const lines: string[] = [];
  let line = '';
  for (const [index, word] of text.split(' ').entries()) {
    if (index > 0 && line.length + 1 + word.length > width && line.trim() !== '') {
      lines.push(line);
      line = ' '.repeat(indent) + word;
    } else line = index === 0 ? word : `${line} ${word}`;
  }
  return [...lines, line].join('\n');
}

/** How far the text of `seller   says: ...` stands to the right. */
const NOTE_INDENT = 9;

/** Writes one line to stderr, broken between words where the screen ends. What strangers wrote must be printable already. */
export function tell(terminal: Pick<Terminal, 'err' | 'columns'>, line: string, indent: number = NOTE_INDENT): void {
  terminal.err(`${wrap(line, terminal.columns, indent)}\n`);
}

export interface TableOptions {
  /** Of the screen; `null` for what is no screen. */
  readonly columns: number | null;
  /** Which columns may be cut, by their index; the widest gives first. */
  readonly shrink: readonly number[];
  /** Which of them lose their beginning, since URLs differ at their ends. @default - none */
  readonly keepEnd?: readonly number[];
}

/** Columns of equal width, two spaces apart; the cells are made printable. What does not fit the screen is cut, and ends in `…`. */
export function formatTable(
  rows: readonly (readonly string[])[],
  { columns, shrink, keepEnd = [] }: TableOptions = { columns: null, shrink: [] },
): string {
  const cells = rows.map((row) => row.map(printable));
  const widths = (cells[0] ?? []).map((_, column) => Math.max(...cells.map((row) => (row[column] ?? '').length)));
  if (columns !== null) cutWidths(widths, Math.max(columns, COLUMNS_MIN), shrink);
  return cells
    .map((row) =>
      row
        .map((cell, column) => cut(cell, widths[column] ?? 0, keepEnd.includes(column) ? 'end' : 'start'))
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join(' '.repeat(GAP))
        .trimEnd(),
    )
    .join('\n');
}

function cutWidths(widths: number[], columns: number, shrink: readonly number[]): void {
  const total = (): number => widths.reduce((sum, width) => sum + width + GAP, -GAP);
  while (total() > columns) {
    const widest = shrink.toSorted((a, b) => (widths[b] ?? 0) - (widths[a] ?? 0))[0];
    if (widest === undefined || (widths[widest] ?? 0) <= CELL_MIN_CHARS) return;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
}

function cut(cell: string, width: number, kept: 'start' | 'end'): string {
  if (cell.length <= width) return cell;
  return kept === 'start' ? `${cell.slice(0, width - 1)}…` : `…${cell.slice(1 - width)}`;
}

/** `name  value` lines; entries without a value are left out. */
export function formatFacts(
  facts: Readonly<Record<string, string | null | undefined>>,
  columns: number | null = null,
): string {
  const rows = Object.entries(facts).flatMap(([name, value]) =>
    value === null || value === undefined ? [] : [[name, value] as const],
  );
  return formatDefinitions(rows, columns);
}

/** Names and what they mean in two columns; the second is broken between words where the screen ends. */
export function formatDefinitions(rows: readonly (readonly [string, string])[], columns: number | null): string {
  const short = rows.map(([name]) => name.length).filter((length) => columns === null || length <= NAME_MAX_CHARS);
  const width = Math.max(0, ...short) + GAP;
  return rows
    .map(([name, text]) => {
      const start = printable(name);
      const lead = start.length < width ? start.padEnd(width) : `${start}\n${' '.repeat(width)}`;
      const room = columns === null ? null : columns - width;
      return (lead + wrap(printable(text), room).replaceAll('\n', `\n${' '.repeat(width)}`)).trimEnd();
    })
    .join('\n');
}
