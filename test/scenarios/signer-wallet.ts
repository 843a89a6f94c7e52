import { clientOf, newUser, openSession, type Address, type Scene } from './scene.ts';

/** A wallet behind a signer of the user's own, with a session of 5.00. */
export async function openSignerWallet({ stack }: Scene, paymentConnectorId: string, walletAddress: Address) {
  const { paymentManagerArn } = stack.info;
  const management = clientOf(stack, 'management');
  const userId = newUser();
  const { paymentInstrument } = await management.call(
    'CreatePaymentInstrument',
    {
      paymentManagerArn,
      paymentConnectorId,
      paymentInstrumentType: 'EMBEDDED_CRYPTO_WALLET',
      paymentInstrumentDetails: { embeddedCryptoWallet: { network: 'ETHEREUM', walletAddress } },
    },
    { userId },
  );
  const paymentSessionId = await openSession(stack, userId, '5.00');
  return {
    userId,
    paymentSessionId,
    names: { paymentManagerArn, paymentInstrumentId: paymentInstrument.paymentInstrumentId },
    /** Spent and held. */
    books: async () => {
      const input = { paymentManagerArn, paymentSessionId };
      const { paymentSession } = await management.call('GetPaymentSession', input, { userId });
      return [paymentSession.spentAmount.value, paymentSession.reservedAmount.value];
    },
  };
}
