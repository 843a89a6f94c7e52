#!/usr/bin/env node
// The command line in a checkout: `npx bursar`. Plain JavaScript, so that a Node that cannot read TypeScript can still say so.
const NODE_MIN = [22, 18];

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < NODE_MIN[0] || (major === NODE_MIN[0] && minor < NODE_MIN[1])) {
  console.error(
    `bursar needs Node ${NODE_MIN.join('.')} or later and was started with ${process.version} (${process.execPath}).\n` +
      'Run it as `npx bursar ...` in the checkout after `npm ci`, which brings a Node of its own on Linux x86-64.',
  );
  process.exit(1);
}
await import('./cli.ts');
