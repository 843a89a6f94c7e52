import { loadAwsServiceSpecSync } from '@aws-cdk/aws-service-spec';
import type { Property, PropertyType, Resource, SpecDatabase } from '@aws-cdk/service-spec-types';
import { beforeAll, describe, expect, test } from 'vitest';
import { ALL_OPTIONS } from './options.ts';
import { synthesize, type Synthesis, type Template } from './synthesis.ts';

let synthesis: Synthesis;
let specification: SpecDatabase;
beforeAll(async () => {
  synthesis = await synthesize();
  specification = loadAwsServiceSpecSync();
});

const DEPTH_MAX = 20;

/** What CloudFormation's published schemas have against a template: types, unknown and missing members, scalar types. */
function problemsOf(template: Template): string[] {
  return Object.entries(template.Resources).flatMap(([id, resource]) => {
    const [found] = specification.lookup('resource', 'cloudFormationType', 'equals', resource.Type);
    if (found === undefined) return [`${id}: there is no type ${resource.Type}`];
    return checkMembers(found.properties, resource.Properties ?? {}, id, 0);
  });
}

function checkMembers(known: Resource['properties'], given: object, path: string, depth: number): string[] {
  if (depth > DEPTH_MAX) return [`${path}: nested too deep to check`];
  const missing = Object.entries(known)
    .filter(([name, property]) => property.required === true && !Object.hasOwn(given, name))
    .map(([name]) => `${path}.${name} is missing`);
  const members = Object.entries(given).flatMap(([name, value]) => {
    const property = known[name];
    return property === undefined
      ? [`${path}.${name} is unknown`]
      : checkValue(property.type, value, `${path}.${name}`, depth);
  });
  return [...missing, ...members];
}

function isIntrinsic(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const keys = Object.keys(value);
  return keys.length === 1 && (keys[0] === 'Ref' || keys[0]!.startsWith('Fn::'));
}

function checkValue(type: PropertyType, value: unknown, path: string, depth: number): string[] {
  if (isIntrinsic(value)) return [];
  const wrong = [`${path} is ${JSON.stringify(value)?.slice(0, 60)}, expected ${type.type}`];
  switch (type.type) {
    case 'string':
      return typeof value === 'string' ? [] : wrong;
    case 'number':
    case 'integer':
      return typeof value === 'number' ? [] : wrong;
    case 'boolean':
      return typeof value === 'boolean' ? [] : wrong;
    case 'array':
      if (!Array.isArray(value)) return wrong;
      return value.flatMap((element, index) => checkValue(type.element, element, `${path}[${index}]`, depth + 1));
    case 'ref': {
      if (typeof value !== 'object' || value === null) return wrong;
      const definition = specification.get('typeDefinition', type.reference.$ref);
      return checkMembers(definition.properties as Record<string, Property>, value, path, depth + 1);
    }
    default:
      return [];
  }
}

describe('the templates against the schemas of CloudFormation', () => {
  test('have no unknown type, no unknown or missing member, and no value of a wrong type', () => {
    expect(problemsOf(synthesis.data)).toEqual([]);
    expect(problemsOf(synthesis.service)).toEqual([]);
  });

  test('nor with every option', async () => {
    const { data, service } = await synthesize(ALL_OPTIONS);
    expect(problemsOf(data)).toEqual([]);
    expect(problemsOf(service)).toEqual([]);
    const types = new Set(Object.values(service.Resources).map(({ Type }) => Type));
    for (const type of ['CodeDeploy::DeploymentGroup', 'WAFv2::WebACL', 'EC2::SecurityGroup', 'SNS::Topic']) {
      expect(types).toContain(`AWS::${type}`);
    }
  });

  test.each<[string, (properties: Record<string, unknown>) => void, RegExp]>([
    ['an unknown member', (properties) => (properties['MemSize'] = 1), /MemSize is unknown/],
    ['a missing member', (properties) => delete properties['Role'], /Role is missing/],
    ['a wrong type', (properties) => (properties['Timeout'] = 'soon'), /Timeout is "soon"/],
    [
      'an unknown member inside',
      (properties) => (properties['TracingConfig'] = { Mod: 'Active' }),
      /TracingConfig\.Mod is unknown/,
    ],
  ])('would be refused with %s', (_what, spoil, problem) => {
    const copy = structuredClone(synthesis.service) as {
      Resources: Record<string, { Type: string; Properties: Record<string, unknown> }>;
    };
    const fn = Object.values(copy.Resources).find(({ Type }) => Type === 'AWS::Lambda::Function');
    spoil(fn!.Properties);
    expect(problemsOf(copy).join('\n')).toMatch(problem);
  });
});
