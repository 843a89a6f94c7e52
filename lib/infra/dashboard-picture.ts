/** A widget of a dashboard, as CloudWatch's body of it has them: places and sizes in a grid of 24 columns. */
export interface PlacedWidget {
  readonly type: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly properties: {
    readonly title?: string;
    /** Of a widget that asks a log. */
    readonly query?: string;
    readonly metrics?: readonly (readonly unknown[])[];
  };
}

/**
 * The widgets of the one dashboard of a synthesized template, with a word in place of whatever CloudFormation puts in.
 * @throws Error where there is none
 */
export function readWidgets(template: { readonly Resources: object }): readonly PlacedWidget[] {
  const resources = Object.values(template.Resources) as readonly Resource[];
  const dashboard = resources.find(({ Type }) => Type === 'AWS::CloudWatch::Dashboard');
  if (dashboard === undefined) throw new Error('the template has no dashboard');
  const { 'Fn::Join': [, parts = []] = [] } = dashboard.Properties.DashboardBody;
  const body = parts.map((part) => (typeof part === 'string' ? part : 'REFERENCE')).join('');
  // Our own synthesis wrote it.
  return (JSON.parse(body) as { widgets: readonly PlacedWidget[] }).widgets;
}

interface Resource {
  readonly Type: string;
  readonly Properties: { readonly DashboardBody: { readonly 'Fn::Join'?: readonly [string, readonly unknown[]] } };
}

const COLUMNS = 24;
const UNIT_PX = { width: 36, height: 18 };
const GAP_PX = 4;
const INSET_PX = 10;
const LINE_PX = 16;
/** About as many as fit beside each other in a column of the grid. */
const CHARS_PER_COLUMN = 4.6;
/** What stands for numbers that nobody has measured: the picture shows where things are, not what they are. */
const CURVE = [0.7, 0.55, 0.6, 0.35, 0.45, 0.2, 0.3];
const ROWS = 4;

/** The layout of a dashboard as SVG: titles where they stand, graphs and tables as such, and no figures. */
export function formatDashboardPicture(widgets: readonly PlacedWidget[]): string {
  const height = Math.max(...widgets.map(({ y, height: rows }) => y + rows)) * UNIT_PX.height;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${COLUMNS * UNIT_PX.width} ${height}" font-family="sans-serif" font-size="12">`,
    '<title>The dashboard: where each widget stands</title>',
    `<rect width="100%" height="100%" fill="#f2f3f3"/>`,
    ...widgets.flatMap(formatWidget),
    '</svg>',
    '',
  ].join('\n');
}

function formatWidget({ type, properties: { title = '' }, ...place }: PlacedWidget): readonly string[] {
  const [x, y] = [place.x * UNIT_PX.width + GAP_PX, place.y * UNIT_PX.height + GAP_PX];
  const [width, height] = [place.width * UNIT_PX.width - 2 * GAP_PX, place.height * UNIT_PX.height - 2 * GAP_PX];
  const lines = wrap(title, place.width * CHARS_PER_COLUMN);
  const below = { x: x + INSET_PX, y: y + (lines.length + 1) * LINE_PX, width: width - 2 * INSET_PX };
  const body = { ...below, height: y + height - INSET_PX - below.y };
  return [
    `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="3" fill="#fff" stroke="#aab7b8"/>`,
    ...lines.map((line, i) => `<text x="${body.x}" y="${y + (i + 1) * LINE_PX + 4}" fill="#16191f">${line}</text>`),
    ...(type === 'metric' ? curve(body) : type === 'log' ? table(body) : lights(body)),
  ];
}

interface Body {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

function curve({ x, y, width, height }: Body): readonly string[] {
  const points = CURVE.map(
    (level, i) => `${Math.round(x + (i * width) / (CURVE.length - 1))},${Math.round(y + level * height)}`,
  );
  return [
    `<path d="M${x} ${y}v${height}h${width}" fill="none" stroke="#d5dbdb"/>`,
    `<polyline points="${points.join(' ')}" fill="none" stroke="#0073bb" stroke-width="1.5"/>`,
  ];
}

function table({ x, y, width, height }: Body): readonly string[] {
  return Array.from({ length: ROWS }, (_, i) => {
    const at = Math.round(y + ((i + 0.5) * height) / ROWS);
    return `<path d="M${x} ${at}h${Math.round(width * 0.55)}m${Math.round(width * 0.2)} 0h${Math.round(width * 0.25)}" stroke="#879596" stroke-width="3"/>`;
  });
}

function lights({ x, y, width }: Body): readonly string[] {
  return CURVE.map(
    (_, i) =>
      `<rect x="${Math.round(x + (i * width) / CURVE.length)}" y="${y - 6}" width="90" height="12" rx="2" fill="#1d8102"/>`,
  );
}

function wrap(text: string, charsMax: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > charsMax) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines.map((line) => line.replaceAll('&', '&amp;').replaceAll('<', '&lt;'));
}
