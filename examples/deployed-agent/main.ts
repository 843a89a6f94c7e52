// An agent that is deployed beside Bursar, and holds nothing but ProcessPaymentRole. docs/agents.md says how to deploy it.
import { App } from 'aws-cdk-lib';
import { AgentStack } from './stack.ts';

const app = new App();

function choice(name: string): string {
  const value: unknown = app.node.tryGetContext(name);
  if (typeof value === 'string' && value !== '') return value;
  throw new Error(`-c ${name}=... is missing`);
}

// oxlint-disable-next-line no-new -- a construct takes its place in the tree by being made
new AgentStack(app, 'BursarExampleAgent', {
  endpoint: choice('endpoint'),
  processPaymentRoleArn: choice('processPaymentRoleArn'),
  paymentManagerArn: choice('paymentManagerArn'),
});
