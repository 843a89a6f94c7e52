import { composeManageConnectors } from '../lib/functions/manage-connectors.ts';

export const handler = composeManageConnectors(process.env);
