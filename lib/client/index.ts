export type { AwsCredentials, CredentialProvider, SignedAccess, TokenAccess } from './api/access.ts';
export { waitForApprovals, type ApprovalWaitOptions } from './api/approval-wait.ts';
export {
  createBursarClient,
  type BursarCall,
  type BursarClient,
  type BursarClientOptions,
  type BursarEndpoint,
} from './api/bursar-client.ts';
export { BursarError, isFinalDenial, type StoredPayment } from './api/bursar-error.ts';
export type {
  CallOptions,
  PayChallengeInput,
  PayChallengeOutput,
  PaymentProcessor,
  ProcessPaymentInput,
  ProcessPaymentOutput,
  ReportOutcomeInput,
  SignedTerms,
} from './api/contract.ts';
export { createPayer, type Payer, type PaymentContext, type SellerChallenge } from './purchase/payer.ts';
export type {
  Confirm,
  InstrumentReference,
  OfferSummary,
  PayerEvent,
  PayerOptions,
  Quote,
  SessionReference,
} from './purchase/payer-options.ts';
export { createPayingFetch } from './fetch/paying-fetch.ts';
export type {
  PaidResponse,
  PayingFetch,
  PayingFetchEvent,
  PayingFetchOptions,
  PayingRequestInit,
  PaymentOfResponse,
} from './fetch/paying-options.ts';
export type { Payment } from './purchase/terms-payer.ts';
export { ProofEndedError, PurchaseError, UnpayableError, type ProofFate } from './purchase/purchase-error.ts';
