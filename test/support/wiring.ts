import { schemeOf } from '../../lib/protocols/catalogue.ts';

export const DEPLOYMENT_ID = '0123456789abcdef0123456789abcdef';

/** What every ledger of a test is made with. */
export const wiring = { schemeOf, drawDeploymentId: () => DEPLOYMENT_ID } as const;
