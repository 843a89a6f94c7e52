import { createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import canonicalize from 'canonicalize';
import {
  createWalletClient,
  http,
  keccak256,
  parseAbi,
  publicActions,
  recoverTypedDataAddress,
  toBytes,
  type Hex,
} from 'viem';
import type { LocalChain } from '../../lib/local/chain/index.ts';
import { close, listen } from '../../lib/local/loopback/server.ts';
import { readCredential } from './mpp.ts';

const SECRET = 'a secret of the seller, of 32 bytes or more';
const REALM = 'seller.example';
const SELLER_ACCOUNT = 9;
const PAYEE_ACCOUNT = 60;
const ABI = parseAbi([
  'function transferWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce,bytes signature)',
]);

export interface MppSeller {
  readonly url: string;
  readonly payTo: Hex;
  readonly price: bigint;
  close(): Promise<void>;
}

export interface MppSellerOptions {
  /** As mppx writes it where the request has an Authorization header of its own. */
  readonly header?: 'Payment-Authorization';
  /** Headers that stand beside the challenge, such as those of x402. */
  readonly beside?: Readonly<Record<string, string>>;
}

/**
 * A seller that asks by MPP and settles on the local chain. It checks what mppx 0.11.0's server checks (`evm/server/Charge.js`): the id
 * by HMAC, recipient, amount, nonce, validity and signature. It is not mppx: the tests run without that package.
 */
export async function startMppSeller(chain: LocalChain, options: MppSellerOptions = {}): Promise<MppSeller> {
  const payTo = chain.devAccount(PAYEE_ACCOUNT).address;
  const price = 10_000n;
  const answer = createDesk(chain, { payTo, price, ...options });
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      response.statusCode = 500;
      response.end(error instanceof Error ? error.message.slice(0, 200) : 'failed');
    });
  });
  const port = await listen(server, 0);
  return { url: `http://127.0.0.1:${port}/report`, payTo, price, close: () => close(server) };
}

function createDesk(chain: LocalChain, terms: MppSellerOptions & { readonly payTo: Hex; readonly price: bigint }) {
  const { header, beside = {} } = terms;
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const credential = request.headers[(header ?? 'Authorization').toLowerCase()];
    if (typeof credential !== 'string' || !credential.startsWith('Payment ')) {
      response
        .writeHead(402, { ...beside, 'www-authenticate': ask(chain, terms), 'cache-control': 'no-store' })
        .end('{}');
      return;
    }
    const refusal = await checkCredential(chain, terms, credential);
    const reference = refusal === null ? await settle(chain, credential) : null;
    if (reference === null) {
      const problem = JSON.stringify({ type: 'verification-failed', detail: refusal ?? 'it did not settle' });
      response.writeHead(402, { 'www-authenticate': ask(chain, terms) }).end(problem);
      return;
    }
    const receipt = { method: 'evm', reference, status: 'success', timestamp: new Date().toISOString() };
    const encoded = Buffer.from(JSON.stringify(receipt)).toString('base64url');
    response.writeHead(200, { 'payment-receipt': encoded }).end('{"report":true}');
  };
}

function ask({ chainId, usdc }: LocalChain, { payTo, price, header }: Parameters<typeof createDesk>[1]): string {
  const request = Buffer.from(
    canonicalize({
      amount: `${price}`,
      currency: usdc,
      recipient: payTo,
      methodDetails: { chainId, credentialTypes: ['authorization'], decimals: 6 },
    })!,
  ).toString('base64url');
  const expires = new Date(Date.now() + 120_000).toISOString();
  const challenge: Record<string, string> = { realm: REALM, method: 'evm', intent: 'charge', request, expires };
  if (header !== undefined) challenge['header'] = header;
  const params = Object.entries({ id: idOf(challenge), ...challenge }).map(([name, value]) => `${name}="${value}"`);
  return `Payment ${params.join(', ')}`;
}

function idOf({
  realm,
  method,
  intent,
  request,
  expires,
  digest = '',
  header,
  opaque = '',
}: Record<string, string>): string {
  const slots = [realm, method, intent, request, expires, digest, ...(header === undefined ? [] : [header]), opaque];
  return createHmac('sha256', SECRET).update(slots.join('|')).digest('base64url');
}

async function checkCredential(
  { chainId, usdc }: LocalChain,
  { payTo, price }: { readonly payTo: Hex; readonly price: bigint },
  credential: string,
): Promise<string | null> {
  const { challenge, payload, source } = readCredential(credential);
  if (challenge['id'] !== idOf(challenge)) return 'the challenge is none of this seller';
  const { from, to, value, validAfter, validBefore, nonce, signature } = payload as Record<string, Hex>;
  if (payload['type'] !== 'authorization') return 'it is no authorization';
  if (to !== payTo || value !== `${price}`) return 'it pays somebody else, or something else';
  if (nonce !== keccak256(toBytes(`${challenge['id']}${challenge['realm']}`)))
    return 'its nonce is of another challenge';
  const now = Math.floor(Date.now() / 1_000);
  if (Number(validAfter) > now || Number(validBefore) <= now) return 'it is not valid now';
  if (source !== `did:pkh:eip155:${chainId}:${from}`) return 'its source is somebody else';
  const signer = await recoverTypedDataAddress({
    domain: { name: 'USDC', version: '2', chainId, verifyingContract: usdc },
    types: {
      TransferWithAuthorization: [
        'from:address',
        'to:address',
        'value:uint256',
        'validAfter:uint256',
        'validBefore:uint256',
        'nonce:bytes32',
      ].map((member) => ({ name: member.split(':')[0]!, type: member.split(':')[1]! })),
    },
    primaryType: 'TransferWithAuthorization',
    message: {
      from,
      to,
      value: BigInt(value),
      validAfter: BigInt(validAfter!),
      validBefore: BigInt(validBefore!),
      nonce,
    },
    signature: signature!,
  });
  return signer === from ? null : 'its signature is somebody else';
}

/** Brings the authorization to the chain; `null` where the chain does not take it. */
async function settle({ chain, rpcUrl, usdc, devAccount }: LocalChain, credential: string): Promise<Hex | null> {
  const { from, to, value, validAfter, validBefore, nonce, signature } = readCredential(credential).payload as Record<
    string,
    Hex
  >;
  const account = devAccount(SELLER_ACCOUNT);
  const client = createWalletClient({ account, chain, transport: http(rpcUrl), pollingInterval: 20 }).extend(
    publicActions,
  );
  try {
    const hash = await client.writeContract({
      address: usdc,
      abi: ABI,
      functionName: 'transferWithAuthorization',
      args: [from!, to!, BigInt(value!), BigInt(validAfter!), BigInt(validBefore!), nonce!, signature!],
    });
    const { status } = await client.waitForTransactionReceipt({ hash });
    return status === 'success' ? hash : null;
  } catch {
    return null;
  }
}
