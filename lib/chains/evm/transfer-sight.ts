import type { Hex } from '../../domain/payment/shapes.ts';
import type { JsonRpc } from './authorization-state.ts';

/** A transfer of a chain's own coin, by its transaction. */
export interface CoinTransfer {
  readonly transaction: string;
  readonly from: Hex;
  readonly to: Hex;
  /** In wei. */
  readonly amount: bigint;
}

/** Whether a chain has such a transfer in a block: of that amount, between these two, and not reverted. */
export async function isTransferMined(rpc: JsonRpc, transfer: CoinTransfer): Promise<boolean> {
  const { transaction, from, to, amount } = transfer;
  const [sent, receipt] = [
    toRecord(await rpc('eth_getTransactionByHash', [transaction])),
    toRecord(await rpc('eth_getTransactionReceipt', [transaction])),
  ];
  if (receipt['status'] !== '0x1') return false;
  const isBetween = same(sent['from'], from) && same(sent['to'], to);
  return (
    isBetween && typeof sent['value'] === 'string' && QUANTITY.test(sent['value']) && BigInt(sent['value']) === amount
  );
}

const QUANTITY = /^0x(?:0|[1-9a-f][0-9a-f]{0,63})$/;

function toRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function same(said: unknown, address: Hex): boolean {
  return typeof said === 'string' && said.toLowerCase() === address.toLowerCase();
}
