import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { parseSolanaAddress } from '../../../lib/chains/solana/address.ts';
import { encodeBase58 } from '../../../lib/local/providers/base58.ts';

describe('an address of Solana', () => {
  test.each([
    // The mint of USDC, the token program, and the system program, which is 32 zeros.
    'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v',
    'TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA',
    '11111111111111111111111111111111',
  ])('%s is read as it stands', (text) => {
    expect(parseSolanaAddress(text)).toBe(text);
  });

  test('is 32 bytes, whatever they are', () => {
    const leading = (zeros: number, length: number) =>
      Uint8Array.from([...Array<number>(zeros).fill(0), ...randomBytes(length - zeros).map((byte) => byte || 1)]);
    for (let zeros = 0; zeros <= 32; zeros += 1) {
      const text = encodeBase58(leading(zeros, 32));
      expect(parseSolanaAddress(text), text).toBe(text);
      for (const length of [31, 33].filter((each) => each >= zeros)) {
        const other = encodeBase58(leading(zeros, length));
        expect(parseSolanaAddress(other), other).toBeNull();
      }
    }
    const most = encodeBase58(new Uint8Array(32).fill(255));
    expect(parseSolanaAddress(most)).toBe(most);
  });

  test.each([
    '',
    '0x1a642f0E3c3aF545E7AcBD38b07251B3990914F1',
    'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyT',
    'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt10',
    'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDtlv',
    ' EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v',
    'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v\n',
    'z'.repeat(44),
    '1'.repeat(33),
    '1'.repeat(1_000_000),
  ])('%.50j is none', (text) => {
    expect(parseSolanaAddress(text)).toBeNull();
  });
});
