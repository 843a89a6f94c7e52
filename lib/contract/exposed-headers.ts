/** What a client reads of an answer besides its body, whoever gives it: pages of other origins see these alone. */
export const GATEWAY_EXPOSED_HEADERS = ['x-amzn-requestid', 'x-amzn-errortype'] as const;
/** And of the answers of functions. */
export const EXPOSED_HEADERS = [...GATEWAY_EXPOSED_HEADERS, 'x-bursar-replayed', 'traceresponse'] as const;
