import type { Invocation } from '../program/command.ts';
import { STACK_PREFIX_DEFAULT } from '../backup/opened-backup.ts';
import { findingsOf, type Finding } from './finding.ts';

const metrics = findingsOf('metrics', 'metrics');

/** Whether what the deployment measures reaches CloudWatch. */
export async function checkMetrics({ deps, options, target }: Invocation): Promise<Finding> {
  const { access, region } = target;
  if (access.kind === 'local') return metrics.skip('the local stack has no CloudWatch');
  if (access.kind === 'token') return metrics.skip('CloudWatch is read with AWS credentials only');
  const namespace = options.text('stack-prefix') ?? STACK_PREFIX_DEFAULT;
  try {
    const names = await deps.recentMetrics({ region, namespace }, await access.source());
    if (names.length > 0) return metrics.ok(`${names.length} metrics in namespace ${namespace} within three hours`);
    return metrics.warn(
      `none in namespace ${namespace} within three hours`,
      'make a request and look again after some minutes; name the deployment with --stack-prefix if it is not Bursar',
    );
  } catch {
    return metrics.skip('these credentials may not read CloudWatch (cloudwatch:ListMetrics)');
  }
}
