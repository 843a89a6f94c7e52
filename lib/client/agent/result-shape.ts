import { isRecord, memberOf } from '../../json/record.ts';

/** Blocks of one result that are looked at. */
const BLOCKS_MAX = 32;

/** The texts of a result: itself, or those of its content blocks, as Strands, LangChain and MCP have them. */
export function textsOf(result: unknown): readonly string[] {
  if (typeof result === 'string') return [result];
  const content = Array.isArray(result) ? (result as readonly unknown[]) : memberOf(result, 'content');
  if (typeof content === 'string') return [content];
  if (!Array.isArray(content)) return [];
  return content.slice(0, BLOCKS_MAX).flatMap((block: unknown) => {
    const text = typeof block === 'string' ? block : propertyOf(block, 'text');
    return typeof text === 'string' ? [text] : [];
  });
}

/** A member of what a framework made, which may be an object of a class. */
export function propertyOf(value: unknown, name: string): unknown {
  return isRecord(value) ? (value as Record<string, unknown>)[name] : undefined;
}

/** What an object says of the HTTP answer behind it. */
export interface AnswerShape {
  readonly status: unknown;
  readonly headers: unknown;
  readonly body: unknown;
}

/** The HTTP answer that a result tells of: by AWS's members, by those of a Response, or by those of an MCP gateway. */
export function answerOf(result: unknown): AnswerShape {
  const [status, headers, body] = [
    ['statusCode', 'httpStatus', 'status'],
    ['headers', 'responseHeaders'],
    ['body', 'structuredContent'],
  ].map((names) => names.map((name) => propertyOf(result, name)).find((value) => value !== undefined));
  return { status, headers, body };
}

/** Headers in whichever way a tool has them. Those that no header can be are left out. */
export function toHeaders(value: unknown): Headers {
  const headers = new Headers();
  for (const [name, text] of pairsOf(value)) {
    for (const each of Array.isArray(text) ? (text as readonly unknown[]) : [text]) {
      if (typeof each === 'string') tryAppend(headers, name, each);
    }
  }
  return headers;
}

function tryAppend(headers: Headers, name: string, value: string): void {
  try {
    headers.append(name, value);
  } catch {
    // A name or a value that HTTP cannot carry came by no header.
  }
}

/** Headers of one result that are looked at. */
const HEADERS_MAX = 200;

function pairsOf(value: unknown): readonly (readonly [string, unknown])[] {
  if (value instanceof Headers) return [...value];
  if (Array.isArray(value)) {
    return value.slice(0, HEADERS_MAX).flatMap((each: unknown) => {
      const [name, text] = Array.isArray(each)
        ? (each as readonly unknown[])
        : [memberOf(each, 'name'), memberOf(each, 'value')];
      return typeof name === 'string' ? [[name, text] as const] : [];
    });
  }
  return isRecord(value) ? Object.entries(value).slice(0, HEADERS_MAX) : [];
}
