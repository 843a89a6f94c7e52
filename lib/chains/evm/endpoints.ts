import type { NetworkId } from '../../domain/assets.ts';
import { EndpointFailure, type Ask } from '../rpc/call.ts';
import { createEndpoints, type Endpoints, type EndpointsDeps } from '../rpc/endpoints.ts';
import type { JsonRpc } from './authorization-state.ts';
import { pinnedNetwork } from './tokens.ts';

const QUANTITY = /^0x[0-9a-f]{1,16}$/i;

/** The endpoints of an EVM chain, each of which must say that it is of that chain. */
export function createEvmEndpoints(id: NetworkId, urls: readonly string[], deps: EndpointsDeps): Endpoints {
  const { chainId } = pinnedNetwork(id);
  const isThatOf = async (ask: Ask): Promise<boolean> => {
    const said = await ask('eth_chainId', []);
    return typeof said === 'string' && QUANTITY.test(said) && BigInt(said) === BigInt(chainId);
  };
  return createEndpoints({ id, isThatOf }, urls, deps);
}

/** For reads of what must be there: an endpoint that answers `null` is behind the others, or never knew it. */
export function demanding(ask: Ask): JsonRpc {
  return async (method, params) => {
    const answer = await ask(method, params);
    if (answer === null) throw new EndpointFailure('garbage', 'null');
    return answer;
  };
}
