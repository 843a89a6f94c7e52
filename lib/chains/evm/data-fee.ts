import type { NetworkId } from '../../domain/assets.ts';
import { EndpointFailure, type Ask } from '../rpc/call.ts';

/** Rollups that take a fee for a transaction's data beside its gas, which no estimate of gas tells: those of the OP stack. */
const OP_STACK: ReadonlySet<NetworkId> = new Set([
  'eip155:8453',
  'eip155:84532',
  'eip155:10',
  'eip155:11155420',
  'eip155:480',
  'eip155:4801',
]);
/** @see https://docs.optimism.io/chain-operators/reference/smart-contracts/predeploys#gaspriceoracle */
const GAS_PRICE_ORACLE = '0x420000000000000000000000000000000000000F';
/** `getL1FeeUpperBound(uint256)` of 128 bytes: a transfer of a coin, which has no data, takes fewer before it is signed. */
const FEE_OF_TRANSFER = `0xf1c7a58b${(128).toString(16).padStart(64, '0')}`;
const WORD = /^0x[0-9a-fA-F]{64}$/;

/** The most that a rollup takes for the data of a transfer of its coin now, in wei. Nothing where the chain has no such fee. */
export async function readDataFee(ask: Ask, network: NetworkId): Promise<bigint> {
  if (!OP_STACK.has(network)) return 0n;
  const answer = await ask('eth_call', [{ to: GAS_PRICE_ORACLE, data: FEE_OF_TRANSFER }, 'latest']);
  // A chain without that contract, such as a local one, answers nothing.
  if (answer === '0x') return 0n;
  if (typeof answer !== 'string' || !WORD.test(answer)) throw new EndpointFailure('garbage');
  return BigInt(answer);
}
