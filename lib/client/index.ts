export type { AwsCredentials, CredentialProvider, SignedAccess, TokenAccess } from './access.ts';
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
export { createPayingFetch } from './paying-fetch.ts';
export type {
  InstrumentReference,
  OfferSummary,
  PaidResponse,
  PayingFetch,
  PayingFetchEvent,
  PayingFetchOptions,
  PayingRequestInit,
  PaymentOfResponse,
  SessionReference,
} from './paying-options.ts';
export { ProofEndedError, PurchaseError, UnpayableError, type ProofFate } from './purchase-error.ts';
