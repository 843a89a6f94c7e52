/** One bar. */
export interface Bar {
  readonly label: string;
  /** What is drawn. */
  readonly value: number;
  /** What is written beside it. */
  readonly text: string;
}

const WIDTH = 640;
const LABEL_WIDTH = 260;
const BAR_WIDTH_MAX = 260;
const ROW = 28;

/** A chart of horizontal bars as SVG, which stands by itself. */
export function toBarChart(title: string, bars: readonly Bar[]): string {
  const most = Math.max(...bars.map(({ value }) => value), Number.EPSILON);
  const height = (bars.length + 2) * ROW;
  const rows = bars.map(({ label, value, text }, index) => {
    const middle = (index + 2) * ROW;
    const width = Math.round((value / most) * BAR_WIDTH_MAX);
    return [
      `<text x="${LABEL_WIDTH - 8}" y="${middle}" text-anchor="end">${escape(label)}</text>`,
      `<rect x="${LABEL_WIDTH}" y="${middle - 14}" width="${width}" height="18" fill="#2f6f8f"/>`,
      `<text x="${LABEL_WIDTH + width + 8}" y="${middle}">${escape(text)}</text>`,
    ].join('\n');
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="13" role="img">
<title>${escape(title)}</title>
<rect width="100%" height="100%" fill="#ffffff"/>
<text x="8" y="${ROW - 6}" font-weight="bold">${escape(title)}</text>
${rows.join('\n')}
</svg>
`;
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
