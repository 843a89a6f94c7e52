import { composeSendApprovals } from '../lib/functions/send-approvals.ts';

export const handler = composeSendApprovals(process.env);
