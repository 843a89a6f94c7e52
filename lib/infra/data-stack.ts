import { Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { BursarConfig } from './config/config.ts';
import { Books } from './constructs/books.ts';
import { DataKey } from './constructs/data-key.ts';
import { Registry } from './constructs/registry.ts';

export interface DataStackProps extends StackProps {
  readonly config: BursarConfig;
}

/** What must outlive every deployment: the tables and the key that encrypts them. Changes rarely, is never replaced. */
export class DataStack extends Stack {
  readonly books: Books;
  readonly registry: Registry;

  constructor(scope: Construct, id: string, { config, ...props }: DataStackProps) {
    super(scope, id, {
      description: 'Bursar: books and registry',
      terminationProtection: config.retainData,
      ...props,
    });
    const retain = config.retainData;
    const dataKey = new DataKey(this, 'DataKey', { retain });
    this.books = new Books(this, 'Books', { dataKey, retain });
    this.registry = new Registry(this, 'Registry', { dataKey, retain });
  }
}
