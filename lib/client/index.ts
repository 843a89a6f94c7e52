export {
  createBursarClient,
  type BursarCall,
  type BursarClient,
  type BursarClientOptions,
  type BursarEndpoint,
  type SignedAccess,
  type TokenAccess,
} from './bursar-client.ts';
export {
  BursarError,
  isFinalDenial,
  type PaymentProcessor,
  type ProcessPaymentInput,
  type ProcessPaymentOutput,
} from './contract.ts';
export {
  UnpayableError,
  createPayingFetch,
  type InstrumentReference,
  type OfferSummary,
  type PaidResponse,
  type PayingFetch,
  type PayingFetchEvent,
  type PayingFetchOptions,
  type PayingRequestInit,
  type PaymentOfResponse,
  type SessionReference,
} from './paying-fetch.ts';
