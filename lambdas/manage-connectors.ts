import { composeManageConnectors } from '../lib/service/compose/manage-connectors.ts';

export const handler = composeManageConnectors(process.env);
