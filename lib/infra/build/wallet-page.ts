import type { BuildOptions, Plugin } from 'esbuild';

const ASSETS = /\/lib\/functions\/wallet-page\/wallet-page-assets\.ts$/;
const OPTIONS = {
  bundle: true,
  minify: true,
  write: false,
  legalComments: 'none',
  charset: 'utf8',
  logLevel: 'silent',
  // What the browsers of the last three years know.
  target: ['chrome109', 'firefox115', 'safari16.4'],
} as const satisfies BuildOptions;

/** Puts the page of wallets, one script and one style sheet, into the function that serves it. */
export function takeWalletPage(root: string): Plugin {
  return {
    name: 'take-wallet-page',
    setup: ({ onLoad }) => {
      onLoad({ filter: ASSETS }, async () => {
        const { build } = await import('esbuild');
        const make = async (entry: string, options: BuildOptions): Promise<string> => {
          const entryPoints = [`lib/wallet-page/${entry}`];
          const { outputFiles } = await build({
            ...OPTIONS,
            ...options,
            write: false,
            absWorkingDir: root,
            entryPoints,
          });
          return outputFiles[0]!.text;
        };
        const [script, style] = await Promise.all([make('main.ts', { format: 'iife' }), make('page.css', {})]);
        return { contents: `export const PAGE_ASSETS=${JSON.stringify({ script, style })};`, loader: 'js' };
      });
    },
  };
}
