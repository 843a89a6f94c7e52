import { RPC_URLS, parseRpcUrls, type RpcUrls } from '../../choices/rpc-urls.ts';
import { createReader, readBase, readValidityCap, type BaseConfig, type Environment, type Reader } from './config.ts';

// Apart from the other configurations, since the paying function reads endpoints when it first asks a chain.

export interface ReadingConfig extends BaseConfig {
  readonly rpcUrls: RpcUrls;
  /** The longest that an authorization would be good for. */
  readonly validityCapSeconds: number;
}

export function readReadingConfig(env: Environment): Readonly<ReadingConfig> {
  const reader = createReader(env);
  return reader.finish({
    ...readBase(reader),
    rpcUrls: readRpcUrls(reader),
    validityCapSeconds: readValidityCap(reader),
  });
}

export interface SendingConfig extends BaseConfig {
  readonly rpcUrls: RpcUrls;
}

export function readSendingConfig(env: Environment): Readonly<SendingConfig> {
  const reader = createReader(env);
  return reader.finish({ ...readBase(reader), rpcUrls: readRpcUrls(reader) });
}

/** No problem quotes a URL, since endpoints have keys in them. */
function readRpcUrls(reader: Reader): RpcUrls {
  const text = reader.required('RPC_URLS');
  const urls = text === '' ? {} : parseRpcUrls(text);
  if (urls === null) reader.problem(`RPC_URLS must be ${RPC_URLS.expected()}`);
  return urls ?? {};
}
