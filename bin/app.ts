// The CDK app: `npx cdk synth`, `npx cdk deploy --all`. What may be chosen is in lib/infra/config/config.ts.
import { App } from 'aws-cdk-lib';
import { addStacks } from '../lib/infra/app.ts';
import { bundle } from '../lib/infra/build/bundle.ts';
import type { BursarConfig } from '../lib/infra/config/config.ts';
import { InvalidConfiguration, parseConfig } from '../lib/infra/config/source.ts';
import { adviseOn } from '../lib/infra/config/advice.ts';

/** A deployer's mistake is answered with what is wrong, and not with where in the code that was found. */
function readConfig(context: Readonly<Record<string, unknown>>): BursarConfig {
  try {
    return parseConfig({ context, env: process.env });
  } catch (error) {
    if (!(error instanceof InvalidConfiguration)) throw error;
    console.error(error.message);
    process.exit(1);
  }
}

const app = new App();
const config = readConfig(app.node.getAllContext());
for (const advice of adviseOn(config)) console.error(`warning: ${advice}`);
const { functions } = await bundle({ log: (line) => console.error(line) });
addStacks(app, { config, functions });
try {
  app.synth();
} catch (error) {
  // What the stacks themselves have against a choice, such as a list that is too long for IAM.
  if (!(error instanceof Error) || !error.message.startsWith('Validation failed')) throw error;
  console.error(error.message);
  process.exit(1);
}
