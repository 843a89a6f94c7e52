import type { Command, Invocation } from '../program/command.ts';
import { checkAccess } from '../doctor/access.ts';
import { checkAssets } from '../doctor/assets.ts';
import { checkChains, ownRpcUrls } from '../doctor/chains.ts';
import { checkEndpoint } from '../doctor/endpoint.ts';
import type { Finding } from '../doctor/finding.ts';
import { checkMetrics } from '../doctor/metrics.ts';
import { checkQuotas } from '../doctor/quotas.ts';
import { checkResources } from '../doctor/resources.ts';
import { tell, wrap } from '../terminal/layout.ts';
import { EXIT, type Outcome } from '../terminal/outcome.ts';
import { paint, printable, type Terminal } from '../terminal/terminal.ts';

const STATUS_CHARS = 4;
const FINDING_INDENT = 6;
const COLORS = { ok: 'green', warn: 'yellow', fail: 'red', skip: 'dim' } as const;

async function runDoctor(invocation: Invocation): Promise<Outcome> {
  const { terminal } = invocation.deps;
  const say = (line: string): void => {
    if (terminal.interactive) tell(terminal, line);
  };
  const rpcUrls = ownRpcUrls(invocation);
  const findings: Finding[] = [];
  if (rpcUrls.size > 0) say('asking your endpoints which chains they are of');
  findings.push(...(await checkChains(invocation, rpcUrls)));
  say('asking the account for its quotas');
  findings.push(...(await checkQuotas(invocation)));
  say(`looking at ${invocation.target.endpoint || 'what is here'}`);
  const endpoint = await checkEndpoint(invocation);
  findings.push(...endpoint.findings);
  if (endpoint.reachable) {
    say('asking what these credentials may do');
    findings.push(...(await checkAccess(invocation)));
    say('looking for manager, wallet and session');
    findings.push(...(await checkResources(invocation)));
    findings.push(await checkMetrics(invocation));
    say('holding the tokens of the deployment against their contracts');
    findings.push(...(await checkAssets(invocation, rpcUrls)));
  }
  const healthy = findings.every(({ status }) => status !== 'fail');
  return {
    exitCode: healthy ? EXIT.ok : EXIT.failed,
    json: { healthy, endpoint: invocation.target.endpoint, findings },
    text: [...findings.map((finding) => format(terminal, finding)), '', verdict(findings)].join('\n'),
  };
}

function format(terminal: Terminal, { what, status, detail, mend }: Finding): string {
  const { columns } = terminal;
  // Painted last: the screen does not show the characters of a colour, and they must not count.
  const line = wrap(`${status.padEnd(STATUS_CHARS)}  ${what}: ${printable(detail)}`, columns, FINDING_INDENT);
  const painted = paint(terminal, COLORS[status], line.slice(0, STATUS_CHARS)) + line.slice(STATUS_CHARS);
  const indent = ' '.repeat(FINDING_INDENT);
  return mend === undefined ? painted : `${painted}\n${wrap(indent + printable(mend), columns, FINDING_INDENT)}`;
}

function verdict(findings: readonly Finding[]): string {
  const count = (status: Finding['status']): number => findings.filter((each) => each.status === status).length;
  return `${count('ok')} ok, ${count('warn')} to look at, ${count('fail')} wrong, ${count('skip')} not checked`;
}

export const doctor: Command = {
  name: 'doctor',
  endpoint: 'optional',
  summary:
    'checks quotas, endpoint, clock, roles, keys, wallet, metrics, chains and tokens; says what is wrong and how to mend it',
  operands: '',
  operandsMin: 0,
  operandsMax: 0,
  options: {
    chain: { value: 'CHAIN', help: 'whose balance is read (default: that of init)' },
    session: { value: 'ID', help: 'another session' },
    instrument: { value: 'ID', help: 'another wallet' },
    connector: { value: 'ID', help: 'the connector of that wallet' },
    'rpc-url': {
      value: 'NETWORK=URL',
      many: true,
      help: 'an endpoint of a chain, such as eip155:8453=https://rpc.example: it is asked whether it is of that chain and up to date, and the tokens are held against their contracts there; several of one chain are asked in turn',
    },
    'stack-prefix': { value: 'NAME', help: 'of the deployment (default Bursar), for its secrets and metrics' },
  },
  role: 'any role; it says what the one it finds may do, and changes nothing',
  examples: [
    ['bursar doctor', 'all there is to check'],
    ['bursar doctor --region us-east-1 --profile ops', 'before the first deployment: the quotas of the account'],
    ['bursar doctor --role-arn arn:aws:iam::111122223333:role/ProcessPaymentRole', 'as the agents see it'],
    ['bursar doctor --json', 'for a monitor: exit code 1 when something is wrong'],
  ],
  run: runDoctor,
};
