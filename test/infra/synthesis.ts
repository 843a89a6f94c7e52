import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { BursarConfig } from '../../lib/infra/config/config.ts';
import { LOCAL_ENVIRONMENT, synth } from '../../lib/infra/build/synth.ts';
import { readDeployment, type Deployment } from '../../lib/local/template/deployment.ts';

export interface TemplateResource {
  readonly Type: string;
  readonly Properties: Readonly<Record<string, unknown>>;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
}

export interface Template {
  readonly Resources: Readonly<Record<string, TemplateResource>>;
  readonly Outputs?: Readonly<Record<string, unknown>>;
}

export interface Synthesis {
  readonly assembly: string;
  readonly data: Template;
  readonly service: Template;
  /** The templates with every reference resolved, as the local stack reads them. */
  readonly deployment: Deployment;
}

export const ENVIRONMENT = { partition: 'aws', ...LOCAL_ENVIRONMENT };

/** Synthesizes the app as the local stack does; equal sources and choices are synthesized once. */
export async function synthesize(config: Partial<BursarConfig> = {}): Promise<Synthesis> {
  const [data, service] = (await synth({ config })).map((path) => ({
    path,
    template: JSON.parse(readFileSync(path, 'utf8')) as Template,
  }));
  if (data === undefined || service === undefined) throw new Error('expected two templates');
  const assembly = dirname(data.path);
  return {
    assembly,
    data: data.template,
    service: service.template,
    deployment: readDeployment(assembly, ENVIRONMENT),
  };
}

/** Resources of one type by logical id. */
export function resourcesOf(template: Template, type: string): Record<string, TemplateResource> {
  return Object.fromEntries(Object.entries(template.Resources).filter(([, resource]) => resource.Type === type));
}

/** Properties of all resources of one type. */
export function propertiesOf(template: Template, type: string): Readonly<Record<string, unknown>>[] {
  return Object.values(resourcesOf(template, type)).map(({ Properties }) => Properties);
}
