import type { Reporter, TestModule } from 'vitest/node';

const TITLE = /^(\w+) by (IAM|JWT)$/;
const WAYS = ['IAM', 'JWT'] as const;
type Cells = Partial<Record<(typeof WAYS)[number], string>>;

/** Prints what became of each operation by signature and by token, before vitest's own summary. */
export const operationsTable: Reporter = {
  onTestRunEnd: (modules) => {
    const rows = readRows(modules);
    if (rows.size > 0) process.stdout.write(formatTable(rows));
  },
};

function readRows(modules: readonly TestModule[]): ReadonlyMap<string, Cells> {
  const rows = new Map<string, Cells>();
  for (const module of modules) {
    for (const test of module.children.allTests()) {
      const [, operation, way] = TITLE.exec(test.name) ?? [];
      if (operation === undefined || (way !== 'IAM' && way !== 'JWT')) continue;
      const { state } = test.result();
      rows.set(operation, { ...rows.get(operation), [way]: state === 'passed' ? 'ok' : state });
    }
  }
  return rows;
}

function formatTable(rows: ReadonlyMap<string, Cells>): string {
  const width = Math.max(...[...rows.keys()].map((name) => name.length));
  const line = (name: string, cells: readonly string[]) =>
    `${name.padEnd(width)}  ${cells.map((cell) => cell.padEnd(6)).join('  ')}`.trimEnd();
  const body = [...rows].map(([name, cells]) =>
    line(
      name,
      WAYS.map((way) => cells[way] ?? '-'),
    ),
  );
  return `\n${[line('operation', WAYS), ...body].join('\n')}\n`;
}
