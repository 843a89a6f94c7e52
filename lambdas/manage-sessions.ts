import { composeManageSessions } from '../lib/functions/manage-sessions.ts';

export const handler = composeManageSessions(process.env);
