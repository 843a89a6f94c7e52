import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { chromium, type Browser } from 'playwright-core';

// A headless Chromium for tests, out of a package: nothing is installed by hand and nothing downloaded. CHROMIUM_PATH names another.

const ROOT = join(import.meta.dirname, '..', '..');
const PACKAGE = dirname(dirname(fileURLToPath(import.meta.resolve('@sparticuz/chromium'))));
const UNPACK_TIMEOUT_MS = 60_000;

/** What starts a browser: the program, its arguments and its environment. */
interface ChromiumProgram {
  readonly executablePath: string;
  readonly args: string[];
  readonly env: Record<string, string>;
}

/** Launches Chromium under Playwright; whoever calls closes it. Throws where this machine has none that starts. */
export async function launchChromium(): Promise<Browser> {
  return chromium.launch({ ...(await provideChromium()), headless: true });
}

/** Where Chromium is, unpacked at first use. The package's own arguments are not taken: they put the same-origin policy out of force. */
export async function provideChromium(): Promise<ChromiumProgram> {
  const env = Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
  // Containers give root no namespaces to build the sandbox of. Pages of tests are our own.
  const args = ['--no-sandbox', '--font-render-hinting=none'];
  const chosen = process.env['CHROMIUM_PATH'];
  if (chosen !== undefined && chosen !== '') return { executablePath: chosen, args, env };
  const directory = await unpack();
  return {
    executablePath: join(directory, 'chromium'),
    args,
    env: {
      ...env,
      // The same letters on every machine, and the libraries that a bare one lacks.
      FONTCONFIG_FILE: join(directory, 'fonts.conf'),
      LD_LIBRARY_PATH: [join(directory, 'al2023', 'lib'), env['LD_LIBRARY_PATH']].filter(Boolean).join(':'),
    },
  };
}

/** Unpacks into a folder of the repository, whole or not at all, by however many processes at once. */
async function unpack(): Promise<string> {
  const { platform, arch } = process;
  if (platform !== 'linux') {
    throw new Error(
      `the Chromium of @sparticuz/chromium is for Linux, not ${platform} on ${arch}: CHROMIUM_PATH names a Chromium to test with`,
    );
  }
  const cache = join(ROOT, '.cache', 'chromium');
  const directory = join(cache, versionOf(PACKAGE));
  if (existsSync(directory)) return directory;
  mkdirSync(cache, { recursive: true });
  const staging = mkdtempSync(join(cache, 'unpacking-'));
  try {
    // The package unpacks into the temporary directory of its process, and takes a half-written file there for a whole one.
    const program = `import Chromium, { inflate } from '@sparticuz/chromium';
      await Chromium.executablePath();
      await inflate(process.argv[1]);`;
    const libraries = join(PACKAGE, 'bin', 'al2023.tar.br');
    await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program, '--', libraries], {
      cwd: ROOT,
      env: { ...process.env, TMPDIR: staging },
      timeout: UNPACK_TIMEOUT_MS,
    });
    writeFileSync(join(staging, 'fonts.conf'), describeFonts(directory));
    try {
      renameSync(staging, directory);
    } catch (error) {
      // Another process was first.
      if (!existsSync(directory)) throw error;
    }
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
  return directory;
}

function describeFonts(directory: string): string {
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>${join(directory, 'fonts')}</dir><cachedir>${join(directory, 'font-cache')}</cachedir></fontconfig>
`;
}

function versionOf(directory: string): string {
  const manifest = readFileSync(join(directory, 'package.json'), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}
