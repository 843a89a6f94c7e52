import { DatabaseSync } from 'node:sqlite';

/** As long as DynamoDB keeps the records of a stream. */
const KEPT_SECONDS = 24 * 60 * 60;
/** The database may be writing at the moment. */
const BUSY_TIMEOUT_MS = 5_000;

/**
 * Gives the embedded database's stream records an index, and deletes those that DynamoDB would have deleted. For the number of
 * a new record the database asks for the highest one, which without the index means to read every record at each write. The
 * newest of a table stays, or its numbers would begin anew.
 *
 * @param file the database's file, which it may have open
 */
export function prepareStreamRecords(file: string): void {
  const database = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS });
  try {
    database.exec(`
      CREATE INDEX IF NOT EXISTS bursar_stream_records_by_number
        ON _stream_records (table_name, CAST(sequence_number AS INTEGER));
      DELETE FROM _stream_records
        WHERE created_at < unixepoch() - ${KEPT_SECONDS}
          AND id NOT IN (SELECT MAX(id) FROM _stream_records GROUP BY table_name)`);
  } finally {
    database.close();
  }
}
