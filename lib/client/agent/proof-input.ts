import { isRecord, memberOf } from '../../json/record.ts';
import { toSha256 } from '../purchase/sha256.ts';
import type { ProofHeaders, ToolRequest } from './tool-options.ts';

/** Members by which tools name what they ask. */
const URL_MEMBERS = ['url', 'uri', 'endpoint'];

/** Whether the input is that of a gateway of MCP: the tool behind it, and the parameters of that one. */
export function isGatewayInput(input: unknown): boolean {
  return typeof memberOf(input, 'toolName') === 'string' && isRecord(memberOf(input, 'parameters'));
}

/** Where the headers of a call stand: in its input, or among a gateway's parameters. */
function holderOf(input: unknown): unknown {
  return isGatewayInput(input) ? memberOf(input, 'parameters') : input;
}

/** As text; of an object its JSON, and of nothing none. */
function bodyOf(holder: unknown): string {
  const body = memberOf(holder, 'body');
  return typeof body === 'string' ? body : body === undefined || body === null ? '' : JSON.stringify(body);
}

/** The request that the input of a call names by an absolute URL of the web; `null` where it names none. */
export async function requestOfInput(input: unknown): Promise<ToolRequest | null> {
  const holder = holderOf(input);
  const url = URL_MEMBERS.map((name) => memberOf(holder, name)).find((value) => typeof value === 'string');
  if (url === undefined || !URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) return null;
  const method = memberOf(holder, 'method');
  return {
    method: typeof method === 'string' ? method.toUpperCase() : 'GET',
    url: new URL(url).href,
    bodyHash: await toSha256(bodyOf(holder)),
  };
}

/**
 * The input with the proof among its headers, in place of what the model may have put there under the same names; nothing else of
 * it changes, so that the proof goes where the first call went. `null`: it has no place for headers.
 */
export function withProof(input: unknown, proof: ProofHeaders): unknown {
  const holder = holderOf(input);
  if (!isRecord(holder)) return null;
  const headers = withHeaders(memberOf(holder, 'headers'), proof);
  if (headers === null) return null;
  const changed = { ...holder, headers };
  return holder === input ? changed : { ...(input as object), parameters: changed };
}

function withHeaders(headers: unknown, proof: ProofHeaders): unknown {
  const names = new Set(proof.map(({ name }) => name.toLowerCase()));
  const isOther = (name: unknown): boolean => !names.has(String(name).toLowerCase());
  if (Array.isArray(headers)) {
    const list = headers as readonly unknown[];
    if (list.every((each) => typeof memberOf(each, 'name') === 'string')) {
      return [...list.filter((each) => isOther(memberOf(each, 'name'))), ...proof];
    }
    return list.every(Array.isArray)
      ? [...list.filter(([name]) => isOther(name)), ...proof.map(({ name, value }) => [name, value])]
      : null;
  }
  if (headers !== undefined && headers !== null && !isRecord(headers)) return null;
  const others = Object.entries(headers ?? {}).filter(([name]) => isOther(name));
  return Object.fromEntries([...others, ...proof.map(({ name, value }) => [name, value] as const)]);
}
