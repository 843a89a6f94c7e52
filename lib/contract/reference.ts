import { toJsonSchema } from '@valibot/to-json-schema';
import { AGENT_HEADER, USER_HEADER } from './headers.ts';
import { bodyMaxBytes, OPERATIONS, type OperationName } from './operations.ts';
import { REQUESTS } from './requests.ts';

interface SchemaNode {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly required?: readonly string[];
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
  readonly items?: SchemaNode;
  readonly not?: object;
}

const DEPTH_MAX = 5;

/** The reference of the HTTP API as Markdown, made from the table of operations and the schemas that check requests. */
export function formatHttpReference(): string {
  const names = Object.keys(OPERATIONS) as OperationName[];
  const overview = names.map((name) => {
    const { method, path, successStatus, roles, summary } = OPERATIONS[name];
    return `| [${name}](#${name.toLowerCase()}) | \`${method} ${path}\` | ${successStatus} | ${roles.join(', ')} | ${summary} |`;
  });
  return [
    '# HTTP API',
    '',
    'Made from `lib/contract/operations` by `npm run reference`; a test keeps it current.',
    '',
    'Requests are signed with SigV4 for the service `execute-api`, or carry a token where they stand under `/oauth`.',
    `Bodies are JSON, ${formatBodyLimits()}. Operations that act for a user take the header`,
    `\`${USER_HEADER}\`; \`${AGENT_HEADER}\` is optional.`,
    'A user id that is no printable ASCII, or longer than 120 characters, goes [encoded](compatibility.md#user-ids). Under `/oauth` the user is the token’s.',
    'What is answered where a request is refused: [errors](errors.md).',
    '',
    '| operation | route | success | roles | |',
    '| --- | --- | --- | --- | --- |',
    ...overview,
    ...names.flatMap(formatOperation),
    '',
  ].join('\n');
}

/** The limit that most operations share, and those of the paths that have another. */
function formatBodyLimits(): string {
  const byPath = new Map(Object.values(OPERATIONS).map((route) => [route.path.split('/')[1], bodyMaxBytes(route)]));
  const common = Math.min(...byPath.values());
  const others = [...byPath].filter(([, bytes]) => bytes !== common);
  const exceptions = others.map(([path, bytes]) => `, and ${bytes / 1_024} kB under \`/${path}\``);
  return `at most ${common / 1_024} kB${exceptions.join('')}`;
}

function formatOperation(name: OperationName): string[] {
  const schema = toJsonSchema(REQUESTS[name], { errorMode: 'ignore', typeMode: 'input' }) as SchemaNode;
  return ['', `## ${name}`, '', '| member | | |', '| --- | --- | --- |', ...formatMembers(schema, '', 0)];
}

function formatMembers(node: SchemaNode, prefix: string, depth: number): string[] {
  if (depth > DEPTH_MAX) return [];
  return Object.entries(node.properties ?? {}).flatMap(([name, member]) => {
    if (member.not !== undefined) return [];
    const required = node.required?.includes(name) === true ? 'required' : '';
    const list = member.items === undefined ? '' : '[]';
    const inner = formatMembers(member.items ?? member, `${prefix}${name}${list}.`, depth + 1);
    return [`| \`${prefix}${name}\` | ${required} | ${describe(member)} |`, ...inner];
  });
}

function describe(node: SchemaNode): string {
  if (node.const !== undefined) return `\`${String(node.const)}\``;
  if (node.enum !== undefined) return node.enum.map((value) => `\`${String(value)}\``).join(', ');
  const what = node.type === 'array' ? 'list' : (node.type ?? 'any');
  const size =
    formatRange(node.minLength, node.maxLength, ' characters') || formatRange(node.minimum, node.maximum, '');
  const form =
    node.pattern === undefined || node.pattern === '(?:)' ? '' : `, \`${node.pattern.replaceAll('|', '\\|')}\``;
  return `${what}${size}${form}`;
}

function formatRange(low: number | undefined, high: number | undefined, unit: string): string {
  return low === undefined && high === undefined ? '' : ` of ${low ?? 0} to ${high ?? 'any number of'}${unit}`;
}
