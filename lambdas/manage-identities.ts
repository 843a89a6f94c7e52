import { composeManageIdentities } from '../lib/service/compose/manage-identities.ts';

export const handler = composeManageIdentities(process.env);
