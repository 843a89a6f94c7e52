import { createHash } from 'node:crypto';

/** The page as it was bundled: one script and one style sheet. */
export interface PageAssets {
  readonly script: string;
  readonly style: string;
}

/** Characters of a digest that tell one version of a file from another. */
const VERSION_CHARS = 16;

function versionOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, VERSION_CHARS);
}

/**
 * The document, the same for everybody: who somebody is, and what a wallet holds, comes by the script.
 * @param assetPath where script and style stand, as seen from the document
 */
export function formatDocument({ script, style }: PageAssets, assetPath: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>Wallet</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${assetPath}page.css?v=${versionOf(style)}">
<script src="${assetPath}page.js?v=${versionOf(script)}" defer></script>
</head>
<body>
<noscript><main><h1>Wallet</h1><p>This page needs JavaScript to show your wallet.</p></main></noscript>
<div id="page"></div>
<p id="news" role="status" class="unseen"></p>
</body>
</html>
`;
}

/** Whatever is answered: nobody may frame it, learn of it by a referrer, or take it for something else than it says. */
const ALWAYS = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'x-frame-options': 'DENY',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
} as const;

/** What is the same for everybody and named after its content. */
const ASSET_HEADERS = { ...ALWAYS, 'cache-control': 'public, max-age=31536000, immutable' } as const;

/** What is somebody's own, or nobody is to keep. */
export const PRIVATE_HEADERS = { ...ALWAYS, 'cache-control': 'no-store' } as const;

/**
 * Of a script or a style. It is kept under the version that it has, and under no other: between two releases a document of the one asks
 * a function of the other, and anybody may ask for a version that is still to come, whose place in a shared cache this would take.
 */
export function assetHeaders(text: string, askedVersion: string | undefined): Readonly<Record<string, string>> {
  return askedVersion === versionOf(text) ? ASSET_HEADERS : PRIVATE_HEADERS;
}

/**
 * Script and style of this origin alone, none of them inline, no form, no frame, no text that becomes markup.
 * @param connect origins that the script may ask besides its own
 */
export function documentHeaders(connect: readonly string[]): Readonly<Record<string, string>> {
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    'img-src data:',
    `connect-src ${["'self'", ...connect].join(' ')}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ];
  return {
    ...PRIVATE_HEADERS,
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': policy.join('; '),
    'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
  };
}
