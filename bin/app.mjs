// What cdk.json starts. Plain JavaScript, so that a Node that cannot read TypeScript can still say so: the CDK's command line
// takes the first `node` of the PATH, which for a globally installed `cdk` is not the one that the checkout brings.
const NODE_MAJOR_MIN = 24;

const [major = 0] = process.versions.node.split('.').map(Number);
if (major < NODE_MAJOR_MIN) {
  console.error(
    `Bursar's CDK app needs Node ${NODE_MAJOR_MIN} or later and was started with ${process.version} (${process.execPath}).\n` +
      'Run it as `npx cdk ...` in the checkout after `npm ci`, which brings a Node of its own on Linux x86-64, or install Node 24.',
  );
  process.exit(1);
}
await import('./app.ts');
