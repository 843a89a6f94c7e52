import type { NetworkId } from '../domain/assets.ts';
import type { Address, Hex } from '../domain/payment/shapes.ts';
import { isAddress, toChecksumAddress } from './evm/address.ts';

/** How the addresses of a chain family are kept: in as few bytes as they have. */
interface AddressForm {
  readonly pack: (address: Address) => Hex;
  readonly unpack: (bytes: Hex) => Address;
}

/** Chain families by the namespace of their CAIP-2 ids. A new family is one line here. */
const FAMILIES: Readonly<Record<string, AddressForm>> = {
  eip155: { pack: packEvm, unpack: toChecksumAddress },
};

function packEvm(address: Address): Hex {
  if (!isAddress(address)) throw new Error('not an EVM address: expected 0x and 40 hexadecimal digits');
  return address;
}

function formOf(network: NetworkId): AddressForm {
  const form = FAMILIES[network.slice(0, network.indexOf(':'))];
  if (form === undefined) throw new Error(`no chain family of network ${network}`);
  return form;
}

/** The bytes of an address. Throws on one of another family than the network's. */
export function packAddress(network: NetworkId, address: Address): Hex {
  return formOf(network).pack(address);
}

/** The address of stored bytes, in the form in which it is shown. */
export function unpackAddress(network: NetworkId, bytes: Hex): Address {
  return formOf(network).unpack(bytes);
}
