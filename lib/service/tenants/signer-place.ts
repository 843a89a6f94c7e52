import { regionOfFunction } from '../../domain/function-arn.ts';
import { isLoopbackUrl } from '../../domain/loopback.ts';
import type { FieldProblem } from '../../domain/refusal.ts';
import type { ConnectorType } from '../../domain/tenants/wallet-shapes.ts';
import { isRemoteWallet } from '../../wallets/abilities.ts';

/** Where the deployment lets signers of the users' own be. */
export interface SignerPlaces {
  readonly signerOrigins: readonly string[];
  /** ARNs of Lambda functions, by alias or version. */
  readonly signerFunctions: readonly string[];
}

/** The paying function asks the signer, so that the deployment says where signers may be. */
export function findSignerProblem(
  { signerOrigins: origins, signerFunctions: functions }: SignerPlaces,
  { type, signerUri }: { readonly type: ConnectorType; readonly signerUri?: string | undefined },
): FieldProblem | null {
  if (!isRemoteWallet(type)) {
    return signerUri === undefined ? null : { name: 'signer', message: `signer is for no connector of type ${type}` };
  }
  if (signerUri === undefined) return { name: 'signer', message: `signer is required for a connector of type ${type}` };
  if (regionOfFunction(signerUri) !== null) {
    if (functions.includes(signerUri)) return null;
    const message = `signer.functionArn must be one of the setting signerFunctions, ${listed(functions)}`;
    return { name: 'signer.functionArn', message };
  }
  const url = new URL(signerUri);
  // Whoever lets signers be on this machine lets them be at any port of it.
  const isAllowed = origins.includes(url.origin) || (isLoopbackUrl(url) && origins.includes(`http://${url.hostname}`));
  if (isAllowed) return null;
  const message = `signer.url must be at an origin of the setting signerOrigins, ${listed(origins)}`;
  return { name: 'signer.url', message };
}

function listed(places: readonly string[]): string {
  return places.length === 0 ? 'which are none yet' : `one of ${places.join(', ')}`;
}
