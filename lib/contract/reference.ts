import { toJsonSchema } from '@valibot/to-json-schema';
import { ANSWERS } from './answers.ts';
import { DOCUMENTS, FAMILIES } from './documents.ts';
import { PAID_RECEIPT, receipt } from './fields/receipt.ts';
import { AGENT_HEADER, USER_HEADER } from './headers.ts';
import { bodyMaxBytes, OPERATIONS, type OperationName, type OperationRoute } from './operations.ts';
import { REQUESTS } from './requests.ts';

interface SchemaNode {
  readonly type?: string;
  readonly description?: string;
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
  readonly anyOf?: readonly SchemaNode[];
  readonly not?: object;
}

const DEPTH_MAX = 7;

/** The reference of the HTTP API as Markdown, made from the contract. */
export function formatHttpReference(): string {
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
    ...FAMILIES.flatMap(({ tag, operations }) => [
      `**${tag}**`,
      '',
      '| operation | route | success | roles | |',
      '| --- | --- | --- | --- | --- |',
      ...namesOf(operations).map(formatOverview),
      '',
    ]),
    ...FAMILIES.flatMap(({ tag, description, operations }) => [
      `## ${tag}`,
      '',
      description,
      ...namesOf(operations).flatMap(formatOperation),
      '',
    ]),
  ].join('\n');
}

/** The reference of receipts as Markdown, made from their schema. */
export function formatReceiptReference(): string {
  const node = toJsonSchema(receipt, { errorMode: 'ignore' }) as SchemaNode;
  return [
    '# Receipts',
    '',
    'Made from `lib/contract/fields/receipt.ts` by `npm run reference`; a test keeps it current.',
    '',
    'A receipt is the record of one payment, made from the books alone: what was asked, what was decided and why, and what the budget was afterwards. It holds no signature, so it can be shown around. Its members stand in canonical order (RFC 8785): equal receipts have equal bytes.',
    '',
    '`GET /bursar/payments` lists those of a user, newest first, and `GET /bursar/payments/{processPaymentId}` reads one: with ManagementRole or ObserverRole, or under `/oauth` with a token of the management scope. On the command line it is `npx bursar payments`.',
    '',
    '`PAID` means signed: the amount counts against the budget, and whether the seller settled it is on the chain. `authorization` has what to look for there. `agentName` and `resource` are the caller’s word, and nothing depends on them.',
    '',
    '| member | | |',
    '| --- | --- | --- |',
    ...formatMembers(node, 'always', '', 0),
    '',
    'For example:',
    '',
    '```json',
    JSON.stringify(PAID_RECEIPT, null, 2),
    '```',
    '',
  ].join('\n');
}

function namesOf(operations: Readonly<Partial<Record<OperationName, unknown>>>): readonly OperationName[] {
  // Object.keys widens the names of the table to texts.
  return Object.keys(operations) as OperationName[];
}

function formatOverview(name: OperationName): string {
  const { method, path, successStatus, roles } = OPERATIONS[name];
  const { summary } = DOCUMENTS[name];
  return `| [${name}](#${name.toLowerCase()}) | \`${method} ${path}\` | ${successStatus} | ${roles.join(', ')} | ${summary} |`;
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
  const { method, path, successStatus, user }: OperationRoute = OPERATIONS[name];
  const { summary, members = {}, ...example } = DOCUMENTS[name];
  const request = toJsonSchema(REQUESTS[name], { errorMode: 'ignore', typeMode: 'input' }) as SchemaNode;
  const described = Object.fromEntries(
    Object.entries(members).map(([member, schema]) => [member, toJsonSchema(schema) as SchemaNode]),
  );
  const whole = { ...request, properties: { ...request.properties, ...described } };
  const acting = user === 'required' ? ' Acts for a user.' : '';
  return [
    '',
    `### ${name}`,
    '',
    `\`${method} ${path}\`. ${summary}${acting}`,
    '',
    '| member | | |',
    '| --- | --- | --- |',
    ...formatMembers(whole, 'required', '', 0),
    '',
    ...formatAnswer(name, successStatus),
    '',
    ...formatExamples(example),
  ];
}

function formatAnswer(name: OperationName, successStatus: number): string[] {
  const node = toJsonSchema(ANSWERS[name], { errorMode: 'ignore', typeMode: 'input' }) as SchemaNode;
  if (node.not !== undefined) return ['It always refuses.'];
  if (node.type === 'null') return [`Answers ${successStatus} without a body.`];
  return [
    `Answers ${successStatus}:`,
    '',
    '| member | | |',
    '| --- | --- | --- |',
    ...formatMembers(node, 'always', '', 0),
  ];
}

function formatExamples({ request, answer }: { readonly request: unknown; readonly answer?: unknown }): string[] {
  const shown = [
    ['An example of a request, with path and query members beside those of the body:', request],
    ['and of its answer:', answer ?? undefined],
  ] as const;
  return shown
    .flatMap(([what, value]) =>
      value === undefined ? [] : [what, '', '```json', JSON.stringify(value, null, 2), '```', ''],
    )
    .slice(0, -1);
}

/** @param required what is said of a member that must be there */
function formatMembers(node: SchemaNode, required: string, prefix: string, depth: number): string[] {
  if (depth > DEPTH_MAX) return [];
  return Object.entries(node.properties ?? {}).flatMap(([name, member]) => {
    if (member.not !== undefined) return [];
    const presence = node.required?.includes(name) === true ? required : '';
    const list = member.items === undefined ? '' : '[]';
    const row = `| \`${prefix}${name}\` | ${presence} | ${describe(member)} |`;
    return [row, ...formatInner(member.items ?? member, required, `${prefix}${name}${list}.`, depth + 1)];
  });
}

/** The members of an object, or of each object that a value may be. */
function formatInner(node: SchemaNode, required: string, prefix: string, depth: number): string[] {
  return [node, ...(node.anyOf ?? [])].flatMap((each) => formatMembers(each, required, prefix, depth));
}

function describe(node: SchemaNode): string {
  const said = node.description === undefined ? '' : `; ${node.description}`;
  return `${describeType(node)}${said}`;
}

function describeType(node: SchemaNode): string {
  if (node.const !== undefined) return `\`${String(node.const)}\``;
  if (node.enum !== undefined) return node.enum.map((value) => `\`${String(value)}\``).join(', ');
  if (node.anyOf !== undefined) return [...new Set(node.anyOf.map(describeType))].join(' or ');
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
