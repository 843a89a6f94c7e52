import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';
import { ROOT } from './paths.ts';

/**
 * The licences of the packages whose code is in a bundle, with their texts, each text once. Throws where a package has neither a
 * licence in its manifest nor a text.
 */
export function describeThirdParties({ inputs }: Metafile): string {
  const directories = new Set(
    Object.keys(inputs).flatMap((path) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(path)?.[0] ?? []),
  );
  const namesByText = new Map<string, string[]>();
  for (const directory of [...directories].toSorted()) {
    const { name, version, license } = JSON.parse(readFileSync(join(ROOT, directory, 'package.json'), 'utf8')) as {
      readonly name: string;
      readonly version: string;
      readonly license?: string;
    };
    const text = licenseText(join(ROOT, directory));
    if (license === undefined && text === null) throw new Error(`${name} ${version} says nothing of its licence`);
    const key = text ?? `(no text in the package)`;
    namesByText.set(key, [...(namesByText.get(key) ?? []), `${name} ${version}: ${license ?? 'see below'}`]);
  }
  return [...namesByText].map(([text, names]) => `${names.join('\n')}\n\n${text}\n`).join(`\n${'='.repeat(80)}\n\n`);
}

function licenseText(directory: string): string | null {
  const file = readdirSync(directory).find((each) => /^licen[cs]e(?:\.(?:md|txt))?$/i.test(each));
  return file !== undefined && existsSync(join(directory, file))
    ? readFileSync(join(directory, file), 'utf8').trim()
    : null;
}
