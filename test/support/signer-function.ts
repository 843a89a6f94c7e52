// A function that is bundled and run by the local stack: the example's signer, behind faults that a test plants in a file.
import { readFileSync } from 'node:fs';
import { handler as example } from '../../examples/external-signer/lambda.ts';

/** What the file of `SIGNER_STATE_FILE` says, read anew at every request. */
export interface SignerState {
  /** Of the connector. */
  readonly publicKey: string;
  readonly fault: 'none' | 'throws' | 'exits' | 'hangs' | 'answers no HTTP';
}

export async function handler(...asked: Parameters<typeof example>): Promise<object> {
  const { SIGNER_STATE_FILE: file = '' } = process.env;
  const { publicKey, fault } = JSON.parse(readFileSync(file, 'utf8')) as SignerState;
  process.env['SIGNER_PUBLIC_KEY'] = publicKey;
  switch (fault) {
    case 'throws':
      throw new Error('planted');
    case 'exits':
      return process.exit(3);
    case 'hangs':
      return new Promise<object>(() => void setInterval(() => {}, 1_000));
    case 'answers no HTTP':
      return { signature: `0x${'11'.repeat(65)}` };
    case 'none':
      return example(...asked);
  }
}
