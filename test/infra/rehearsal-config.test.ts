import { describe, expect, test } from 'vitest';
import { DEFAULT_CONFIG } from '../../lib/infra/config/defaults.ts';
import { REHEARSAL_CONFIG } from '../../scripts/rehearsal/configuration.ts';
import { synthesize, type Template } from './synthesis.ts';

/** Paths of leaves with another value, as `Type.Property`, and how many resources each differs in. */
function differences(one: Template, other: Template): Record<string, number> {
  const counts: Record<string, number> = {};
  const names = new Set([...Object.keys(one.Resources), ...Object.keys(other.Resources)]);
  for (const name of names) {
    const [left, right] = [one.Resources[name], other.Resources[name]];
    const type = (left ?? right)!.Type;
    for (const path of differingPaths(withoutNotes(left), withoutNotes(right))) {
      const key = `${type} ${path}`;
      counts[key] = (counts[key] ?? 0) + 1;
    }
  }
  return counts;
}

function differingPaths(left: unknown, right: unknown, path = ''): string[] {
  if (isObject(left) && isObject(right)) {
    const names = [...new Set([...Object.keys(left), ...Object.keys(right)])];
    return names.flatMap((name) => differingPaths(left[name], right[name], path === '' ? name : `${path}.${name}`));
  }
  return JSON.stringify(left) === JSON.stringify(right) ? [] : [path];
}

/** Paths in the source and acknowledgements change nothing that is deployed. */
function withoutNotes(resource: Template['Resources'][string] | undefined): unknown {
  const { Metadata: _notes, ...deployed } = (resource ?? {}) as Record<string, unknown>;
  return deployed;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

describe('a rehearsal', () => {
  test('names everything differently, so that it cannot meet a deployment that is in use', () => {
    expect(REHEARSAL_CONFIG.stackPrefix).not.toBe(DEFAULT_CONFIG.stackPrefix);
  });

  test('under the default names, differs from the default only in what outlives it', async () => {
    const { stackPrefix: _named, ...choices } = REHEARSAL_CONFIG;
    const [standard, rehearsal] = await Promise.all([synthesize(), synthesize(choices)]);
    expect(differences(standard.data, rehearsal.data)).toEqual({
      'AWS::DynamoDB::Table DeletionPolicy': 2,
      'AWS::DynamoDB::Table UpdateReplacePolicy': 2,
      'AWS::DynamoDB::Table Properties.DeletionProtectionEnabled': 2,
      'AWS::Events::EventBus DeletionPolicy': 1,
      'AWS::Events::EventBus UpdateReplacePolicy': 1,
      'AWS::KMS::Key DeletionPolicy': 1,
      'AWS::KMS::Key UpdateReplacePolicy': 1,
      'AWS::KMS::Key Properties.PendingWindowInDays': 1,
    });
    expect(differences(standard.service, rehearsal.service)).toEqual({
      'AWS::Logs::LogGroup DeletionPolicy': 13,
      'AWS::Logs::LogGroup UpdateReplacePolicy': 13,
    });
  });
});
