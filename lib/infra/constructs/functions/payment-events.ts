import { RemovalPolicy } from 'aws-cdk-lib';
import { EventBus } from 'aws-cdk-lib/aws-events';
import type { Role } from 'aws-cdk-lib/aws-iam';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { uniqueName } from '../../unique-name.ts';

export interface PaymentEventsProps {
  /** The deployment, with which the bus's name begins. */
  readonly name: string;
  /** Whether the bus survives its stack. */
  readonly retain: boolean;
}

/**
 * The bus on which the service tells what happens to payments and sessions, which anybody of the account may listen to by
 * rules. It stands beside the tables and not beside the functions: EventBridge deletes no bus that has rules, so a rule
 * of yours would keep the service stack from being deleted; and your rules go on getting events from a new service stack.
 */
export class PaymentEvents extends Construct {
  readonly bus: EventBus;

  constructor(scope: Construct, id: string, { name, retain }: PaymentEventsProps) {
    super(scope, id);
    this.bus = new EventBus(this, 'Bus', {
      eventBusName: uniqueName(name),
      description: 'What happens to payments and sessions',
    });
    this.bus.applyRemovalPolicy(retain ? RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE : RemovalPolicy.DESTROY);
  }

  /** Lets a role tell events. */
  grantPut(role: Role): void {
    role.addToPrincipalPolicy(
      new PolicyStatement({ sid: 'PutEvents', actions: ['events:PutEvents'], resources: [this.bus.eventBusArn] }),
    );
  }
}
