const COIN_DECIMALS = 18;
const COINS = new RegExp(`^(0|[1-9][0-9]{0,2})(?:\\.([0-9]{1,${COIN_DECIMALS}}))?$`);

/** An amount of a network's own coin as text such as `0.002`, in wei. `null`: it is none, or nothing. */
export function parseGasBudget(text: string): bigint | null {
  const [, whole, fraction = ''] = COINS.exec(text) ?? [];
  if (whole === undefined) return null;
  const wei = BigInt(whole + fraction.padEnd(COIN_DECIMALS, '0'));
  return wei === 0n ? null : wei;
}

/** Wei as an amount of the network's own coin, such as `0.002`. */
export function formatCoin(wei: bigint): string {
  const digits = wei.toString().padStart(COIN_DECIMALS + 1, '0');
  const fraction = digits.slice(-COIN_DECIMALS).replace(/0+$/, '');
  return fraction === '' ? digits.slice(0, -COIN_DECIMALS) : `${digits.slice(0, -COIN_DECIMALS)}.${fraction}`;
}
