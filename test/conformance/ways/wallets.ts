import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import { createSignerServer } from '../../../examples/external-signer/server.ts';
import type { ConnectorType } from '../../../lib/domain/tenants/wallet-shapes.ts';
import { close, listen } from '../../../lib/local/loopback/server.ts';
import { LOOPBACK } from '../../../lib/domain/loopback.ts';
import { SIGNER_FUNCTION_ARN } from '../../../lib/local/signer-function.ts';
import type { LocalStack } from '../../../lib/local/stack.ts';
import type { SignerState } from '../../support/signer-function.ts';
import { clientOf, newToken, newUser, openSession, type Address } from '../../scenarios/scene.ts';

/** A wallet that may pay, with the session it pays in. */
export interface PayingWallet {
  readonly userId: string;
  readonly address: Address;
  readonly instrumentId: string;
  readonly sessionId: string;
  close(): Promise<void>;
}

/** One kind of wallet: a type of connector, and whose wallet it is where that changes how it is signed. */
export interface WalletKind {
  readonly type: ConnectorType;
  /** Of whom it is. @default - of nobody else than the deployment */
  readonly of?: 'an end user' | 'the project' | 'the app' | 'an HTTPS service' | 'a function';
  open(stack: LocalStack, budgetUsd: string): Promise<PayingWallet>;
}

interface Opening {
  readonly connectorId: string;
  /** @default - none */
  readonly email?: string;
  /** Where the key is somebody else's. @default - made with the wallet */
  readonly walletAddress?: Address;
}

async function openWallet(stack: LocalStack, { connectorId, email, walletAddress }: Opening, budgetUsd: string) {
  const userId = newUser();
  const { paymentInstrument } = await clientOf(stack, 'management').call(
    'CreatePaymentInstrument',
    {
      paymentManagerArn: stack.info.paymentManagerArn,
      paymentConnectorId: connectorId,
      paymentInstrumentType: 'EMBEDDED_CRYPTO_WALLET',
      paymentInstrumentDetails: {
        embeddedCryptoWallet: {
          network: 'ETHEREUM',
          linkedAccounts: email === undefined ? [] : [{ email: { emailAddress: email } }],
          ...(walletAddress === undefined ? {} : { walletAddress }),
        },
      },
    },
    { userId },
  );
  const { paymentInstrumentId, paymentInstrumentDetails } = paymentInstrument;
  const { walletAddress: address, redirectUrl } = paymentInstrumentDetails.embeddedCryptoWallet;
  const sessionId = await openSession(stack, userId, budgetUsd);
  const nothingToClose = () => Promise.resolve();
  return {
    userId,
    address: address as Address,
    instrumentId: paymentInstrumentId,
    sessionId,
    redirectUrl,
    close: nothingToClose,
  };
}

/** Of a connector that the local stack has. */
function ownWallet(type: 'SeedVault' | 'AwsKms' | 'CoinbaseCDP' | 'StripePrivy'): WalletKind['open'] {
  return (stack, budgetUsd) => openWallet(stack, { connectorId: stack.info.paymentConnectorIds[type] }, budgetUsd);
}

/** What a person sends on the page of a provider that lets the deployment sign for a wallet. */
type Leave = (stack: LocalStack, address: Address) => Readonly<Record<string, string>>;

/** Of an end user, who gives leave on the provider's page. */
function userWallet(type: 'CoinbaseCDP' | 'StripePrivy', leave: Leave): WalletKind['open'] {
  return async (stack, budgetUsd) => {
    const connectorId = stack.info.paymentConnectorIds[type];
    const wallet = await openWallet(stack, { connectorId, email: `${newToken()}@example.com` }, budgetUsd);
    const body = new URLSearchParams({ ...leave(stack, wallet.address), grant: 'yes' });
    const { status } = await fetch(wallet.redirectUrl!, { method: 'POST', body, redirect: 'manual' });
    if (status !== 303) throw new Error(`the page of ${type} took no leave: ${status}`);
    return wallet;
  };
}

const ofCoinbase: Leave = ({ services }, address) => {
  const account = services.coinbaseCdp.project.accounts().find((each) => each.address === address);
  return { userId: account!.userId!, days: '30' };
};
const ofPrivy: Leave = ({ services }, address) => {
  const wallet = services.stripePrivy.app.wallets.find((each) => each.address === address);
  return { walletId: wallet!.id };
};

function createSignerConnector(stack: LocalStack, signer: { readonly url: string } | { readonly functionArn: string }) {
  return clientOf(stack, 'controlPlane').call('CreatePaymentConnector', {
    paymentManagerId: stack.info.paymentManagerArn.split('/').at(-1)!,
    name: 'signer',
    type: 'ExternalSigner',
    signer,
    clientToken: newToken(),
  });
}

/** Of the example's signer, which judges for itself. */
async function openBehindSigner(stack: LocalStack, budgetUsd: string): Promise<PayingWallet> {
  const account = privateKeyToAccount(generatePrivateKey());
  let answer: RequestListener = (_request, response) => void response.writeHead(503).end();
  const server = createServer((request, response) => answer(request, response));
  const url = `http://${LOOPBACK}:${await listen(server, 0)}/sign`;
  const connector = await createSignerConnector(stack, { url });
  const policy = { maxMicroUsd: 1_000_000n, payees: null };
  const signer = createSignerServer({ uri: url, publicKey: connector.signer!.publicKey, account, policy });
  answer = (request, response) => void signer.emit('request', request, response);
  const place = { connectorId: connector.paymentConnectorId, walletAddress: account.address };
  return { ...(await openWallet(stack, place, budgetUsd)), close: () => close(server) };
}

/** Where the function has its key from, and the connector's public key. It goes with the process. */
const signerDirectory = mkdtempSync(join(tmpdir(), 'bursar-signer-of-ways-'));
process.once('exit', () => rmSync(signerDirectory, { recursive: true, force: true }));

/** The example's signer as a function of Lambda, for the stack that is to run it. */
export const SIGNER_FUNCTION = {
  file: join(import.meta.dirname, '../../support/signer-function.ts'),
  env: {
    SIGNER_KEY_FILE: join(signerDirectory, 'key'),
    SIGNER_STATE_FILE: join(signerDirectory, 'state.json'),
  },
} as const;

async function openBehindFunction(stack: LocalStack, budgetUsd: string): Promise<PayingWallet> {
  const privateKey = generatePrivateKey();
  writeFileSync(SIGNER_FUNCTION.env.SIGNER_KEY_FILE, privateKey);
  const connector = await createSignerConnector(stack, { functionArn: SIGNER_FUNCTION_ARN });
  const state: SignerState = { publicKey: connector.signer!.publicKey, fault: 'none' };
  writeFileSync(SIGNER_FUNCTION.env.SIGNER_STATE_FILE, JSON.stringify(state));
  const walletAddress = privateKeyToAccount(privateKey).address;
  return openWallet(stack, { connectorId: connector.paymentConnectorId, walletAddress }, budgetUsd);
}

/** Every kind of wallet. */
export const WALLET_KINDS: readonly WalletKind[] = [
  { type: 'SeedVault', open: ownWallet('SeedVault') },
  { type: 'AwsKms', open: ownWallet('AwsKms') },
  { type: 'CoinbaseCDP', of: 'an end user', open: userWallet('CoinbaseCDP', ofCoinbase) },
  { type: 'CoinbaseCDP', of: 'the project', open: ownWallet('CoinbaseCDP') },
  { type: 'StripePrivy', of: 'an end user', open: userWallet('StripePrivy', ofPrivy) },
  { type: 'StripePrivy', of: 'the app', open: ownWallet('StripePrivy') },
  { type: 'ExternalSigner', of: 'an HTTPS service', open: openBehindSigner },
  { type: 'ExternalSigner', of: 'a function', open: openBehindFunction },
];

export const nameOf = ({ type, of }: WalletKind): string => (of === undefined ? type : `${type} of ${of}`);
