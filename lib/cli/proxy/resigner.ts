import { toEpochMs } from '../../domain/time.ts';
import {
  errorAnswer,
  forward,
  parseRequestPath,
  type Deployment,
  type ForwardedAnswer,
} from '../../sigv4/forwarding.ts';
import { verifySignature, type SignedRequest } from '../../sigv4/verification.ts';
import type { Credentials } from '../target/aws.ts';

/** Whose keys sign a request of this method and path, which has no stage in it. */
export type RequestCredentials = (request: { readonly method: string; readonly path: string }) => Promise<Credentials>;

/** A pair of keys that opens the proxy, and nothing else. */
export interface ProxyKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export interface ResignerOptions extends Deployment {
  readonly key: ProxyKey;
  readonly credentials: RequestCredentials;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** The name that unmodified AWS clients sign for. */
const CLIENT_SERVICE = 'bedrock-agentcore';
const METHODS = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']);

/**
 * Takes a request that a client has signed with the proxy's own key, and sends it to the deployment signed with other
 * credentials. It answers by itself, in AWS's error shape, whatever is not such a request.
 */
export async function resign(options: ResignerOptions, request: SignedRequest): Promise<ForwardedAnswer> {
  const asked = parseRequestPath(request.target);
  if (!METHODS.has(request.method) || asked === null) {
    return errorAnswer(
      400,
      'ValidationException',
      'The proxy takes requests of AWS clients: a method and an absolute path',
    );
  }
  const verified = verifySignature(request, {
    region: options.region,
    service: CLIENT_SERVICE,
    findCredential: (id) =>
      id === options.key.accessKeyId ? { secretAccessKey: options.key.secretAccessKey, sessionToken: null } : null,
    now: toEpochMs(options.now()),
  });
  if (!verified.ok) {
    const what = 'The proxy takes only requests that are signed with the keys that it printed';
    return errorAnswer(403, 'AccessDeniedException', `${what}: ${verified.error.message}`);
  }
  let credentials: Credentials;
  try {
    credentials = await options.credentials({ method: request.method, path: asked.path });
  } catch {
    return errorAnswer(500, 'InternalServerException', 'The proxy has no usable AWS credentials: see bursar doctor');
  }
  try {
    return await forward(options, request, asked, credentials);
  } catch {
    // What went wrong is the deployment's address and its network: the client retries, the user asks the doctor.
    return errorAnswer(500, 'InternalServerException', 'The proxy cannot reach the deployment: see bursar doctor');
  }
}
