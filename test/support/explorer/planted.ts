import { registerHooks } from 'node:module';
import { PLANTED_VARIABLE, type PlantedEdit } from './planting.ts';

// Loaded before everything else by a process that is to run code with a fault in it: what it reads of a file has the fault.

const edits = JSON.parse(process.env[PLANTED_VARIABLE] ?? '[]') as readonly PlantedEdit[];

registerHooks({
  load: (url, context, nextLoad) => {
    const loaded = nextLoad(url, context);
    const own = edits.filter((edit) => edit.url === url);
    if (own.length === 0) return loaded;
    const source = own.reduce((text, { find, replace }) => text.replace(find, () => replace), String(loaded.source));
    return { ...loaded, source };
  },
});
