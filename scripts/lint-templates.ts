import { join } from 'node:path';
import type { BursarConfig } from '../lib/infra/config/config.ts';
import { synth } from '../lib/infra/build/synth.ts';
import { findInterpreter, provideEnvironment } from './python/environment.ts';
import { runCommand } from './rehearsal/child.ts';
import { REHEARSAL_CONFIG } from './rehearsal/configuration.ts';
import { cleanEnvironment } from './rehearsal/target.ts';

// Runs AWS's cfn-lint over the templates of the default configuration and of those that add or change most.

const ROOT = join(import.meta.dirname, '..');
const LINT_TIMEOUT_MS = 5 * 60_000;
const CHOICES = join(import.meta.dirname, 'rehearsal', 'cfn-lint.yaml');
/** What its own command does, which the environment does not have. */
const RUN_CFN_LINT = 'import sys; from cfnlint.runner import main; sys.exit(main())';
const REGIONS = ['us-east-1', 'eu-central-1'];

const CONFIGURATIONS: Readonly<Record<string, Partial<BursarConfig>>> = {
  'the default': {},
  'the rehearsal': REHEARSAL_CONFIG,
  'every part that is off by default': {
    stackPrefix: 'Everything',
    alarmEmail: 'operators@example.com',
    trailRules: true,
    spendAlarmUsdPerHour: 100,
    maxSessionLimitUsd: '100.00',
    issuerPrivateRanges: ['10.20.0.0/16'],
    agentNames: ['researcher'],
    reservedConcurrency: 20,
    provisionedConcurrency: 2,
    waf: true,
    signerFunctions: ['arn:aws:lambda:us-east-1:000000000000:function:signer:live'],
    walletPageCloudFront: {
      domainName: 'wallet.example.com',
      certificateArn: 'arn:aws:acm:us-east-1:000000000000:certificate/00000000-0000-0000-0000-000000000000',
      priceClass: 'PriceClass_100',
    },
    approvalGasPerDay: '0.002',
    vpc: { vpcId: 'vpc-00000000000000001', subnetIds: ['subnet-00000000000000001', 'subnet-00000000000000002'] },
  },
  'named principals and tokens, and every part off that may be': {
    stackPrefix: 'Bound',
    dashboards: false,
    canaryDeployment: false,
    bindUserToRoleSession: true,
    managementPrincipals: ['arn:aws:iam::000000000000:user/backend'],
    processPaymentPrincipals: ['arn:aws:iam::000000000000:role/agents'],
    tokenPrincipals: ['arn:aws:iam::000000000000:role/minter'],
    backupPrincipals: ['arn:aws:iam::000000000000:role/break-glass'],
    treasuryPrincipals: ['arn:aws:iam::000000000000:role/treasurer'],
    withdrawalAddresses: ['0x209693Bc6afc0C5328bA36FaF03C514EF312287C'],
    externalSecretArns: ['arn:aws:secretsmanager:us-east-1:000000000000:secret:provider-AbCdEf'],
    ownApiGatewayAccount: false,
    defaultSessionLimitUsd: null,
  },
};

const started = performance.now();
const say = (line: string): void => {
  process.stdout.write(`${((performance.now() - started) / 1000).toFixed(1).padStart(6)} s  ${line}\n`);
};

async function main(): Promise<number> {
  const interpreter = await findInterpreter();
  const python = await provideEnvironment({
    interpreter,
    requirementsDir: join(import.meta.dirname, 'rehearsal'),
    cacheDir: join(ROOT, '.cache', 'python'),
    say,
  });
  const templates: string[] = [];
  for (const [name, config] of Object.entries(CONFIGURATIONS)) {
    templates.push(...(await synth({ config })));
    say(`synthesized ${name}`);
  }
  const { code, output } = await runCommand({
    command: python,
    args: ['-c', RUN_CFN_LINT, '--config-file', CHOICES, '--regions', ...REGIONS, '--', ...templates],
    env: { ...cleanEnvironment(), PYTHONDONTWRITEBYTECODE: '1' },
    cwd: ROOT,
    timeoutMs: LINT_TIMEOUT_MS,
  });
  if (code !== 0) {
    process.stderr.write(`${output}\nlint:templates: cfn-lint has findings (exit ${code ?? 'timeout'})\n`);
    return 1;
  }
  say('cfn-lint has read them');
  process.stdout.write(`templates: ${templates.length} linted, no findings\n`);
  return 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`lint:templates failed: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
