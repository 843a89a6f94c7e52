export type { AwsCredentials, CredentialProvider, SignedAccess, TokenAccess } from './access.ts';
export { waitForApprovals, type ApprovalWaitOptions } from './approval-wait.ts';
export {
  createBursarClient,
  type BursarCall,
  type BursarClient,
  type BursarClientOptions,
  type BursarEndpoint,
} from './bursar-client.ts';
export { BursarError, isFinalDenial, type StoredPayment } from './bursar-error.ts';
export type {
  CallOptions,
  PayChallengeInput,
  PayChallengeOutput,
  PaymentProcessor,
  ProcessPaymentInput,
  ProcessPaymentOutput,
  ReportOutcomeInput,
  SignedTerms,
} from './contract.ts';
export { createPayer, type Payer, type PaymentContext, type SellerChallenge } from './payer.ts';
export type {
  Confirm,
  InstrumentReference,
  OfferSummary,
  PayerEvent,
  PayerOptions,
  Quote,
  SessionReference,
} from './payer-options.ts';
export { createPayingFetch } from './paying-fetch.ts';
export type {
  PaidResponse,
  PayingFetch,
  PayingFetchEvent,
  PayingFetchOptions,
  PayingRequestInit,
  PaymentOfResponse,
} from './paying-options.ts';
export type { Payment } from './terms-payer.ts';
export { ProofEndedError, PurchaseError, UnpayableError, type ProofFate } from './purchase-error.ts';
