import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { LocalInfo } from '../lib/local/info.ts';
import { untilChildEnds } from './child-end.ts';

const USAGE = `usage: npm run tutorial -- FILE [--python PYTHON] [--seller NAME] [--keep-going]
       npm run --silent tutorial -- --env

Runs a notebook or a Python program that was written for Amazon Bedrock AgentCore payments against the local stack,
unchanged: AWS's tutorials from your own checkout, for one. Start the stack first, here: npm start.

  --python PYTHON  the interpreter that has the packages of the tutorial (default python3); nothing is installed
  --seller NAME    what the script that stands in a model's place buys (default weather)
  --keep-going     go on after a cell that fails
  --env            print what the tutorial's .env needs, to run it by yourself, in Jupyter for one`;

const INFO_FILE = join('.bursar', 'local.json');
const RUNNER = join(import.meta.dirname, 'tutorial', 'run.py');
/** What would lead AWS's clients elsewhere. */
const LEADING_ELSEWHERE = /^(?:AWS_|BEDROCK_AGENTCORE_)/;

function readStack(): LocalInfo {
  if (!existsSync(INFO_FILE)) throw new Error(`no local stack was started in this directory: npm start`);
  return JSON.parse(readFileSync(INFO_FILE, 'utf8')) as LocalInfo;
}

/** What a tutorial reads, by the names that AWS's clients and AWS's tutorials have for it. */
function environmentOf({
  awsAccount,
  region,
  coinbaseCdp,
  stripePrivy,
  sellers,
}: LocalInfo): Readonly<Record<string, string>> {
  const { endpoint, credentials } = awsAccount;
  return {
    AWS_ENDPOINT_URL: endpoint,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    PAYMENTS_CP_ENDPOINT: endpoint,
    PAYMENTS_DP_ENDPOINT: endpoint,
    CREDENTIAL_PROVIDER_ENDPOINT: endpoint,
    SELLER_API_URL: new URL(sellers[0]!.url).origin,
    COINBASE_API_KEY_ID: coinbaseCdp.credentials.apiKeyId,
    COINBASE_API_KEY_SECRET: coinbaseCdp.credentials.apiKeySecret,
    COINBASE_WALLET_SECRET: coinbaseCdp.credentials.walletSecret,
    PRIVY_APP_ID: stripePrivy.credentials.appId,
    PRIVY_APP_SECRET: stripePrivy.credentials.appSecret,
    PRIVY_AUTHORIZATION_ID: stripePrivy.credentials.authorizationId,
    // Privy shows it with a prefix, which AWS's service refuses.
    PRIVY_AUTHORIZATION_PRIVATE_KEY: stripePrivy.credentials.authorizationPrivateKey.replace(/^wallet-auth:/, ''),
  };
}

function readArguments() {
  return parseArgs({
    allowPositionals: true,
    options: {
      python: { type: 'string', default: 'python3' },
      seller: { type: 'string', default: 'weather' },
      'keep-going': { type: 'boolean', default: false },
      env: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
}

async function main(): Promise<number> {
  const { values, positionals } = readArguments();
  if (values.help) {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  const stack = readStack();
  const environment = environmentOf(stack);
  if (values.env) {
    for (const [name, value] of Object.entries(environment)) process.stdout.write(`${name}=${value}\n`);
    return 0;
  }
  const [file] = positionals;
  if (file === undefined || positionals.length > 1) throw new Error(`expected one file\n\n${USAGE}`);
  if (!existsSync(file)) throw new Error(`there is no ${file}`);
  const seller = stack.sellers.find(({ name }) => name === values.seller);
  if (seller === undefined) throw new Error(`the local stack has no seller ${values.seller}`);
  const kept = Object.entries(process.env).filter(([name]) => !LEADING_ELSEWHERE.test(name));
  const child = spawn(values.python, [RUNNER, file, ...(values['keep-going'] ? ['--keep-going'] : [])], {
    stdio: 'inherit',
    env: {
      ...Object.fromEntries(kept),
      ...environment,
      AWS_CONFIG_FILE: '/dev/null',
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
      AWS_EC2_METADATA_DISABLED: 'true',
      BURSAR_TUTORIAL_SELLER: seller.url,
    },
  });
  return (await untilChildEnds(child)).code ?? 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
