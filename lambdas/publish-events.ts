import { composePublishEvents } from '../lib/service/compose/publish-events.ts';

export const handler = composePublishEvents(process.env);
