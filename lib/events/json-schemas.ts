import { toJsonSchema } from '@valibot/to-json-schema';
import { EVENT_SCHEMAS, type EventType } from './schemas.ts';

/** The schema of each event's detail as the text of a file of `docs/reference/events`. */
export function formatEventSchemas(): Readonly<Record<EventType, string>> {
  const texts = Object.entries(EVENT_SCHEMAS).map(([type, schema]) => {
    const { $schema, ...rest } = toJsonSchema(schema);
    const description = `The detail of the event ${type}, whose source is the deployment’s stack prefix.`;
    return [type, `${JSON.stringify({ $schema, title: type, description, ...rest }, leaveOpen, 2)}\n`];
  });
  // The same names.
  return Object.fromEntries(texts) as Record<EventType, string>;
}

/** We make events that have no other members; who reads them must expect those of later releases. */
function leaveOpen(name: string, value: unknown): unknown {
  return name === 'additionalProperties' ? undefined : value;
}
