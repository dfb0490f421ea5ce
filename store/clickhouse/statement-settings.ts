/** Settings that ClickHouse gets with each statement. */

/** Settings of every statement. */
export const statementSettings = {
  // Integers beyond 2^53 arrive as text, and errors are reported before any part of an answer.
  output_format_json_quote_64bit_integers: 1,
  wait_end_of_query: 1,
  http_write_exception_in_output_format: 0,
  // Answers are never silently incomplete: an unavailable shard or a lagging replica is an error.
  skip_unavailable_shards: 0,
  fallback_to_stale_replicas_for_distributed_queries: 0,
  // Query one replica per shard, and another only if it does not answer: a hedged request to a slow
  // one would double the cost.
  use_hedged_requests: 0,
  // An insert completes when every replica written to has it.
  distributed_foreground_insert: 1,
  insert_deduplicate: 1,
  async_insert: 0,
  max_partitions_per_insert_block: '1000',
} as const

/** A query ends when nobody waits for it; ClickHouse watches only clients of queries that cannot write. */
export const querySettings = {
  ...statementSettings,
  readonly: '2',
  cancel_http_readonly_queries_on_client_close: 1,
} as const
