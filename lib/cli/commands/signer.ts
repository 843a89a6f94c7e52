import { parseAddress } from '../../chains/evm/address.ts';
import { drawRequestKey, parseRequestKey } from '../../wallets/external-signer/request-key.ts';
import type { Hex } from '../../domain/payment/payment.ts';
import { ProviderRefused } from '../../domain/ports/services.ts';
import { toEpochMs } from '../../domain/time.ts';
import type { Command, Invocation } from '../program/command.ts';
import { describeNetworkError } from '../program/failures.ts';
import { placeOf } from '../signer/place.ts';
import type { Subject } from '../signer/probes.ts';
import { checkSigner, type Verdict } from '../signer/suite.ts';
import { CliError, done, EXIT, usageError, type Outcome } from '../terminal/outcome.ts';
import { formatFacts, tell } from '../terminal/layout.ts';

const KEY_FILE_DEFAULT = '.bursar/request-key.json';
const KEY_MAX_BYTES = 4_096;

async function runKey({ deps, options }: Invocation): Promise<Outcome> {
  const file = options.text('key') ?? KEY_FILE_DEFAULT;
  const { secret, publicKey } = drawRequestKey();
  if (!(await deps.files.writeNew(file, `${secret}\n`))) {
    throw new CliError(EXIT.failed, `${file} is there already`, { hint: 'name another with --key, or use that one' });
  }
  return done({ file, publicKey }, formatFacts({ 'public key': publicKey, 'kept in': file }));
}

async function runCheck({ deps, options, positionals }: Invocation): Promise<Outcome> {
  const { uri, fetch } = await placeOf({ deps, options, positionals });
  const subject = { uri, ...(await readSubject({ deps, options })) };
  const suite = { now: toEpochMs(deps.now()), randomBytes: deps.randomBytes, fetch };
  const verdicts: Verdict[] = [];
  try {
    for await (const verdict of checkSigner(suite, subject)) {
      verdicts.push(verdict);
      if (deps.terminal.interactive) tell(deps.terminal, verdict.rule);
    }
  } catch (error) {
    if (error instanceof ProviderRefused) throw new CliError(EXIT.failed, error.message, { cause: error });
    const why = describeNetworkError(error) ?? 'its answer could not be read';
    throw new CliError(EXIT.failed, `the signer at ${uri} gave no answer: ${why}`, { cause: error });
  }
  const failed = verdicts.filter(({ passed }) => !passed).length;
  const lines = verdicts.map(({ rule, found }) => (found === null ? `ok    ${rule}` : `FAIL  ${rule}: ${found}`));
  return {
    exitCode: failed === 0 ? EXIT.ok : EXIT.failed,
    json: { verdicts, failed },
    text: [...lines, '', `${verdicts.length - failed} of ${verdicts.length} rules hold`].join('\n'),
  };
}

async function readSubject({ deps, options }: Pick<Invocation, 'deps' | 'options'>): Promise<Omit<Subject, 'uri'>> {
  const address = readAddress('--address', options.text('address') ?? '');
  const payTo = readAddress('--pay-to', options.text('pay-to') ?? address);
  const file = options.text('key') ?? KEY_FILE_DEFAULT;
  const kept = await deps.files.read(file, KEY_MAX_BYTES);
  const key = kept === null ? null : parseRequestKey(new TextDecoder().decode(kept));
  if (key !== null) return { address, payTo, key };
  throw usageError(
    `${file} ${kept === null ? 'is not there' : 'holds no key of requests'}`,
    'bursar signer key makes one',
  );
}

function readAddress(option: string, text: string): Hex {
  const address = parseAddress(text);
  if (address !== null) return address;
  throw usageError(`${option} must be an address: 0x and 40 hexadecimal digits, with its checksum. Received: ${text}`);
}

const KEY_OPTION = { key: { value: 'FILE', help: `the key of requests (default ${KEY_FILE_DEFAULT})` } } as const;

export const signerKey: Command = {
  name: 'signer key',
  endpoint: 'none',
  summary: 'makes a key that requests to a signer of your own can be tried with',
  operands: '',
  operandsMin: 0,
  operandsMax: 0,
  options: KEY_OPTION,
  role: 'none',
  examples: [['bursar signer key', 'then give the signer the public key that it prints']],
  notes: [
    'It is no key of a wallet, and no connector’s: that of a connector is made with it, and GetPaymentConnector shows its public half.',
  ],
  run: runKey,
};

export const signerCheck: Command = {
  name: 'signer check',
  endpoint: 'none',
  summary: 'holds a signer of your own to the contract, rule by rule',
  operands: '[URL]',
  operandsMin: 0,
  operandsMax: 1,
  options: {
    ...KEY_OPTION,
    function: {
      value: 'ARN',
      help: 'of the Lambda function, with its alias or version, that is asked in place of URL',
    },
    address: { value: 'ADDRESS', help: 'of a wallet whose key the signer has' },
    'pay-to': {
      value: 'ADDRESS',
      help: 'whom the probes pay, for a signer that knows its payees (default: the wallet)',
    },
  },
  role: 'none',
  examples: [
    ['bursar signer check https://signer.example/sign --address 0x...', 'exit code 1 where a rule does not hold'],
    [
      'bursar signer check --function arn:aws:lambda:REGION:ACCOUNT:function:signer:live --address 0x...',
      'with your credentials of AWS, which may invoke it',
    ],
  ],
  notes: ['It has the signer sign payments of a cent on a test network, and submits none of them.'],
  run: runCheck,
};
