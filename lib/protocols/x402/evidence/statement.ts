import { EVIDENCE_MAX_CHARS, type SignedStatement } from '../../../domain/payment/evidence.ts';
import { computedOnce, hashStruct, hashText, hashTyped, numberWord } from '../../../chains/evm/eip712.ts';
import { parseBase64Json } from '../../../json/base64-json.ts';
import { memberOf } from '../../../json/record.ts';

/** A struct that sellers sign. Its members stand in the order of its EIP-712 type. */
export interface StatementType {
  readonly name: string;
  /** Of the EIP-712 domain, whose version is 1, and whose chain is always Ethereum. */
  readonly domainName: string;
  readonly members: Readonly<Record<string, 'string' | 'uint256'>>;
  /** What a JWS may leave out. */
  readonly optional: string;
}

const HEX = /^0x(?:[0-9a-fA-F]{2})+$/;
const COMPACT_JWS = /^[\w-]+\.([\w-]+)\.[\w-]+$/;

/**
 * Reads what a stranger calls a signed statement. Only the members that the type has are kept, and nothing above the bound. `null`:
 * it is none. Does not check the signature.
 */
export function readStatement(type: StatementType, value: unknown): SignedStatement | null {
  const [format, signature] = [memberOf(value, 'format'), memberOf(value, 'signature')];
  if (typeof signature !== 'string' || signature.length > EVIDENCE_MAX_CHARS) return null;
  const isTyped = format === 'eip712' && HEX.test(signature);
  const said = isTyped ? memberOf(value, 'payload') : format === 'jws' ? payloadOfJws(signature) : null;
  const payload = pick(type, said, isTyped ? null : type.optional);
  if (payload === null || JSON.stringify(payload).length + signature.length > EVIDENCE_MAX_CHARS) return null;
  return { format: isTyped ? 'eip712' : 'jws', payload, signature };
}

function payloadOfJws(signature: string): unknown {
  const [, encoded] = COMPACT_JWS.exec(signature) ?? [];
  const read = encoded === undefined ? null : parseBase64Json(encoded);
  return read?.ok === true ? read.value : null;
}

function pick({ members }: StatementType, said: unknown, optional: string | null): SignedStatement['payload'] | null {
  const picked: [string, string | number][] = [];
  for (const [name, kind] of Object.entries(members)) {
    const value = memberOf(said, name);
    if (value === undefined && name === optional) continue;
    if (!(kind === 'string' ? typeof value === 'string' : isCount(value))) return null;
    picked.push([name, value as string | number]);
  }
  return Object.fromEntries(picked);
}

/** A version, or an instant in seconds: what a statement says of money is text, and is compared as such. */
function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

const DOMAIN_TYPE = computedOnce(() => hashText('EIP712Domain(string name,string version,uint256 chainId)'));
const CHAIN_ID = 1;

/** The 32 bytes that a statement in the format `eip712` signs. Throws where a member is missing. */
export function digestOf({ name, domainName, members }: StatementType, { payload }: SignedStatement): Uint8Array {
  const entries = Object.entries(members);
  const type = hashText(`${name}(${entries.map(([member, kind]) => `${kind} ${member}`).join(',')})`);
  const domain = hashStruct(DOMAIN_TYPE(), hashText(domainName), hashText('1'), numberWord(CHAIN_ID));
  const words = entries.map(([member, kind]) => {
    const value = payload[member];
    if (value === undefined) throw new Error(`a signed statement lacks '${member}'`);
    return kind === 'string' ? hashText(String(value)) : numberWord(BigInt(value));
  });
  return hashTyped(domain, hashStruct(type, ...words));
}
