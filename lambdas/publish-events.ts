import { composePublishEvents } from '../lib/functions/publish-events.ts';

export const handler = composePublishEvents(process.env);
