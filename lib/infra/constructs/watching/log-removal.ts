import { RemovalPolicy } from 'aws-cdk-lib';

/** Logs outlive what wrote them, except those of a deployment that never came to be: nothing is in them. */
export function logRemoval(retain: boolean): RemovalPolicy {
  return retain ? RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE : RemovalPolicy.DESTROY;
}
