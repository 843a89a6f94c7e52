import { Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { BursarConfig, ExistingTables } from './config/config.ts';
import { Books } from './constructs/tables/books.ts';
import { DataKey } from './constructs/keys/data-key.ts';
import { PaymentEvents } from './constructs/functions/payment-events.ts';
import { Registry } from './constructs/tables/registry.ts';
import { SecretsKey } from './constructs/keys/secrets-key.ts';
import { secretNamePrefix, secretRoles } from './stable-names.ts';

export interface DataStackProps extends StackProps {
  readonly config: BursarConfig;
}

/**
 * What must outlive every deployment: the tables with the key that encrypts them, and the bus that others listen to. Changes
 * rarely, is never replaced.
 */
export class DataStack extends Stack {
  /** The books that the service uses. */
  readonly books: Books;
  readonly registry: Registry;
  readonly events: PaymentEvents;
  readonly secretsKey: SecretsKey;

  constructor(scope: Construct, id: string, { config, ...props }: DataStackProps) {
    super(scope, id, {
      description: 'Bursar: books and registry',
      terminationProtection: config.retainData,
      ...props,
    });
    const retain = config.retainData;
    const dataKey = new DataKey(this, 'DataKey', { retain });
    const books = new Books(this, 'Books', { dataKey, origin: { kind: 'own', retain, changes: 'streamed' } });
    const registry = new Registry(this, 'Registry', { dataKey, origin: { kind: 'own', retain, changes: 'silent' } });
    this.events = new PaymentEvents(this, 'Events', { name: config.stackPrefix, retain });
    this.secretsKey = new SecretsKey(this, 'SecretsKey', {
      namePrefix: secretNamePrefix(config),
      roles: secretRoles(this, config),
    });
    this.pinExports(dataKey, books, registry);
    const { existingTables } = config;
    // The stack keeps its own tables all the same: what the service stack still refers to cannot go before it.
    ({ books: this.books, registry: this.registry } =
      existingTables === null ? { books, registry } : this.attach(existingTables));
  }

  private attach({ keyArn, booksTableName, booksStreamArn, registryTableName }: ExistingTables) {
    const dataKey = new DataKey(this, 'ExistingKey', { keyArn });
    return {
      books: new Books(this, 'ExistingBooks', {
        dataKey,
        origin: { kind: 'attached', tableName: booksTableName, streamArn: booksStreamArn },
      }),
      registry: new Registry(this, 'ExistingRegistry', {
        dataKey,
        origin: { kind: 'attached', tableName: registryTableName, streamArn: null },
      }),
    };
  }

  /**
   * CDK exports what another stack uses. This stack is deployed first, so an export that goes with its last use would go
   * while the deployed service stack still imports it, and CloudFormation refuses that.
   */
  private pinExports({ key }: DataKey, books: Books, { table: registry }: Registry): void {
    const { table } = books;
    const ofTables = [table.tableName, table.tableArn, books.streamArn, registry.tableName, registry.tableArn];
    const { eventBusArn, eventBusName } = this.events.bus;
    for (const value of [key.keyArn, ...ofTables, eventBusArn, eventBusName, this.secretsKey.key.keyArn])
      this.exportValue(value);
  }
}
