import { composeManageSessions } from '../lib/service/compose/manage-sessions.ts';

export const handler = composeManageSessions(process.env);
