import { describe, expect, test } from 'vitest';
import { tracePermitSettlement } from '../../lib/chains/evm/permit-trace.ts';

// A chain of a thousand blocks of two seconds, in which a nonce was used up at one height.

const FROM = '0x1a642f0E3c3aF545E7AcBD38b07251B3990914F1';
const TO = '0x209693Bc6afc0C5328bA36FaF03C514EF312287C';
const TOKEN = '0x036CbD53842c5426634e7929541eC2318f3dCF7e';
const START = 1_760_000_000;
const BIT = 200n;
const hex = (value: number | bigint) => `0x${value.toString(16)}`;
const word = (value: bigint) => `0x${value.toString(16).padStart(64, '0')}` as const;

interface ChainOf {
  readonly usedAt: number | null;
  readonly final?: number;
  readonly amounts?: readonly bigint[];
}

function chainOf({ usedAt, final = 900, amounts = [12_000n] }: ChainOf) {
  const asked: string[] = [];
  const rpc = async (method: string, params: readonly unknown[]): Promise<unknown> => {
    asked.push(method);
    if (method === 'eth_getBlockByNumber') {
      const height = params[0] === 'finalized' ? final : Number(params[0]);
      return { number: hex(height), timestamp: hex(START + 2 * height) };
    }
    if (method === 'eth_call') return word(usedAt !== null && Number(params[1]) >= usedAt ? 1n << BIT : 1n << 3n);
    const [{ fromBlock, address }] = params as readonly [{ readonly fromBlock: string; readonly address: string }];
    expect(address).toBe(TOKEN);
    return Number(fromBlock) === usedAt
      ? amounts.map((amount) => ({ data: word(amount), transactionHash: word(7n) }))
      : [];
  };
  return { rpc, asked };
}

const permit = (validBefore = START + 1_400) =>
  ({ token: TOKEN, from: FROM, to: TO, nonce: word(BIT + 512n), validBefore, since: START + 1_000 }) as const;
const trace = (chain: ChainOf) => tracePermitSettlement(chainOf(chain).rpc, permit());

describe('a permit', () => {
  test('was settled for what moved in the block in which its nonce was used up', async () => {
    const { rpc, asked } = chainOf({ usedAt: 612 });
    expect(await tracePermitSettlement(rpc, permit())).toEqual({
      kind: 'used',
      amount: 12_000n,
      transaction: word(7n),
    });
    expect(asked.length).toBeLessThan(60);
  });

  test('is dead where a final block after its end does not have its nonce, and open where there is none yet', async () => {
    expect(await trace({ usedAt: null })).toEqual({ kind: 'dead' });
    expect(await trace({ usedAt: null, final: 700 })).toEqual({ kind: 'dead' });
    expect(await trace({ usedAt: null, final: 699 })).toEqual({ kind: 'open' });
  });

  test('is open where it was settled in a block that is not final', async () => {
    expect(await trace({ usedAt: 650, final: 649 })).toEqual({ kind: 'open' });
  });

  test('that moved nothing, or one of several amounts, is not traced to one', async () => {
    expect(await trace({ usedAt: 612, amounts: [] })).toEqual({ kind: 'cancelled' });
    expect(await trace({ usedAt: 612, amounts: [1n, 50_000n] })).toEqual({ kind: 'cancelled' });
  });

  test('whose nonce was used up before it was signed is no answer', async () => {
    await expect(trace({ usedAt: 12 })).rejects.toThrow('used up before the permit was signed');
  });

  test.each([null, {}, { number: '1', timestamp: '2' }, { number: '0x1' }])(
    'is not judged by a block such as %j',
    async (block) => {
      await expect(tracePermitSettlement(async () => block, permit())).rejects.toThrow('the chain answered no block');
    },
  );
});
