import { parseUsd } from '../../../domain/money.ts';
import { isRecord, memberOf } from '../../../json/record.ts';
import type { AgentToolSchema } from '../agent-tool.ts';
import { CallRefused } from '../refusal.ts';

const URL_MAX_CHARS = 8_192;
const BODY_MAX_CHARS = 256 * 1024;
const HEADERS_MAX = 32;
const HEADER_MAX_CHARS = 4_096;

/** What a model may say of a request, besides its URL: nothing that could carry a proof, a cookie or a credential. */
export const HEADERS_DEFAULT = [
  'accept',
  'accept-language',
  'content-type',
  'if-modified-since',
  'if-none-match',
  'range',
];

export interface FetchRules {
  readonly methods: readonly string[];
  readonly headers: readonly string[];
  /** Hosts that may be asked, such as `api.example.com`, or `*.example.com` for all below it; `null`: every one. */
  readonly hosts: readonly string[] | null;
  /** The most that a call may pay, in dollars; `null`: no bound here. */
  readonly maxPriceUsd: string | null;
}

export interface FetchInput {
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  readonly maxPriceUsd: string | null;
  readonly intent: string | undefined;
}

export function toFetchSchema({ methods }: FetchRules): AgentToolSchema {
  return {
    type: 'object',
    properties: {
      url: { type: 'string', description: 'Absolute URL of what is wanted.' },
      method: { type: 'string', enum: methods, description: `${methods[0]} where it is left out.` },
      headers: { type: 'object', additionalProperties: { type: 'string' } },
      body: { type: 'string' },
      maxPriceUsd: {
        type: 'string',
        description:
          'The most that this call may cost, in dollars, such as 0.25. It can only lower the limit that is set.',
      },
      intent: { type: 'string', description: 'What it is for, in a few words.' },
    },
    required: ['url'],
    additionalProperties: false,
  };
}

/** What a model asks for. Throws `CallRefused` for what it may not ask. */
export function readFetchInput(input: unknown, rules: FetchRules): FetchInput {
  const url = readUrl(memberOf(input, 'url'), rules);
  const method = textOf(input, 'method')?.toUpperCase() ?? rules.methods[0]!;
  if (!rules.methods.includes(method)) refuse(`method must be ${rules.methods.join(' or ')}`);
  const body = textOf(input, 'body');
  if (body !== undefined && body.length > BODY_MAX_CHARS) refuse(`body may have ${BODY_MAX_CHARS} characters`);
  if (body !== undefined && (method === 'GET' || method === 'HEAD')) refuse(`a ${method} has no body`);
  const headers = readHeaders(memberOf(input, 'headers'), rules);
  const maxPriceUsd = readMaxPrice(textOf(input, 'maxPriceUsd'), rules);
  return { url, method, headers, body, maxPriceUsd, intent: textOf(input, 'intent') };
}

function refuse(why: string): never {
  throw new CallRefused('client:input_refused', why);
}

function readUrl(text: unknown, { hosts }: FetchRules): URL {
  if (typeof text !== 'string' || text.length > URL_MAX_CHARS || !URL.canParse(text)) {
    return refuse('url must be an absolute URL');
  }
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') refuse('url must hold no credentials');
  const { hostname } = url;
  const isListed = (host: string): boolean =>
    host.startsWith('*.') ? hostname.endsWith(host.slice(1)) : hostname === host;
  if (hosts !== null && !hosts.some((host) => isListed(host.toLowerCase()))) {
    throw new CallRefused('client:host_refused', `${hostname} is not among the hosts that may be asked`);
  }
  return url;
}

function textOf(input: unknown, name: string): string | undefined {
  const value = memberOf(input, name) ?? undefined;
  if (value !== undefined && typeof value !== 'string') refuse(`${name} must be a text`);
  return value as string | undefined;
}

function readHeaders(value: unknown, { headers: allowed }: FetchRules): Readonly<Record<string, string>> {
  if (value === undefined || value === null) return {};
  if (!isRecord(value)) return refuse('headers must be an object of texts');
  const pairs = Object.entries(value as Record<string, unknown>);
  if (pairs.length > HEADERS_MAX) refuse(`there may be ${HEADERS_MAX} headers`);
  for (const [name, text] of pairs) {
    if (!allowed.includes(name.toLowerCase())) refuse(`of headers there may be ${allowed.join(', ')}`);
    if (typeof text !== 'string' || !/^[\t\x20-\x7e]*$/.test(text) || text.length > HEADER_MAX_CHARS) {
      refuse(`the header ${name.toLowerCase()} must be a text of at most ${HEADER_MAX_CHARS} printable characters`);
    }
  }
  return Object.fromEntries(pairs) as Record<string, string>;
}

/** A model may spend less than it is allowed, and never more. */
function readMaxPrice(text: string | undefined, { maxPriceUsd }: FetchRules): string | null {
  if (text === undefined) return maxPriceUsd;
  const wanted = parseUsd(text);
  if (!wanted.ok) return refuse(`maxPriceUsd must be ${wanted.error.expected}`);
  const limit = maxPriceUsd === null ? null : parseUsd(maxPriceUsd);
  return limit?.ok === true && limit.value < wanted.value ? maxPriceUsd : text;
}
