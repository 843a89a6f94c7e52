import type { Invocation } from '../program/command.ts';
import { findingsOf, type Finding } from './finding.ts';

const metrics = findingsOf('metrics', 'metrics');

/** Whether what the deployment measures reaches CloudWatch. */
export async function checkMetrics({ deps, target }: Invocation): Promise<Finding> {
  const { access, region } = target;
  if (access.kind === 'local') return metrics.skip('the local stack has no CloudWatch');
  if (access.kind === 'token') return metrics.skip('CloudWatch is read with AWS credentials only');
  try {
    const names = await deps.recentMetrics(region, await access.source());
    if (names.length > 0) return metrics.ok(`${names.length} metrics in namespace Bursar within three hours`);
    return metrics.warn(
      'none in namespace Bursar within three hours',
      'make a request and look again after some minutes',
    );
  } catch {
    return metrics.skip('these credentials may not read CloudWatch (cloudwatch:ListMetrics)');
  }
}
