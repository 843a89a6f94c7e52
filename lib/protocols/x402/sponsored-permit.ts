// https://github.com/x402-foundation/x402/blob/main/specs/extensions/eip2612_gas_sponsoring.md

/** What a seller declares whose facilitator submits a permit of the token, and so pays for the approval of Permit2. */
export const SPONSORED_PERMIT = 'eip2612GasSponsoring';
/** The only version that there is. */
export const SPONSORED_PERMIT_VERSION = '1';
