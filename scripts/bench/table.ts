import { verdictOf, type Figure, type Row, type Target } from './row.ts';

/** Prints rows as an aligned table, with each row's note below it. */
export function formatTable(rows: readonly Row[]): string {
  const head = ['row', 'what', 'ours', 'peer', '', 'ratio', 'target', ''];
  const cells = rows.map((row) => [
    row.id,
    row.name,
    formatFigure(row.ours),
    row.peer === null ? '-' : formatFigure(row.peer),
    row.peerName,
    row.ratio > 0 && row.ratio < 0.1 ? row.ratio.toPrecision(2) : row.ratio.toFixed(2),
    formatTarget(row),
    verdictOf(row),
  ]);
  const widths = head.map((_title, column) => Math.max(...[head, ...cells].map((line) => line[column]!.length)));
  const line = (of: readonly string[]): string =>
    of
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd();
  const lines = [line(head), line(widths.map((width) => '-'.repeat(width)))];
  for (const [index, row] of rows.entries()) {
    lines.push(line(cells[index]!));
    if (row.note !== null) lines.push(`${' '.repeat(widths[0]! + 2)}${row.note}`);
  }
  return lines.join('\n');
}

function formatFigure({ value, unit }: Figure): string {
  return `${formatNumber(value)} ${unit}`;
}

function formatNumber(value: number): string {
  if (Number.isInteger(value)) return value.toString();
  return value.toFixed(Math.abs(value) < 10 ? 2 : Math.abs(value) < 100 ? 1 : 0);
}

function formatTarget({ target, ours }: { readonly target: Target; readonly ours: Figure }): string {
  switch (target.kind) {
    case 'ratio_at_most':
      return `ratio <= ${target.value}`;
    case 'ours_at_most':
      return `<= ${target.value} ${ours.unit}`;
    case 'ours_equals':
      return `= ${target.value}`;
    case 'none':
      return '-';
  }
}
