import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { gunzipSync } from 'node:zlib';
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { hashTypedData } from 'viem';
import { describe, expect, test } from 'vitest';
import { addressWord, hashStruct, hashText, hashTyped, numberWord, word } from '../../lib/chains/evm/eip712.ts';
import type { Hex } from '../../lib/domain/payment/shapes.ts';

/** The vectors that ethers publishes, as far as they are looked at. */
interface Vector {
  readonly name: string;
  readonly domain: Readonly<Record<string, unknown>>;
  readonly primaryType: string;
  readonly types: Readonly<Record<string, readonly Member[]>>;
  readonly data: Readonly<Record<string, unknown>>;
  readonly digest: Hex;
}

interface Member {
  readonly name: string;
  readonly type: string;
}

const FILE = '@ethersproject/testcases/testcases/eip712.json.gz';

function readVectors(): readonly Vector[] {
  const { resolve } = createRequire(import.meta.url);
  return JSON.parse(gunzipSync(readFileSync(resolve(FILE))).toString('utf8')) as Vector[];
}

const DOMAIN_MEMBERS: readonly Member[] = [
  { name: 'name', type: 'string' },
  { name: 'version', type: 'string' },
  { name: 'chainId', type: 'uint256' },
  { name: 'verifyingContract', type: 'address' },
  { name: 'salt', type: 'bytes32' },
];

type Types = Vector['types'];

/** Walks any types, with the parts of which our own digests are made. */
function encodeWord(types: Types, type: string, value: unknown): Uint8Array {
  const array = /^(.*)\[[0-9]*\]$/.exec(type);
  if (array !== null) {
    const items = (value as readonly unknown[]).map((item) => encodeWord(types, array[1]!, item));
    return keccak_256(Buffer.concat(items));
  }
  if (types[type] !== undefined) return structOf(types, type, value as Vector['data']);
  if (type === 'string') return hashText(value as string);
  if (type === 'bytes') return keccak_256(hexToBytes((value as string).slice(2)));
  if (type === 'bool') return numberWord(value === true ? 1 : 0);
  if (type === 'address') return addressWord((value as Hex).toLowerCase() as Hex);
  if (type.startsWith('bytes')) return word((value as string).slice(2).padEnd(64, '0'));
  return numberWord(BigInt.asUintN(256, BigInt(value as string)));
}

function structOf(types: Types, type: string, data: Vector['data']): Uint8Array {
  const members = types[type]!.map((member) => encodeWord(types, member.type, data[member.name]));
  return hashStruct(hashText(typeText(types, type)), ...members);
}

/** The primary type, then those that it needs in the order of their names. */
function typeText(types: Types, primary: string): string {
  const needed = new Set<string>();
  const visit = (type: string): void => {
    const plain = type.replace(/(\[[0-9]*\])+$/, '');
    if (types[plain] === undefined || needed.has(plain)) return;
    needed.add(plain);
    for (const member of types[plain]) visit(member.type);
  };
  visit(primary);
  needed.delete(primary);
  return [primary, ...[...needed].toSorted()]
    .map((name) => `${name}(${types[name]!.map(({ name: member, type }) => `${type} ${member}`).join(',')})`)
    .join('');
}

function digestOf({ domain, types, primaryType, data }: Vector): Hex {
  const EIP712Domain = DOMAIN_MEMBERS.filter(({ name }) => domain[name] !== undefined);
  const separator = structOf({ EIP712Domain }, 'EIP712Domain', domain);
  return `0x${bytesToHex(hashTyped(separator, structOf(types, primaryType, data)))}`;
}

describe('EIP-712 digests', () => {
  const vectors = readVectors();

  test('are all published ones', () => {
    expect(vectors).toHaveLength(1_025);
  });

  test('are, of our parts, the published ones', () => {
    expect(vectors.filter((vector) => digestOf(vector) !== vector.digest).map(({ name }) => name)).toEqual([]);
  });

  test('are, by the library that everything else here is compared with, the published ones', () => {
    const wrong = vectors.filter(
      ({ domain, types, primaryType, data, digest }) =>
        hashTypedData({ domain, types, primaryType, message: data } as never) !== digest,
    );
    expect(wrong.map(({ name }) => name)).toEqual([]);
  });
});
