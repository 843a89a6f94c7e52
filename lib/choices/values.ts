import { parseAddress } from '../chains/evm/address.ts';
import { NETWORKS, findNetwork } from '../domain/assets.ts';
import {
  FACILITATORS_MAX,
  SIGNER_FUNCTIONS_MAX,
  SIGNER_ORIGINS_MAX,
  ISSUER_MAX_CHARS,
  REPEAT_WINDOW_MAX_SECONDS,
  TRUSTED_ISSUERS_MAX,
  TRUSTED_ISSUERS_MAX_CHARS,
  WALLET_HUBS_MAX,
  WALLET_HUB_URL_MAX_CHARS,
  VALIDITY_CAP_SECONDS,
  VALIDITY_CHOICE_MIN_SECONDS,
  WITHDRAWAL_ADDRESSES_MAX,
} from '../domain/limits.ts';
import { regionOfFunction } from '../domain/function-arn.ts';
import { isSecureUrl } from '../domain/loopback.ts';
import { PROVIDER_NAME } from '../domain/ids.ts';
import { parseUsd } from '../domain/money.ts';
import { issuerKey } from '../domain/tenants/jwt-authorizer.ts';
import { REGISTERED_AGENT, REGISTERED_AGENTS_MAX, UNREGISTERED_AGENT } from '../telemetry/metric-names.ts';

/** Which values of a kind fit, and how a message says so. */
export interface Choice<T> {
  /** Completes "expected ...". Names no value, so that it may stand beside one that must not be shown. */
  readonly expected: () => string;
  readonly fits: (value: T) => boolean;
}

function areDistinct(values: readonly string[]): boolean {
  return new Set(values).size === values.length;
}

/** CAIP-2 ids of chains, each once; other names of a chain are resolved before. */
export const NETWORK_IDS: Choice<readonly string[]> = {
  expected: () => 'a list of networks that Bursar knows, such as eip155:8453,eip155:84532',
  fits: (ids) => ids.length > 0 && areDistinct(ids) && ids.every((id) => findNetwork(id)?.id === id),
};

/** An amount of US dollars as text. That there is no limit is said apart. */
export const SESSION_LIMIT_USD: Choice<string> = {
  expected: () => "US dollars as text such as '10.00', or 'none'",
  fits: (text) => parseUsd(text).ok,
};

export interface SecondsRange {
  readonly min: number;
  readonly max: number;
}

export const VALIDITY_CAP_RANGE: SecondsRange = { min: VALIDITY_CHOICE_MIN_SECONDS, max: VALIDITY_CAP_SECONDS };
/** 0: the same terms may be paid again at once. */
export const REPEAT_WINDOW_RANGE: SecondsRange = { min: 0, max: REPEAT_WINDOW_MAX_SECONDS };

/** Whole seconds within a range. */
export function secondsWithin({ min, max }: SecondsRange): Choice<number> {
  return {
    expected: () => `an integer from ${min} to ${max}`,
    fits: (seconds) => Number.isSafeInteger(seconds) && seconds >= min && seconds <= max,
  };
}

export const AGENT_NAMES: Choice<readonly string[]> = {
  expected: () =>
    `at most ${REGISTERED_AGENTS_MAX} different names of agents, each of at most 64 letters, digits and . _ : / @ -, none of them '${UNREGISTERED_AGENT}'`,
  fits: (names) =>
    names.length <= REGISTERED_AGENTS_MAX &&
    areDistinct(names) &&
    names.every((name) => REGISTERED_AGENT.test(name) && name !== UNREGISTERED_AGENT),
};

const ZERO_ADDRESS = /^0x0{40}$/;

function isToken(address: string): boolean {
  return NETWORKS.some(({ usdc }) => usdc.address === address);
}

/** Addresses with their checksum as well: one wrong letter would be somebody else's. Tokens and nobody keep what they get for ever. */
function addresses(max: number, what: string): Choice<readonly string[]> {
  return {
    expected: () => `at most ${max} different EVM addresses of ${what}, each with its EIP-55 checksum`,
    fits: (given) =>
      given.length <= max &&
      areDistinct(given) &&
      given.every((text) => parseAddress(text) === text && !ZERO_ADDRESS.test(text) && !isToken(text)),
  };
}

export const WITHDRAWAL_ADDRESSES = addresses(WITHDRAWAL_ADDRESSES_MAX, 'your own');
export const FACILITATORS = addresses(FACILITATORS_MAX, 'facilitators');

/** Keys of issuers: URLs without a slash at the end. None, and any, are said apart. A deployer's have https, those of tests need not. */
export const ISSUERS: Choice<readonly string[]> = {
  expected: () =>
    `at most ${TRUSTED_ISSUERS_MAX} different issuers such as https://login.example.com, together at most ${TRUSTED_ISSUERS_MAX_CHARS} characters, 'none', or 'any'`,
  fits: (issuers) =>
    issuers.length <= TRUSTED_ISSUERS_MAX &&
    issuers.join().length <= TRUSTED_ISSUERS_MAX_CHARS &&
    areDistinct(issuers) &&
    issuers.every((text) => text.length <= ISSUER_MAX_CHARS && URL.canParse(text) && issuerKey(text) === text),
};

/** Where signers may be. A deployer's have https; http reaches this machine alone. */
export const SIGNER_ORIGINS: Choice<readonly string[]> = {
  expected: () => `at most ${SIGNER_ORIGINS_MAX} different https origins such as https://signer.example.com`,
  fits: (origins) =>
    origins.length <= SIGNER_ORIGINS_MAX &&
    areDistinct(origins) &&
    origins.every((text) => URL.canParse(text) && new URL(text).origin === text && isSecureUrl(new URL(text))),
};

/** Functions that are signers. */
export const SIGNER_FUNCTIONS: Choice<readonly string[]> = {
  expected: () =>
    `at most ${SIGNER_FUNCTIONS_MAX} different ARNs of Lambda functions, each with its alias or version, such as arn:aws:lambda:us-east-1:111122223333:function:signer:live`,
  fits: (arns) =>
    arns.length <= SIGNER_FUNCTIONS_MAX && areDistinct(arns) && arns.every((arn) => regionOfFunction(arn) !== null),
};

/** Pages of wallet providers by the name of the credential provider or the type of the connector, or `*`. */
export const WALLET_HUB_URLS: Choice<readonly (readonly [name: string, url: unknown])[]> = {
  expected: () =>
    `a JSON object of at most ${WALLET_HUBS_MAX} http(s) URLs by credential provider, such as {"*":"https://hub.cdp.coinbase.com/..."}`,
  fits: (entries) =>
    entries.length <= WALLET_HUBS_MAX &&
    entries.every(
      ([name, url]) =>
        (name === '*' || PROVIDER_NAME.test(name)) && isHttpUrl(url) && String(url).length <= WALLET_HUB_URL_MAX_CHARS,
    ),
};

function isHttpUrl(value: unknown): boolean {
  return typeof value === 'string' && URL.canParse(value) && ['http:', 'https:'].includes(new URL(value).protocol);
}

const PREFIX = /^[A-Za-z][A-Za-z0-9-]{0,23}$/;

/** Names the deployment, and the metrics of its functions. */
export const STACK_PREFIX: Choice<string> = {
  expected: () => 'a letter and at most 23 more letters, digits or hyphens',
  fits: (text) => PREFIX.test(text),
};
