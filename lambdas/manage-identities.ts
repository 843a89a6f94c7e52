import { composeManageIdentities } from '../lib/functions/manage-identities.ts';

export const handler = composeManageIdentities(process.env);
