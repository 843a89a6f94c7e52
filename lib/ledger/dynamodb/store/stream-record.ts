/** An attribute as a stream record writes it in JSON: bytes are base64. */
export interface StreamValue {
  readonly S?: string;
  readonly N?: string;
  readonly B?: string;
  readonly M?: StreamImage;
  readonly L?: readonly StreamValue[];
  readonly [other: string]: unknown;
}
export type StreamImage = Readonly<Record<string, StreamValue>>;

/**
 * One change of an item, as Lambda hands it over.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html
 */
export interface StreamRecord {
  readonly eventName: 'INSERT' | 'MODIFY' | 'REMOVE';
  readonly dynamodb: {
    readonly SequenceNumber: string;
    readonly OldImage?: StreamImage;
    readonly NewImage?: StreamImage;
  };
}
