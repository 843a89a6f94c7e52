import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');

const ADAPTER_FOLDERS = ['lib/domain', 'lib/json', 'lib/client'];

/**
 * Who may import whom. A folder may always import itself. The longest matching name of a row decides.
 * `packages` lists what may come from node_modules and `node:`; `*` stands for anything.
 */
const RULES: Readonly<Record<string, { readonly folders: readonly string[]; readonly packages: readonly string[] }>> = {
  'lib/domain': { folders: [], packages: [] },
  // Names counters and documents by hashes, and quotes what strangers wrote.
  'lib/domain/policy': { folders: ['lib/domain', 'lib/json'], packages: ['canonicalize', 'node:crypto'] },
  // The AWS JSON protocol without the SDK, for the functions on the paying path.
  'lib/aws': { folders: [], packages: ['node:*'] },
  'lib/json': { folders: ['lib/domain'], packages: [] },
  'lib/contract': {
    folders: ['lib/domain', 'lib/chains', 'lib/wallets/catalogue.ts'],
    packages: ['valibot', '@valibot/to-json-schema'],
  },
  'lib/chains': { folders: ['lib/domain'], packages: ['@noble/hashes', 'viem'] },
  'lib/protocols': { folders: ['lib/domain', 'lib/json', 'lib/chains'], packages: ['@noble/hashes'] },
  'lib/choices': { folders: ['lib/domain', 'lib/json', 'lib/chains', 'lib/telemetry/metric-names.ts'], packages: [] },
  'lib/wallets': {
    folders: ['lib/domain', 'lib/json', 'lib/chains', 'lib/aws', 'lib/sigv4/signing.ts'],
    packages: [
      '@aws-sdk/client-kms',
      '@aws-sdk/client-secrets-manager',
      '@noble/hashes',
      '@scure/bip39',
      'bip32',
      'canonicalize',
      'jose',
      'tiny-secp256k1',
      'node:crypto',
    ],
  },
  'lib/sigv4': { folders: ['lib/domain'], packages: ['@aws-crypto/sha256-js', '@smithy/signature-v4', 'node:crypto'] },
  'lib/jwt': {
    folders: ['lib/domain', 'lib/json'],
    packages: ['aws-jwt-verify', 'node:crypto', 'node:dns', 'node:https', 'node:net', 'node:stream'],
  },
  'lib/ledger': { folders: ['lib/domain', 'lib/chains', 'lib/wallets/catalogue.ts'], packages: ['node:crypto'] },
  // The narrow port to the database and what stands behind it: the only place that knows a client.
  'lib/ledger/dynamodb/store': {
    folders: ['lib/domain', 'lib/aws'],
    packages: ['@aws-sdk/client-dynamodb', 'node:crypto'],
  },
  'lib/events': { folders: ['lib/domain', 'lib/ledger'], packages: ['valibot', '@valibot/to-json-schema'] },
  'lib/telemetry': { folders: ['lib/domain'], packages: [] },
  // All that has OpenTelemetry in it, and nothing imports it but what loads it on demand.
  'lib/telemetry/spans': {
    folders: ['lib/domain', 'lib/telemetry'],
    packages: [
      '@opentelemetry/api',
      '@opentelemetry/otlp-transformer',
      '@opentelemetry/resources',
      '@opentelemetry/sdk-trace',
      '@opentelemetry/semantic-conventions',
      'node:dgram',
    ],
  },
  'lib/receipts': { folders: ['lib/domain'], packages: ['canonicalize'] },
  'lib/api': {
    folders: ['lib/domain', 'lib/json', 'lib/contract', 'lib/protocols', 'lib/receipts', 'lib/jwt', 'lib/telemetry'],
    packages: ['@middy/core', 'valibot', 'node:crypto', '@types/aws-lambda'],
  },
  'lib/service': {
    folders: [
      'lib/domain',
      'lib/json',
      'lib/protocols',
      'lib/wallets',
      'lib/ledger',
      'lib/receipts',
      'lib/events',
      'lib/jwt',
      'lib/telemetry',
    ],
    packages: ['@aws-sdk/client-secrets-manager', '@aws-sdk/client-eventbridge', 'canonicalize', 'node:crypto'],
  },
  'lib/functions': {
    folders: [
      'lib/choices',
      'lib/domain',
      'lib/aws',
      'lib/chains',
      'lib/protocols',
      'lib/wallets',
      'lib/ledger',
      'lib/receipts',
      'lib/events',
      'lib/jwt',
      'lib/telemetry',
      'lib/service',
      'lib/api',
      'lib/contract',
    ],
    packages: [
      '@aws-sdk/client-kms',
      '@aws-sdk/client-secrets-manager',
      '@aws-sdk/client-dynamodb',
      '@aws-sdk/client-eventbridge',
      'node:crypto',
    ],
  },
  lambdas: { folders: ['lib/functions'], packages: [] },
  'lib/client': {
    folders: ['lib/domain', 'lib/json', 'lib/contract', 'lib/protocols'],
    packages: ['@smithy/signature-v4', '@aws-crypto/sha256-js', '@noble/hashes'],
  },
  // Guards what a model asks for, where Node's modules are.
  'lib/client/agent': {
    folders: ['lib/domain', 'lib/json', 'lib/contract', 'lib/protocols', 'lib/client', 'lib/jwt/address-ranges.ts'],
    packages: ['node:dns', 'node:http', 'node:https', 'node:net', 'node:stream', 'node:util'],
  },
  // Each is an entry of the package and brings its framework, which whoever uses it has anyway.
  'lib/client/ai-sdk': { folders: ADAPTER_FOLDERS, packages: ['ai'] },
  'lib/client/langchain': { folders: ADAPTER_FOLDERS, packages: ['langchain'] },
  'lib/client/openai-agents': { folders: ADAPTER_FOLDERS, packages: ['@openai/agents'] },
  'lib/client/strands': { folders: ADAPTER_FOLDERS, packages: ['@strands-agents/sdk'] },
  'lib/cli': {
    folders: [
      'lib/domain',
      'lib/json',
      'lib/chains',
      'lib/contract',
      'lib/protocols',
      'lib/client',
      'lib/sigv4',
      'lib/aws/endpoint.ts',
      'lib/local/info.ts',
      'lib/local/loopback/server.ts',
      'lib/local/operation-roles.ts',
      'lib/infra/config',
      'lib/wallets/seed-vault',
      // The contract of signers, which `signer check` holds one to.
      'lib/wallets/external-signer',
      'lib/wallets/provider-call.ts',
      'lib/wallets/provider-signature.ts',
      'lib/wallets/secp256k1.ts',
    ],
    packages: [
      '@aws-sdk/client-cloudwatch',
      '@aws-sdk/client-kms',
      '@aws-sdk/client-lambda',
      '@aws-sdk/client-resource-groups-tagging-api',
      '@aws-sdk/client-secrets-manager',
      '@aws-sdk/client-service-quotas',
      '@aws-sdk/client-sts',
      '@aws-sdk/credential-providers',
      '@smithy/signature-v4',
      '@aws-crypto/sha256-js',
      '@modelcontextprotocol/client',
      '@modelcontextprotocol/server',
      '@scure/bip39',
      'age-encryption',
      'uqr',
      'node:*',
    ],
  },
  // Runs in browsers: of other rooms it has types alone.
  'lib/wallet-page': { folders: ['lib/contract/client-types.ts'], packages: ['uqr'] },
  'lib/local': {
    folders: ['lib/domain', 'lib/chains', 'lib/contract', 'lib/ledger', 'lib/infra', 'lib/client', 'lib/sigv4'],
    packages: ['*'],
  },
  'lib/infra': {
    folders: [
      'lib/choices',
      'lib/domain',
      'lib/chains',
      'lib/contract',
      'lib/ledger/dynamodb/books/stream-filters.ts',
      'lib/ledger',
      'lib/telemetry',
      'lib/wallets/aws-kms/key-policy.ts',
      'lib/wallets/seed-vault/seed-secret.ts',
      'lib/jwt/address-ranges.ts',
    ],
    packages: [
      'aws-cdk-lib',
      'constructs',
      'esbuild',
      '@aws-sdk/credential-provider-env',
      '@valibot/to-json-schema',
      'node:*',
    ],
  },
  bin: {
    folders: ['lib/contract', 'lib/infra', 'lib/local', 'lib/client', 'lib/cli', 'examples'],
    packages: ['node:*', 'aws-cdk-lib'],
  },
};

interface Import {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

function sourceFiles(): string[] {
  return ['bin', 'lambdas', 'lib'].flatMap((top) =>
    readdirSync(join(root, top), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => join(top, name)),
  );
}

function rowOf(file: string): string | undefined {
  return Object.keys(RULES)
    .filter((row) => file === row || file.startsWith(`${row}/`))
    .toSorted((a, b) => b.length - a.length)[0];
}

function importsOf(file: string): Import[] {
  const text = readFileSync(join(root, file), 'utf8');
  const specifiers = [
    ...text.matchAll(/^\s*(?:import|export)\b[^'";]*?\bfrom\s*'([^']+)'/gm),
    ...text.matchAll(/\bimport\(\s*'([^']+)'/g),
    ...text.matchAll(/^import\s*'([^']+)'/gm),
  ];
  return specifiers.map(([, to = '']) => ({ file, from: rowOf(file) ?? '', to }));
}

function isAllowed({ file, from, to }: Import): boolean {
  const rule = RULES[from];
  if (rule === undefined) return false;
  if (to.startsWith('.')) {
    const target = relative(root, resolve(join(root, dirname(file)), to));
    return [from, ...rule.folders].some((folder) => target === folder || target.startsWith(`${folder}/`));
  }
  return rule.packages.some(
    (name) =>
      name === '*' ||
      name === to ||
      to.startsWith(`${name}/`) ||
      (name.endsWith(':*') && to.startsWith(name.slice(0, -1))),
  );
}

test('imports point only where the table allows', () => {
  const files = sourceFiles();
  const imports = files.flatMap(importsOf);
  expect(files.length).toBeGreaterThan(60);
  expect(imports.length).toBeGreaterThan(200);
  const wrong = imports.filter((found) => !isAllowed(found)).map(({ file, to }) => `${file} imports ${to}`);
  expect(wrong).toEqual([]);
});

test('the table refuses an import that points the wrong way', () => {
  expect(isAllowed({ file: 'lib/domain/money.ts', from: 'lib/domain', to: '../service/sweep.ts' })).toBe(false);
  expect(isAllowed({ file: 'lib/domain/money.ts', from: 'lib/domain', to: 'viem' })).toBe(false);
  expect(isAllowed({ file: 'lib/service/x.ts', from: 'lib/service', to: '../api/errors.ts' })).toBe(false);
  expect(isAllowed({ file: 'lib/chains/x.ts', from: 'lib/chains', to: '../protocols/catalogue.ts' })).toBe(false);
  expect(isAllowed({ file: 'lib/ledger/x.ts', from: 'lib/ledger', to: '../domain/money.ts' })).toBe(true);
});

test('no protocol imports another, and no wallet imports another', () => {
  const siblings = sourceFiles()
    .flatMap(importsOf)
    .filter(({ file, to }) => {
      const own = /^lib\/(protocols|wallets)\/([^/]+)\//.exec(file);
      if (own === null || !to.startsWith('.')) return false;
      const target = relative(root, resolve(join(root, dirname(file)), to));
      const other = /^lib\/(protocols|wallets)\/([^/]+)\//.exec(target);
      return other !== null && other[1] === own[1] && other[2] !== own[2];
    });
  expect(siblings).toEqual([]);
});

const forbiddenInCore = [
  { pattern: /\bDate\.now\(|new Date\(\)/, why: 'time is passed in' },
  { pattern: /\bMath\.random\(|\brandomUUID\(/, why: 'randomness is passed in' },
  {
    pattern: /\bparseFloat\(|\bNumber\([a-zA-Z.]*(?:amount|Amount|limit|Limit)\b/,
    why: 'money never passes through a float',
  },
];

test('the core reads no clock, draws no randomness and keeps money out of floats', () => {
  const core = sourceFiles().filter((file) =>
    /^lib\/(domain|json|contract|chains|protocols|ledger|receipts|service|wallets)\//.test(file),
  );
  expect(core.length).toBeGreaterThan(25);
  const wrong = core.flatMap((file) => {
    const text = readFileSync(join(root, file), 'utf8');
    return forbiddenInCore.filter(({ pattern }) => pattern.test(text)).map(({ why }) => `${file}: ${why}`);
  });
  expect(wrong).toEqual([]);
});
