import { beforeEach, expect, test } from 'vitest';
import { createShownBalances } from '../../lib/chains/shown-balances.ts';
import { toEpochMs } from '../../lib/domain/time.ts';
import { BASE_SEPOLIA } from '../support/payments.ts';

const USDC = BASE_SEPOLIA.usdc.address;
const OWNER = '0x1a642f0E3c3aF545E7AcBD38b07251B3990914F1';

let nowMs: number;
let asked: string[];
let answer: () => Promise<bigint>;
beforeEach(() => {
  [nowMs, asked, answer] = [1_800_000_000_000, [], () => Promise.resolve(5n)];
});

function open() {
  const balanceOf = (token: string, owner: string): Promise<bigint> => {
    asked.push(`${token} ${owner}`);
    return answer();
  };
  const readers = new Map([
    ['one', { balanceOf }],
    ['two', { balanceOf }],
  ]);
  const shown = createShownBalances(readers, { now: () => toEpochMs(nowMs) });
  return (id: string, owner: `0x${string}` = OWNER) => shown.get(id)!.balanceOf(USDC, owner);
}

test('shows a balance for two seconds, and then what is there', async () => {
  const balanceOf = open();
  expect(await balanceOf('one')).toBe(5n);
  answer = () => Promise.resolve(6n);
  nowMs += 1_999;
  expect(await balanceOf('one')).toBe(5n);
  expect(asked.length).toBe(1);
  nowMs += 1;
  expect(await balanceOf('one')).toBe(6n);
});

test('asks once for those who look at the same time', async () => {
  const balanceOf = open();
  expect(await Promise.all([balanceOf('one'), balanceOf('one')])).toEqual([5n, 5n]);
  expect(asked.length).toBe(1);
});

test('keeps wallets, tokens and networks apart', async () => {
  const balanceOf = open();
  await balanceOf('one');
  await balanceOf('two');
  await balanceOf('one', '0x000000000022D473030F116dDEE9F6B43aC78BA3');
  expect(asked.length).toBe(3);
});

test('looks anew into an empty wallet, and after a failure', async () => {
  const balanceOf = open();
  answer = () => Promise.resolve(0n);
  expect(await balanceOf('one')).toBe(0n);
  answer = () => Promise.reject(new Error('down'));
  await expect(balanceOf('one')).rejects.toThrow('down');
  answer = () => Promise.resolve(7n);
  expect(await balanceOf('one')).toBe(7n);
});

test('remembers no more than a thousand', async () => {
  const balanceOf = open();
  const ownerOf = (index: number) => `0x${index.toString(16).padStart(40, '0')}` as const;
  for (let index = 0; index <= 1_000; index += 1) await balanceOf('one', ownerOf(index));
  await balanceOf('one', ownerOf(1));
  expect(asked.length).toBe(1_001);
  await balanceOf('one', ownerOf(0));
  expect(asked.length).toBe(1_002);
});
