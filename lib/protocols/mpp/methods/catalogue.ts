import type { MppMethods } from '../method.ts';
import { evmChargeBuying } from './evm-charge/buying.ts';

/** What reads the challenges that a release pays. Apart from what signs, and from other protocols: clients load it when a seller speaks MPP. */
export const MPP_METHODS: MppMethods = [evmChargeBuying];
