// The CDK app: `npx cdk synth`, `npx cdk deploy --all`. What may be chosen is in lib/infra/config.ts.
import { App } from 'aws-cdk-lib';
import { addStacks } from '../lib/infra/app.ts';
import { bundle } from '../lib/infra/bundle.ts';
import { parseConfig } from '../lib/infra/config.ts';

const { functions } = await bundle({ log: (line) => console.error(line) });
const app = new App();
addStacks(app, { config: parseConfig({ context: app.node.getAllContext(), env: process.env }), functions });
app.synth();
