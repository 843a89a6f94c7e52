import { App } from 'aws-cdk-lib';
import { addBursar } from 'bursar-cdk';

// What somebody writes who deploys Bursar from a CDK app of their own.

const app = new App({ outdir: 'cdk.out' });
const { service } = addBursar(app, { config: { stackPrefix: 'Packaged', retainData: false } });
app.synth();
console.log(service.stackName);
