// The local stack of `npm run bench -- load`, without sellers and chain: what is under load, in a process of its own.
import { dirname, join } from 'node:path';
import { synth } from '../../../lib/infra/build/synth.ts';
import { startIssuer } from '../../../lib/local/issuer/index.ts';
import { ISSUER_CLIENTS, provision } from '../../../lib/local/provision.ts';
import { startServices } from '../../../lib/local/services.ts';
import { localConfig } from '../../../lib/local/stack.ts';

const say = (line: string): void => void process.stderr.write(`${line}\n`);

async function main(dataDir: string, port: number): Promise<void> {
  const templates = await synth({ config: localConfig(new Date()) });
  const services = await startServices({
    templatesDir: dirname(templates[0]!),
    dataDir,
    port,
    rpcUrls: {},
    timers: 'running',
    report: say,
  });
  const issuer = await startIssuer({ dataDir: join(dataDir, 'issuer'), clients: ISSUER_CLIENTS, report: say });
  const { paymentManagerArn, paymentConnectorIds } = await provision(services, issuer);
  const { endpoint, region, credentials } = services;
  process.stdout.write(
    `${JSON.stringify({ endpoint, region, credentials, paymentManagerArn, paymentConnectorIds })}\n`,
  );
  process.once('SIGTERM', () => {
    void Promise.all([issuer.close(), services.close()]).then(() => process.exit(0));
  });
}

const [dataDir, port] = process.argv.slice(2);
if (dataDir === undefined) throw new Error('usage: load-stack DATA_DIR [PORT]');
await main(dataDir, Number(port ?? 0));
