/** One change, in the JSON that both the stream and Lambda's event have. */
export interface StreamChange {
  readonly dynamodb: { readonly SequenceNumber: string };
  readonly [member: string]: unknown;
}

export interface StreamShard {
  readonly shardId: string;
  /** @param after the sequence number of the last change that is known; `null` begins with the oldest that is kept */
  read(after: string | null): Promise<readonly StreamChange[]>;
}

const PAGE_RECORDS_MAX = 1_000;
const TIMEOUT_MS = 10_000;

type Answer = Readonly<Record<string, unknown>>;

/** The shards of a table's stream in the database itself, oldest first; none where the table has no stream. */
export async function readShards(endpoint: string, tableName: string): Promise<readonly StreamShard[]> {
  const { Table: table } = (await call(endpoint, 'DynamoDB_20120810.DescribeTable', { TableName: tableName })) as {
    readonly Table?: { readonly LatestStreamArn?: string };
  };
  const StreamArn = table?.LatestStreamArn;
  if (StreamArn === undefined) return [];
  const { StreamDescription: stream } = (await call(endpoint, 'DynamoDBStreams_20120810.DescribeStream', {
    StreamArn,
  })) as { readonly StreamDescription?: { readonly Shards?: readonly { readonly ShardId: string }[] } };
  return (stream?.Shards ?? []).map(({ ShardId }) => ({
    shardId: ShardId,
    read: async (after) => {
      const { ShardIterator } = await call(endpoint, 'DynamoDBStreams_20120810.GetShardIterator', {
        StreamArn,
        ShardId,
        ...(after === null
          ? { ShardIteratorType: 'TRIM_HORIZON' }
          : { ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', SequenceNumber: after }),
      });
      const page = await call(endpoint, 'DynamoDBStreams_20120810.GetRecords', {
        ShardIterator,
        Limit: PAGE_RECORDS_MAX,
      });
      return (page['Records'] ?? []) as readonly StreamChange[];
    },
  }));
}

// Without the SDK, which would turn bytes into objects that have to be turned back for the function.
async function call(endpoint: string, target: string, input: object): Promise<Answer> {
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': target,
      // Embedded databases want a signature to be there, and check none.
      'x-amz-date': '20260101T000000Z',
      authorization:
        'AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host;x-amz-date, Signature=0',
    },
    body: JSON.stringify(input),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const answer = (await response.json()) as Answer;
  if (!response.ok) throw new Error(`${target} answered ${response.status}: ${JSON.stringify(answer)}`);
  return answer;
}
